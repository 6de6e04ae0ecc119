//! AppStream (WorkSpaces Applications) fleets, image builders and app block builders: one table, and a
//! read for each, so that one that fails does not lose the others.

use serde_json::Value;

use crate::{
    error::CallError,
    operation::{
        DESCRIBE_APP_BLOCK_BUILDERS, DESCRIBE_APPSTREAM_FLEETS, DESCRIBE_IMAGE_BUILDERS, Operation,
    },
    row::{Row, at},
    tables::AWS_APPSTREAM_FLEET,
    unit::Unit,
    wire::Parameters,
};

/// Reads fleets.
pub(crate) async fn appstream_fleets(unit: &mut Unit<'_>) -> Result<(), CallError> {
    machines(unit, &DESCRIBE_APPSTREAM_FLEETS, "Fleets", "fleet").await
}

/// Reads image builders.
pub(crate) async fn image_builders(unit: &mut Unit<'_>) -> Result<(), CallError> {
    machines(unit, &DESCRIBE_IMAGE_BUILDERS, "ImageBuilders", "image-builder").await
}

/// Reads app block builders.
pub(crate) async fn app_block_builders(unit: &mut Unit<'_>) -> Result<(), CallError> {
    machines(unit, &DESCRIBE_APP_BLOCK_BUILDERS, "AppBlockBuilders", "app-block-builder").await
}

async fn machines(
    unit: &Unit<'_>,
    operation: &'static Operation,
    list: &str,
    kind: &str,
) -> Result<(), CallError> {
    let found = unit.list(operation, Parameters::new(), &[list]).await?;
    let rows: Vec<Row> = found.iter().map(|item| row(unit, kind, item)).collect();
    unit.append(&AWS_APPSTREAM_FLEET, &rows);
    Ok(())
}

fn row(unit: &Unit<'_>, kind: &str, item: &Value) -> Row {
    let image = item.get("ImageName").unwrap_or_else(|| at(item, &["ImageArn"]));
    unit.row(&AWS_APPSTREAM_FLEET)
        .take(
            item,
            &[
                ("arn", "Arn"),
                ("name", "Name"),
                ("state", "State"),
                ("instance_type", "InstanceType"),
                ("iam_role_arn", "IamRoleArn"),
                ("disable_imdsv1", "DisableIMDSV1"),
                ("created_time", "CreatedTime"),
            ],
        )
        .set("kind", kind)
        .set("image_name", image.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::read::scene::Scene;

    #[tokio::test]
    async fn each_kind_is_read_for_itself() {
        let scene = Scene::new()
            .on(&["DescribeFleets", r#""NextToken":"t""#], &json!({"Fleets": [{"Name": "old", "Arn": "arn:old", "State": "STOPPED"}]}))
            .on(&["DescribeFleets"], &json!({"NextToken": "t", "Fleets": [{
                "Arn": "arn:aws:appstream:eu-west-1:111122223333:fleet/f", "Name": "f", "ImageName": "AppStream-WinServer2022",
                "InstanceType": "stream.standard.medium", "FleetType": "ON_DEMAND", "State": "RUNNING",
                "ComputeCapacityStatus": {"Desired": 1}, "CreatedTime": 1_503_074_828.0,
                "IamRoleArn": "arn:aws:iam::111122223333:role/f", "DisableIMDSV1": false}]}))
            .answers(&["DescribeImageBuilders"], 400, r#"{"__type":"AccessDeniedException","Message":"no"}"#)
            .on(&["DescribeAppBlockBuilders", r#""MaxResults":25"#], &json!({"AppBlockBuilders": [
                {"Name": "b", "Arn": "arn:b", "State": "STOPPED", "InstanceType": "stream.standard.small", "DisableIMDSV1": true}]}));
        appstream_fleets(&mut scene.unit()).await.unwrap();
        let error = image_builders(&mut scene.unit()).await.unwrap_err();
        app_block_builders(&mut scene.unit()).await.unwrap();
        assert_eq!(error.operation, "appstream:DescribeImageBuilders");
        assert_eq!(
            scene.rows(&AWS_APPSTREAM_FLEET),
            json!([
                {"arn": "arn:aws:appstream:eu-west-1:111122223333:fleet/f", "name": "f", "kind": "fleet", "state": "RUNNING",
                 "instance_type": "stream.standard.medium", "image_name": "AppStream-WinServer2022",
                 "iam_role_arn": "arn:aws:iam::111122223333:role/f", "disable_imdsv1": false,
                 "created_time": "2017-08-18T16:47:08Z"},
                {"arn": "arn:old", "name": "old", "kind": "fleet", "state": "STOPPED"},
                {"arn": "arn:b", "name": "b", "kind": "app-block-builder", "state": "STOPPED",
                 "instance_type": "stream.standard.small", "disable_imdsv1": true},
            ])
        );
    }

    #[tokio::test]
    async fn a_builder_names_its_image_by_arn() {
        let scene = Scene::new().on(&["DescribeImageBuilders"], &json!({"ImageBuilders": [
            {"Name": "i", "ImageArn": "arn:aws:appstream:eu-west-1::image/AppStream-WinServer2022", "State": "RUNNING"}]}));
        image_builders(&mut scene.unit()).await.unwrap();
        let rows = scene.rows(&AWS_APPSTREAM_FLEET);
        assert_eq!(
            rows[0]["image_name"],
            "arn:aws:appstream:eu-west-1::image/AppStream-WinServer2022"
        );
        assert_eq!(rows[0]["kind"], "image-builder");
    }
}
