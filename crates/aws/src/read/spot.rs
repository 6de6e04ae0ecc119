//! Spot requests, Spot Fleets and EC2 Fleets. What launches from a template is judged through it; a launch
//! specification of its own has no field for metadata options, so that only defaults and AMI decide.

use serde_json::Value;

use crate::{
    error::CallError,
    operation::{DESCRIBE_FLEETS, DESCRIBE_SPOT_FLEET_REQUESTS, DESCRIBE_SPOT_INSTANCE_REQUESTS},
    row::{Row, at, items, profile, tags, text_at},
    tables::AWS_EC2_SPOT_REQUEST,
    unit::{TemplateUse, Unit},
    wire::Parameters,
};

/// Reads Spot requests.
pub(crate) async fn spot_requests(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let list = ["spotInstanceRequestSet"];
    let found = unit.list(&DESCRIBE_SPOT_INSTANCE_REQUESTS, Parameters::new(), &list).await?;
    let mut rows = Vec::new();
    for request in &found {
        let specification = at(request, &["launchSpecification"]);
        // Requests that RunInstances, a fleet or a group makes name their instance, and are launched by
        // that; what they were launched with is judged there.
        let id = text_at(request, &["spotInstanceRequestId"]).unwrap_or_default();
        unit.use_image(specification);
        rows.push(
            specification_row(unit, id, "spot-request", 1, specification)
                .take(
                    request,
                    &[
                        ("state", "state"),
                        ("type", "type"),
                        ("instance_id", "instanceId"),
                        ("create_time", "createTime"),
                    ],
                )
                .set("arn", unit.arn("ec2", &format!("spot-instances-request/{id}")))
                .set("tags", tags(at(request, &["tagSet"]))),
        );
    }
    unit.append(&AWS_EC2_SPOT_REQUEST, &rows);
    Ok(())
}

/// Reads Spot Fleets.
pub(crate) async fn spot_fleets(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let list = ["spotFleetRequestConfigSet"];
    let found = unit.list(&DESCRIBE_SPOT_FLEET_REQUESTS, Parameters::new(), &list).await?;
    let mut rows = Vec::new();
    for fleet in &found {
        let id = text_at(fleet, &["spotFleetRequestId"]).unwrap_or_default();
        let state = text_at(fleet, &["spotFleetRequestState"]).unwrap_or_default();
        let config = at(fleet, &["spotFleetRequestConfig"]);
        let arn = unit.arn("ec2", &format!("spot-fleet-request/{id}"));
        let specifications = items(at(config, &["launchSpecifications"])).iter();
        for (specification, number) in specifications.zip(1_i64..) {
            unit.use_image(specification);
            rows.push(
                specification_row(unit, id, "spot-fleet", number, specification)
                    .set("arn", arn.as_str())
                    .set("state", state)
                    .set("type", at(config, &["type"]).clone())
                    .set("create_time", at(fleet, &["createTime"]).clone())
                    .set("tags", tags(at(fleet, &["tagSet"]))),
            );
        }
        let active = !state.starts_with("cancelled") && state != "failed";
        let configs = at(config, &["launchTemplateConfigs"]);
        unit.found.uses.extend(fleet_uses(configs, &arn, id, "spot-fleet", active));
    }
    unit.append(&AWS_EC2_SPOT_REQUEST, &rows);
    Ok(())
}

/// Reads EC2 Fleets: they launch from templates alone.
pub(crate) async fn fleets(unit: &mut Unit<'_>) -> Result<(), CallError> {
    for fleet in unit.list(&DESCRIBE_FLEETS, Parameters::new(), &["fleetSet"]).await? {
        let id = text_at(&fleet, &["fleetId"]).unwrap_or_default();
        let state = text_at(&fleet, &["fleetState"]).unwrap_or_default();
        // An instant fleet has launched what it ever will.
        let active = !state.starts_with("deleted")
            && state != "failed"
            && text_at(&fleet, &["type"]) != Some("instant");
        let arn = unit.arn("ec2", &format!("fleet/{id}"));
        let configs = at(&fleet, &["launchTemplateConfigs"]);
        unit.found.uses.extend(fleet_uses(configs, &arn, id, "ec2-fleet", active));
    }
    Ok(())
}

fn specification_row(
    unit: &Unit<'_>,
    id: &str,
    kind: &str,
    number: i64,
    specification: &Value,
) -> Row {
    unit.row(&AWS_EC2_SPOT_REQUEST)
        .set("request_id", id)
        .set("kind", kind)
        .set("specification", number)
        .set("instance_profile", profile(at(specification, &["iamInstanceProfile"])))
        .take(specification, &[("image_id", "imageId"), ("instance_type", "instanceType")])
}

fn fleet_uses(
    configs: &Value,
    arn: &str,
    id: &str,
    kind: &'static str,
    active: bool,
) -> Vec<TemplateUse> {
    let used = |(index, config): (usize, &Value)| {
        let template = at(config, &["launchTemplateSpecification"]);
        let text = |name: &str| text_at(template, &[name]).map(str::to_owned);
        TemplateUse {
            launcher: arn.to_owned(),
            kind,
            name: Some(id.to_owned()),
            part: format!("launch template {}", index + 1),
            active,
            template_id: text("launchTemplateId"),
            template_name: text("launchTemplateName"),
            version: text("version"),
        }
    };
    items(configs).iter().enumerate().map(used).collect()
}

impl Unit<'_> {
    fn use_image(&mut self, specification: &Value) {
        if let Some(image) = text_at(specification, &["imageId"]) {
            self.found.images.insert(image.to_owned());
        }
    }
}
