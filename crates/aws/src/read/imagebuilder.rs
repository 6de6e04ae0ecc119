//! Image Builder infrastructure configurations: what build and test instances are launched with.

use serde_json::Value;

use super::{
    described::{Describe, Described},
    options,
};
use crate::{
    error::CallError,
    operation::{GET_INFRASTRUCTURE_CONFIGURATION, LIST_INFRASTRUCTURE_CONFIGURATIONS},
    row::{Row, at, tags, text_at},
    tables::AWS_IMAGEBUILDER_INFRASTRUCTURE_CONFIGURATION,
    unit::Unit,
    wire::Parameters,
};

const CONFIGURATION: &str = "infrastructureConfiguration";

/// Reads all infrastructure configurations.
pub(crate) async fn infrastructure_configurations(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let list = ["infrastructureConfigurationSummaryList"];
    let listed = unit.list(&LIST_INFRASTRUCTURE_CONFIGURATIONS, Parameters::new(), &list).await?;
    let arns = listed.iter().filter_map(|item| text_at(item, &["arn"]));
    let asked = arns.map(|arn| Parameters::new().with("infrastructureConfigurationArn", arn));
    let describe = Describe {
        operation: &GET_INFRASTRUCTURE_CONFIGURATION,
        member: CONFIGURATION,
        gone: is_gone,
        tables: &[&AWS_IMAGEBUILDER_INFRASTRUCTURE_CONFIGURATION],
    };
    let described = unit.describe_each(&describe, asked.collect()).await;
    let found = described.into_iter().filter_map(Described::answer);
    let rows: Vec<Row> = found.map(|answer| row(unit, at(&answer, &[CONFIGURATION]))).collect();
    unit.append(&AWS_IMAGEBUILDER_INFRASTRUCTURE_CONFIGURATION, &rows);
    Ok(())
}

fn is_gone(error: &CallError) -> bool {
    error.code == "ResourceNotFoundException"
}

fn row(unit: &Unit<'_>, item: &Value) -> Row {
    let row = unit
        .row(&AWS_IMAGEBUILDER_INFRASTRUCTURE_CONFIGURATION)
        .take(
            item,
            &[
                ("arn", "arn"),
                ("name", "name"),
                ("instance_profile", "instanceProfileName"),
                ("date_created", "dateCreated"),
            ],
        )
        .set("tags", tags(at(item, &["tags"])));
    options::declared(row, at(item, &["instanceMetadataOptions"]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{read::scene::Scene, tables::SCAN_ERROR};

    #[tokio::test]
    async fn configurations_become_rows() {
        let arn = |name: &str| {
            format!(
                "arn:aws:imagebuilder:eu-west-1:111122223333:infrastructure-configuration/{name}"
            )
        };
        let listed = |name: &str| json!({"arn": arn(name), "name": name});
        let scene = Scene::new()
            .on(&["POST /ListInfrastructureConfigurations", r#""nextToken":"n""#],
                &json!({"infrastructureConfigurationSummaryList": [listed("gone"), listed("empty")]}))
            .on(&["POST /ListInfrastructureConfigurations", r#""maxResults":100"#],
                &json!({"infrastructureConfigurationSummaryList": [listed("set"), listed("silent")], "nextToken": "n"}))
            .on(&["GET /GetInfrastructureConfiguration?infrastructureConfigurationArn=arn%3Aaws%3A", "set "], &json!({
                "requestId": "r", "infrastructureConfiguration": {
                    "arn": arn("set"), "name": "set", "instanceTypes": ["m5.large"], "instanceProfileName": "build",
                    "dateCreated": "2026-02-19T19:11:51.858Z", "tags": {"team": "a"},
                    "instanceMetadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 2}}}))
            .on(&["GET /GetInfrastructureConfiguration", "silent "],
                &json!({"infrastructureConfiguration": {"arn": arn("silent"), "name": "silent"}}))
            .answers(&["GET /GetInfrastructureConfiguration", "gone "], 404, r#"{"__type":"ResourceNotFoundException"}"#)
            .answers(&["GET /GetInfrastructureConfiguration"], 403, r#"{"__type":"ForbiddenException","message":"no"}"#);
        infrastructure_configurations(&mut scene.unit()).await.unwrap();
        assert_eq!(
            scene.rows(&AWS_IMAGEBUILDER_INFRASTRUCTURE_CONFIGURATION),
            json!([
                {"arn": arn("set"), "name": "set", "instance_profile": "build", "http_tokens": "required",
                 "hop_limit": 2, "date_created": "2026-02-19T19:11:51.858Z", "tags": {"team": "a"}},
                {"arn": arn("silent"), "name": "silent", "tags": {}},
            ])
        );
        assert_eq!(scene.rows(&SCAN_ERROR)[0]["kind"], "denied");
    }
}
