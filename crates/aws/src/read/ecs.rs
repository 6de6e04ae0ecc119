//! ECS capacity providers: which Auto Scaling groups ECS scales, and where it launches instances itself.

use serde_json::{Value, json};

use crate::{
    error::CallError,
    operation::DESCRIBE_CAPACITY_PROVIDERS,
    row::{Row, at, tags, text_at},
    tables::AWS_ECS_CAPACITY_PROVIDER,
    unit::Unit,
    wire::Parameters,
};

/// The providers that every account has: they run no instance of the account's.
const FARGATE: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

/// Reads all capacity providers of the account.
pub(crate) async fn capacity_providers(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let with_tags = Parameters::new().with("include", json!(["TAGS"]));
    let list = ["capacityProviders"];
    let providers = unit.list(&DESCRIBE_CAPACITY_PROVIDERS, with_tags, &list).await?;
    let own = |provider: &&Value| {
        let name = text_at(provider, &["name"]);
        !name.is_some_and(|name| FARGATE.contains(&name))
    };
    let rows: Vec<Row> = providers.iter().filter(own).map(|item| row(unit, item)).collect();
    unit.append(&AWS_ECS_CAPACITY_PROVIDER, &rows);
    Ok(())
}

fn row(unit: &Unit<'_>, provider: &Value) -> Row {
    let group = at(provider, &["autoScalingGroupProvider", "autoScalingGroupArn"]);
    unit.row(&AWS_ECS_CAPACITY_PROVIDER)
        .take(provider, &[("arn", "capacityProviderArn"), ("name", "name"), ("status", "status")])
        .set("autoscaling_group_arn", group.clone())
        .set("managed_instances", at(provider, &["managedInstancesProvider"]).is_object())
        .set("tags", tags(at(provider, &["tags"])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::scene::Scene;

    #[tokio::test]
    async fn own_providers_become_rows() {
        let scene = Scene::new().on(&["DescribeCapacityProviders", r#""include":["TAGS"]"#, r#""maxResults":10"#], &json!({
            "failures": [],
            "capacityProviders": [
                {"name": "FARGATE", "capacityProviderArn": "arn:aws:ecs:eu-west-1:111122223333:capacity-provider/FARGATE",
                 "status": "ACTIVE", "tags": []},
                {"name": "FARGATE_SPOT", "status": "ACTIVE", "type": "FARGATE_SPOT"},
                {"name": "MyCapacityProvider", "status": "ACTIVE", "type": "EC2_AUTOSCALING",
                 "capacityProviderArn": "arn:aws:ecs:eu-west-1:111122223333:capacity-provider/MyCapacityProvider",
                 "autoScalingGroupProvider": {"autoScalingGroupArn": "arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:u:autoScalingGroupName/a",
                    "managedScaling": {"status": "ENABLED", "targetCapacity": 100}, "managedTerminationProtection": "ENABLED"},
                 "tags": [{"key": "team", "value": "a"}]},
                {"name": "managed", "status": "PROVISIONING", "capacityProviderArn": "arn:m",
                 "managedInstancesProvider": {"infrastructureRoleArn": "arn:r"}},
            ],
        }));
        capacity_providers(&mut scene.unit()).await.unwrap();
        assert_eq!(
            scene.rows(&AWS_ECS_CAPACITY_PROVIDER),
            json!([
                {"arn": "arn:aws:ecs:eu-west-1:111122223333:capacity-provider/MyCapacityProvider",
                 "name": "MyCapacityProvider", "status": "ACTIVE", "managed_instances": false, "tags": {"team": "a"},
                 "autoscaling_group_arn": "arn:aws:autoscaling:eu-west-1:1:autoScalingGroup:u:autoScalingGroupName/a"},
                {"arn": "arn:m", "name": "managed", "status": "PROVISIONING", "managed_instances": true, "tags": {}},
            ])
        );
    }
}
