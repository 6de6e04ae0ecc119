//! Lightsail instances. They stand beside EC2: its defaults and metrics do not reach them.

use serde_json::Value;

use super::options;
use crate::{
    error::CallError,
    operation::GET_LIGHTSAIL_INSTANCES,
    row::{Row, at, tags},
    tables::AWS_LIGHTSAIL_INSTANCE,
    unit::Unit,
    wire::Parameters,
};

/// Reads all instances.
pub(crate) async fn lightsail_instances(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let found = unit.list(&GET_LIGHTSAIL_INSTANCES, Parameters::new(), &["instances"]).await?;
    let rows: Vec<Row> = found.iter().map(|instance| row(unit, instance)).collect();
    unit.append(&AWS_LIGHTSAIL_INSTANCE, &rows);
    Ok(())
}

fn row(unit: &Unit<'_>, instance: &Value) -> Row {
    let declared = at(instance, &["metadataOptions"]);
    let row = unit
        .row(&AWS_LIGHTSAIL_INSTANCE)
        .take(
            instance,
            &[
                ("arn", "arn"),
                ("name", "name"),
                ("bundle_id", "bundleId"),
                ("blueprint_id", "blueprintId"),
                ("public_ip_address", "publicIpAddress"),
                ("created_at", "createdAt"),
            ],
        )
        .set("state_name", at(instance, &["state", "name"]).clone())
        .set("metadata_options_state", at(declared, &["state"]).clone())
        .set("metadata_options", options::as_json(declared))
        .set("tags", tags(at(instance, &["tags"])));
    options::declared(row, declared)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{client::NOT_OFFERED, read::scene::Scene, tables::SCAN_ERROR};

    #[tokio::test]
    async fn instances_become_rows() {
        let scene = Scene::new()
            .on(&["GetInstances", r#""pageToken":"p""#], &json!({"instances": [{"name": "old", "arn": "arn:old", "tags": []}]}))
            .on(&["GetInstances"], &json!({"nextPageToken": "p", "instances": [{
                "name": "WordPress-1", "arn": "arn:aws:lightsail:eu-west-1:111122223333:Instance/1",
                "createdAt": 1_533_591_602.318, "location": {"availabilityZone": "eu-west-1a", "regionName": "eu-west-1"},
                "tags": [{"key": "team", "value": "a"}], "blueprintId": "wordpress", "bundleId": "nano_2_0",
                "publicIpAddress": "198.51.100.7", "state": {"code": 16, "name": "running"},
                "metadataOptions": {"state": "applied", "httpTokens": "optional", "httpEndpoint": "enabled",
                    "httpPutResponseHopLimit": 1, "httpProtocolIpv6": "disabled"}}]}));
        lightsail_instances(&mut scene.unit()).await.unwrap();
        assert_eq!(
            scene.rows(&AWS_LIGHTSAIL_INSTANCE),
            json!([
                {"name": "WordPress-1", "arn": "arn:aws:lightsail:eu-west-1:111122223333:Instance/1",
                 "created_at": "2018-08-06T21:40:02.318Z", "blueprint_id": "wordpress", "bundle_id": "nano_2_0",
                 "state_name": "running", "public_ip_address": "198.51.100.7", "tags": {"team": "a"},
                 "http_tokens": "optional", "http_endpoint": "enabled", "hop_limit": 1,
                 "metadata_options_state": "applied",
                 "metadata_options": {"HttpTokens": "optional", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled",
                    "HttpProtocolIpv6": "disabled", "State": "applied"}},
                {"name": "old", "arn": "arn:old", "tags": {}},
            ])
        );
    }

    #[tokio::test]
    async fn a_region_without_the_service_is_no_gap() {
        let unknown = "dns error: failed to lookup address information: Name or service not known";
        let scene = Scene::new().answers(&["GetInstances"], 0, unknown);
        let mut unit = scene.unit();
        let error = lightsail_instances(&mut unit).await.unwrap_err();
        assert_eq!(error.code, NOT_OFFERED);
        unit.unread(&error, &[&AWS_LIGHTSAIL_INSTANCE]);
        assert_eq!(scene.rows(&SCAN_ERROR), json!([]));
    }
}
