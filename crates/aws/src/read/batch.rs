//! Batch compute environments, with the launch templates that they launch from.

use serde_json::Value;

use crate::{
    error::CallError,
    operation::DESCRIBE_COMPUTE_ENVIRONMENTS,
    row::{Row, at, items, tags, text_at},
    tables::AWS_BATCH_COMPUTE_ENVIRONMENT,
    unit::{TemplateUse, Unit},
    wire::Parameters,
};

/// Reads all compute environments.
pub(crate) async fn compute_environments(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let list = ["computeEnvironments"];
    let found = unit.list(&DESCRIBE_COMPUTE_ENVIRONMENTS, Parameters::new(), &list).await?;
    let rows: Vec<Row> = found.iter().map(|environment| row(unit, environment)).collect();
    unit.append(&AWS_BATCH_COMPUTE_ENVIRONMENT, &rows);
    unit.found.uses.extend(found.iter().flat_map(uses));
    Ok(())
}

fn row(unit: &Unit<'_>, environment: &Value) -> Row {
    let resources = at(environment, &["computeResources"]);
    unit.row(&AWS_BATCH_COMPUTE_ENVIRONMENT)
        .take(
            environment,
            &[
                ("arn", "computeEnvironmentArn"),
                ("name", "computeEnvironmentName"),
                ("state", "state"),
                ("status", "status"),
            ],
        )
        .set("type", at(resources, &["type"]).clone())
        .set("managed", text_at(environment, &["type"]).map(|kind| kind == "MANAGED"))
        .take(
            at(resources, &["launchTemplate"]),
            &[
                ("launch_template_id", "launchTemplateId"),
                ("launch_template_name", "launchTemplateName"),
                ("launch_template_version", "version"),
            ],
        )
        .set("image_id", image(resources).clone())
        .set("tags", tags(at(environment, &["tags"])))
}

/// The AMI that the environment names: for an image type, which counts more, or for all its instances.
fn image(resources: &Value) -> &Value {
    let mut of_types = items(at(resources, &["ec2Configuration"])).iter();
    let of_type = of_types.find_map(|configuration| configuration.get("imageIdOverride"));
    of_type.unwrap_or_else(|| at(resources, &["imageId"]))
}

/// What an environment launches from: its template, and those for some instance types.
fn uses(environment: &Value) -> Vec<TemplateUse> {
    let status = text_at(environment, &["status"]);
    let active = text_at(environment, &["state"]) == Some("ENABLED")
        && !matches!(status, Some("DELETING" | "DELETED"));
    let template = at(environment, &["computeResources", "launchTemplate"]);
    let used = |part: String, template: &Value| {
        let text = |name: &str| text_at(template, &[name]).map(str::to_owned);
        let (template_id, template_name) = (text("launchTemplateId"), text("launchTemplateName"));
        (template_id.is_some() || template_name.is_some()).then(|| TemplateUse {
            launcher: text_at(environment, &["computeEnvironmentArn"])
                .unwrap_or_default()
                .to_owned(),
            kind: "batch-compute-environment",
            name: text_at(environment, &["computeEnvironmentName"]).map(str::to_owned),
            part,
            active,
            template_id,
            template_name,
            version: text("version"),
        })
    };
    let overrides = items(at(template, &["overrides"])).iter().enumerate();
    let overrides =
        overrides.filter_map(|(index, item)| used(format!("override {}", index + 1), item));
    used("launch template".to_owned(), template).into_iter().chain(overrides).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::read::scene::Scene;

    #[tokio::test]
    async fn environments_become_rows_and_uses() {
        let scene = Scene::new().on(&["POST /v1/describecomputeenvironments", r#""maxResults":100"#], &json!({
            "computeEnvironments": [
                {"type": "MANAGED", "computeEnvironmentName": "P2OnDemand", "state": "ENABLED", "status": "VALID",
                 "computeEnvironmentArn": "arn:aws:batch:eu-west-1:111122223333:compute-environment/P2OnDemand",
                 "computeResources": {
                    "type": "EC2", "instanceTypes": ["p2"], "imageId": "ami-old",
                    "ec2Configuration": [{"imageType": "ECS_AL2"}, {"imageType": "ECS_AL2_NVIDIA", "imageIdOverride": "ami-1"}],
                    "launchTemplate": {"launchTemplateId": "lt-1", "version": "$Latest", "overrides": [
                        {"launchTemplateName": "big", "version": "", "targetInstanceTypes": ["p3"]},
                        {"launchTemplateId": "lt-2", "version": "7", "targetInstanceTypes": ["p4"]}]}},
                 "tags": {"team": "a"}},
                {"type": "UNMANAGED", "computeEnvironmentName": "own", "computeEnvironmentArn": "arn:own",
                 "state": "ENABLED", "status": "DELETING",
                 "computeResources": {"type": "SPOT", "imageId": "ami-2", "launchTemplate": {"launchTemplateName": "n"}}},
                {"type": "UNMANAGED", "computeEnvironmentName": "bare", "computeEnvironmentArn": "arn:bare",
                 "state": "DISABLED", "status": "VALID"},
            ],
        }));
        let mut unit = scene.unit();
        compute_environments(&mut unit).await.unwrap();
        assert_eq!(
            scene.rows(&AWS_BATCH_COMPUTE_ENVIRONMENT),
            json!([
                {"arn": "arn:aws:batch:eu-west-1:111122223333:compute-environment/P2OnDemand", "name": "P2OnDemand",
                 "state": "ENABLED", "status": "VALID", "type": "EC2", "managed": true, "image_id": "ami-1",
                 "launch_template_id": "lt-1", "launch_template_version": "$Latest", "tags": {"team": "a"}},
                {"arn": "arn:own", "name": "own", "state": "ENABLED", "status": "DELETING", "type": "SPOT",
                 "managed": false, "launch_template_name": "n", "image_id": "ami-2", "tags": {}},
                {"arn": "arn:bare", "name": "bare", "state": "DISABLED", "status": "VALID", "managed": false, "tags": {}},
            ])
        );
        let uses = unit.found.uses.iter();
        let uses: Vec<_> = uses
            .map(|used| {
                let template = used.template_id.as_deref().or(used.template_name.as_deref());
                (
                    used.name.as_deref(),
                    used.part.as_str(),
                    used.active,
                    template,
                    used.version.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            uses,
            [
                (Some("P2OnDemand"), "launch template", true, Some("lt-1"), Some("$Latest")),
                (Some("P2OnDemand"), "override 1", true, Some("big"), None),
                (Some("P2OnDemand"), "override 2", true, Some("lt-2"), Some("7")),
                (Some("own"), "launch template", false, Some("n"), None),
            ]
        );
    }
}
