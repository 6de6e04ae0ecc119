//! SageMaker notebook instances. What they answer on their metadata endpoint only a describe of each tells.

use serde_json::Value;

use super::described::{Describe, Described};
use crate::{
    error::CallError,
    operation::{DESCRIBE_NOTEBOOK_INSTANCE, LIST_NOTEBOOK_INSTANCES},
    row::{Row, at, text_at},
    tables::AWS_SAGEMAKER_NOTEBOOK_INSTANCE,
    unit::Unit,
    wire::Parameters,
};

const NAME: &str = "NotebookInstanceName";

/// Reads all notebook instances.
pub(crate) async fn notebooks(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let list = ["NotebookInstances"];
    let listed = unit.list(&LIST_NOTEBOOK_INSTANCES, Parameters::new(), &list).await?;
    let names = listed.iter().filter_map(|item| text_at(item, &[NAME]));
    let asked = names.map(|name| Parameters::new().with(NAME, name)).collect();
    let describe = Describe {
        operation: &DESCRIBE_NOTEBOOK_INSTANCE,
        member: NAME,
        gone: is_gone,
        tables: &[&AWS_SAGEMAKER_NOTEBOOK_INSTANCE],
    };
    let described = unit.describe_each(&describe, asked).await;
    let found = described.into_iter().filter_map(Described::answer);
    let rows: Vec<Row> = found.map(|notebook| row(unit, &notebook)).collect();
    unit.append(&AWS_SAGEMAKER_NOTEBOOK_INSTANCE, &rows);
    Ok(())
}

/// SageMaker has no code of its own for what is not there.
pub fn is_gone(error: &CallError) -> bool {
    error.code == "ValidationException" && error.message.contains("RecordNotFound")
}

fn row(unit: &Unit<'_>, notebook: &Value) -> Row {
    let minimum = ["InstanceMetadataServiceConfiguration", "MinimumInstanceMetadataServiceVersion"];
    unit.row(&AWS_SAGEMAKER_NOTEBOOK_INSTANCE)
        .take(
            notebook,
            &[
                ("arn", "NotebookInstanceArn"),
                ("name", NAME),
                ("notebook_instance_status", "NotebookInstanceStatus"),
                ("instance_type", "InstanceType"),
                ("role_arn", "RoleArn"),
                ("direct_internet_access", "DirectInternetAccess"),
                ("platform_identifier", "PlatformIdentifier"),
                ("creation_time", "CreationTime"),
            ],
        )
        .set("minimum_imds_version", at(notebook, &minimum).clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{read::scene::Scene, tables::SCAN_ERROR};

    #[tokio::test]
    async fn notebooks_become_rows() {
        let listed =
            |name: &str| json!({"NotebookInstanceName": name, "NotebookInstanceArn": "arn"});
        let scene = Scene::new()
            .on(&["ListNotebookInstances", r#""NextToken":"n""#], &json!({"NotebookInstances": [listed("c"), listed("d")]}))
            .on(&["ListNotebookInstances"], &json!({"NotebookInstances": [listed("a"), listed("b")], "NextToken": "n"}))
            .on(&["DescribeNotebookInstance", r#""a""#], &json!({
                "NotebookInstanceArn": "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/a",
                "NotebookInstanceName": "a", "NotebookInstanceStatus": "InService", "InstanceType": "ml.t3.medium",
                "RoleArn": "arn:aws:iam::111122223333:role/n", "DirectInternetAccess": "Enabled",
                "PlatformIdentifier": "notebook-al2-v2", "CreationTime": 1_503_074_828.607,
                "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "1"}}))
            .answers(&["DescribeNotebookInstance", r#""b""#], 400,
                r#"{"__type":"ValidationException","message":"RecordNotFound"}"#)
            .answers(&["DescribeNotebookInstance", r#""c""#], 400, r#"{"__type":"ValidationException","message":"bad"}"#)
            .on(&["DescribeNotebookInstance", r#""d""#], &json!({"NotebookInstanceName": "d"}));
        notebooks(&mut scene.unit()).await.unwrap();
        assert_eq!(
            scene.rows(&AWS_SAGEMAKER_NOTEBOOK_INSTANCE),
            json!([
                {"arn": "arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/a", "name": "a",
                 "notebook_instance_status": "InService", "instance_type": "ml.t3.medium",
                 "role_arn": "arn:aws:iam::111122223333:role/n", "direct_internet_access": "Enabled",
                 "platform_identifier": "notebook-al2-v2", "minimum_imds_version": "1",
                 "creation_time": "2017-08-18T16:47:08.607Z"},
                {"name": "d"},
            ])
        );
        let errors = scene.rows(&SCAN_ERROR);
        assert_eq!((errors.as_array().unwrap().len(), &errors[0]["message"]), (1, &json!("bad")));
    }
}
