//! Auto Scaling groups with their members and what they launch from, and launch configurations.

use serde_json::Value;

use super::options;
use crate::{
    error::CallError,
    operation::{DESCRIBE_AUTO_SCALING_GROUPS, DESCRIBE_LAUNCH_CONFIGURATIONS},
    row::{Row, at, items, tags, text_at},
    tables::{
        AWS_EC2_AUTOSCALING_GROUP, AWS_EC2_AUTOSCALING_GROUP_MEMBER, AWS_EC2_LAUNCH_CONFIGURATION,
    },
    unit::{TemplateUse, Unit},
    wire::Parameters,
};

/// Reads all groups.
pub(crate) async fn groups(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let list = ["AutoScalingGroups"];
    let groups = unit.list(&DESCRIBE_AUTO_SCALING_GROUPS, Parameters::new(), &list).await?;
    let rows: Vec<Row> = groups.iter().map(|group| group_row(unit, group)).collect();
    unit.append(&AWS_EC2_AUTOSCALING_GROUP, &rows);
    let members: Vec<Row> = groups.iter().flat_map(|group| member_rows(unit, group)).collect();
    unit.append(&AWS_EC2_AUTOSCALING_GROUP_MEMBER, &members);
    unit.found.uses.extend(groups.iter().flat_map(uses));
    Ok(())
}

fn group_row(unit: &Unit<'_>, group: &Value) -> Row {
    let mixed = at(group, &["MixedInstancesPolicy"]);
    let template = main_template(group);
    unit.row(&AWS_EC2_AUTOSCALING_GROUP)
        .take(
            group,
            &[
                ("autoscaling_group_arn", "AutoScalingGroupARN"),
                ("name", "AutoScalingGroupName"),
                ("status", "Status"),
                ("created_time", "CreatedTime"),
                ("min_size", "MinSize"),
                ("max_size", "MaxSize"),
                ("desired_capacity", "DesiredCapacity"),
                ("launch_configuration_name", "LaunchConfigurationName"),
            ],
        )
        .take(
            template,
            &[
                ("launch_template_id", "LaunchTemplateId"),
                ("launch_template_name", "LaunchTemplateName"),
                ("launch_template_version", "Version"),
            ],
        )
        .set("mixed_instances_policy", mixed.clone())
        .set("instances", Value::from(items(at(group, &["Instances"])).to_vec()))
        .set("tags", tags(at(group, &["Tags"])))
}

/// The template of the group, or that of its mixed instances policy.
fn main_template(group: &Value) -> &Value {
    let of_mixed = ["MixedInstancesPolicy", "LaunchTemplate", "LaunchTemplateSpecification"];
    match at(group, &["LaunchTemplate"]) {
        Value::Null => at(group, &of_mixed),
        template => template,
    }
}

fn member_rows(unit: &Unit<'_>, group: &Value) -> Vec<Row> {
    let row = |member: &Value| {
        unit.row(&AWS_EC2_AUTOSCALING_GROUP_MEMBER)
            .take(
                group,
                &[
                    ("autoscaling_group_arn", "AutoScalingGroupARN"),
                    ("autoscaling_group_name", "AutoScalingGroupName"),
                ],
            )
            .take(
                member,
                &[
                    ("instance_id", "InstanceId"),
                    ("lifecycle_state", "LifecycleState"),
                    ("health_status", "HealthStatus"),
                    ("launch_configuration_name", "LaunchConfigurationName"),
                ],
            )
            .take(
                at(member, &["LaunchTemplate"]),
                &[
                    ("launch_template_id", "LaunchTemplateId"),
                    ("launch_template_version", "Version"),
                ],
            )
    };
    items(at(group, &["Instances"])).iter().map(row).collect()
}

/// What a group launches from: its template, or that of its policy and of each override.
fn uses(group: &Value) -> Vec<TemplateUse> {
    let used = |part: String, template: &Value| {
        let text = |name: &str| text_at(template, &[name]).map(str::to_owned);
        template.is_object().then(|| TemplateUse {
            launcher: text_at(group, &["AutoScalingGroupARN"]).unwrap_or_default().to_owned(),
            kind: "autoscaling-group",
            name: text_at(group, &["AutoScalingGroupName"]).map(str::to_owned),
            part,
            active: text_at(group, &["Status"]).is_none(),
            template_id: text("LaunchTemplateId"),
            template_name: text("LaunchTemplateName"),
            version: text("Version"),
        })
    };
    let mixed = at(group, &["MixedInstancesPolicy", "LaunchTemplate"]);
    let overrides = items(at(mixed, &["Overrides"])).iter().enumerate();
    let overrides = overrides.filter_map(|(index, item)| {
        let part = format!("override {}", index + 1);
        used(part, at(item, &["LaunchTemplateSpecification"]))
    });
    used("launch template".to_owned(), at(group, &["LaunchTemplate"]))
        .into_iter()
        .chain(used(
            "mixed instances policy".to_owned(),
            at(mixed, &["LaunchTemplateSpecification"]),
        ))
        .chain(overrides)
        .collect()
}

/// Reads all launch configurations.
pub(crate) async fn launch_configurations(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let list = ["LaunchConfigurations"];
    let found = unit.list(&DESCRIBE_LAUNCH_CONFIGURATIONS, Parameters::new(), &list).await?;
    let images = found.iter().filter_map(|item| text_at(item, &["ImageId"])).map(str::to_owned);
    unit.found.images.extend(images);
    let rows: Vec<Row> = found.iter().map(|item| configuration_row(unit, item)).collect();
    unit.append(&AWS_EC2_LAUNCH_CONFIGURATION, &rows);
    Ok(())
}

fn configuration_row(unit: &Unit<'_>, item: &Value) -> Row {
    let declared = at(item, &["MetadataOptions"]);
    let row = unit
        .row(&AWS_EC2_LAUNCH_CONFIGURATION)
        .take(
            item,
            &[
                ("arn", "LaunchConfigurationARN"),
                ("name", "LaunchConfigurationName"),
                ("created_time", "CreatedTime"),
                ("image_id", "ImageId"),
                ("instance_type", "InstanceType"),
                ("spot_price", "SpotPrice"),
                ("instance_profile", "IamInstanceProfile"),
                ("associate_public_ip_address", "AssociatePublicIpAddress"),
            ],
        )
        .set("metadata_options", options::as_json(declared));
    options::declared(row, declared)
}
