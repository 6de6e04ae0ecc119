//! EMR security configurations: what clusters made with them answer on their metadata endpoint.

use serde_json::Value;

use super::described::{Describe, Described};
use crate::{
    error::CallError,
    operation::{DESCRIBE_SECURITY_CONFIGURATION, LIST_SECURITY_CONFIGURATIONS},
    row::{Row, at, text_at},
    tables::AWS_EMR_SECURITY_CONFIGURATION,
    unit::Unit,
    wire::Parameters,
};

/// Reads all security configurations. One that cannot be described has its row all the same.
pub(crate) async fn security_configurations(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let list = ["SecurityConfigurations"];
    let listed = unit.list(&LIST_SECURITY_CONFIGURATIONS, Parameters::new(), &list).await?;
    let name = |item: &Value| text_at(item, &["Name"]).unwrap_or_default().to_owned();
    let asked = listed.iter().map(|item| Parameters::new().with("Name", name(item).as_str()));
    let describe = Describe {
        operation: &DESCRIBE_SECURITY_CONFIGURATION,
        member: "SecurityConfiguration",
        gone: is_gone,
        tables: &[&AWS_EMR_SECURITY_CONFIGURATION],
    };
    let described = unit.describe_each(&describe, asked.collect()).await;
    let rows: Vec<Row> = listed
        .iter()
        .zip(described)
        .filter(|(_, described)| *described != Described::Gone)
        .map(|(item, described)| {
            let text = described.answer();
            let text = text.as_ref().and_then(|it| text_at(it, &["SecurityConfiguration"]));
            row(unit, item, text)
        })
        .collect();
    unit.append(&AWS_EMR_SECURITY_CONFIGURATION, &rows);
    Ok(())
}

/// EMR has no code of its own for what is not there.
fn is_gone(error: &CallError) -> bool {
    error.code == "InvalidRequestException" && error.message.contains("does not exist")
}

fn row(unit: &Unit<'_>, item: &Value, text: Option<&str>) -> Row {
    let name = text_at(item, &["Name"]).unwrap_or_default();
    let row = unit
        .row(&AWS_EMR_SECURITY_CONFIGURATION)
        .set("arn", unit.arn("elasticmapreduce", &format!("security-configuration/{name}")))
        .take(item, &[("name", "Name"), ("creation_date_time", "CreationDateTime")]);
    let Some(text) = text else { return row };
    // A text that is no JSON says nothing of versions; it is kept as it is.
    let configuration: Value = serde_json::from_str(text).unwrap_or_default();
    row.verbatim("security_configuration", text).take(
        at(&configuration, &["InstanceMetadataServiceConfiguration"]),
        &[
            ("minimum_imds_version", "MinimumInstanceMetadataServiceVersion"),
            ("hop_limit", "HttpPutResponseHopLimit"),
        ],
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{read::scene::Scene, tables::SCAN_ERROR};

    #[tokio::test]
    async fn configurations_become_rows() {
        let set = r#"{ "InstanceMetadataServiceConfiguration": {
            "MinimumInstanceMetadataServiceVersion": 2, "HttpPutResponseHopLimit": 1 } }"#;
        let listed = |name: &str| json!({"Name": name, "CreationDateTime": 1_503_074_828.0});
        let told = |text: &str| json!({"Name": "x", "SecurityConfiguration": text, "CreationDateTime": 1.0});
        let gone = r#"{"__type":"InvalidRequestException","ErrorCode":"NoSuchConfiguration",
            "Message":"Security configuration with name 'gone' does not exist."}"#;
        let scene = Scene::new()
            .on(&["ListSecurityConfigurations", r#""Marker":"m""#], &json!({"SecurityConfigurations": [listed("gone"), listed("closed")]}))
            .on(&["ListSecurityConfigurations"], &json!({
                "SecurityConfigurations": [listed("set"), listed("silent"), listed("odd")], "Marker": "m"}))
            .on(&["DescribeSecurityConfiguration", r#""set""#], &told(set))
            .on(&["DescribeSecurityConfiguration", r#""silent""#], &told(r#"{"EncryptionConfiguration":{}}"#))
            .on(&["DescribeSecurityConfiguration", r#""odd""#], &told("<no json>"))
            .answers(&["DescribeSecurityConfiguration", r#""gone""#], 400, gone)
            .answers(&["DescribeSecurityConfiguration"], 400, r#"{"__type":"AccessDeniedException"}"#);
        security_configurations(&mut scene.unit()).await.unwrap();
        let row = |name: &str| {
            json!({
            "arn": format!("arn:aws:elasticmapreduce:eu-west-1:111122223333:security-configuration/{name}"),
            "name": name, "creation_date_time": "2017-08-18T16:47:08Z"})
        };
        let mut expected = json!([row("set"), row("silent"), row("odd"), row("closed")]);
        expected[0]["minimum_imds_version"] = json!("2");
        expected[0]["hop_limit"] = json!(1);
        expected[0]["security_configuration"] = serde_json::from_str(set).unwrap();
        expected[1]["security_configuration"] = json!({"EncryptionConfiguration": {}});
        expected[2]["security_configuration"] = json!({"no json": "<no json>"});
        assert_eq!(scene.rows(&AWS_EMR_SECURITY_CONFIGURATION), expected);
        assert_eq!(scene.rows(&SCAN_ERROR)[0]["kind"], "denied");
    }
}
