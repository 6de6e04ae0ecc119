//! AMIs: those that the account owns, and those that something in the region launches from.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    error::CallError,
    operation::DESCRIBE_IMAGES,
    row::{Row, at, tags, text_at},
    tables::AWS_EC2_AMI,
    unit::Unit,
    wire::Parameters,
};

/// Values that one filter may have.
const VALUES_A_FILTER: usize = 200;

/// Reads the AMIs. Those in use are asked for by filter: named directly, one that is gone would make the
/// whole call fail. One that is gone, or not shared any more, has no row.
pub(crate) async fn images(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let every = Parameters::new().with("IncludeDeprecated", "true").with("IncludeDisabled", "true");
    let owned = every.clone().with_list("Owner", ["self"]);
    let mut known = BTreeSet::new();
    write(unit, owned, &mut known).await?;
    let used = unit.found.images.iter().filter(|id| id.starts_with("ami-"));
    let foreign: Vec<String> = used.filter(|id| !known.contains(*id)).cloned().collect();
    for ids in foreign.chunks(VALUES_A_FILTER) {
        let filter =
            every.clone().with("Filter.1.Name", "image-id").with_list("Filter.1.Value", ids);
        write(unit, filter, &mut known).await?;
    }
    Ok(())
}

async fn write(
    unit: &Unit<'_>,
    which: Parameters,
    known: &mut BTreeSet<String>,
) -> Result<(), CallError> {
    let images = unit.list(&DESCRIBE_IMAGES, which, &["imagesSet"]).await?;
    let mut rows = Vec::new();
    for image in &images {
        let Some(id) = text_at(image, &["imageId"]) else { continue };
        if known.insert(id.to_owned()) {
            rows.push(row(unit, id, image));
        }
    }
    unit.append(&AWS_EC2_AMI, &rows);
    Ok(())
}

fn row(unit: &Unit<'_>, id: &str, image: &Value) -> Row {
    let owner = text_at(image, &["imageOwnerId"]).unwrap_or_default();
    let region = unit.region;
    let partition = unit.account.partition().name();
    unit.row(&AWS_EC2_AMI)
        .set("arn", format!("arn:{partition}:ec2:{region}::image/{id}"))
        .set("owned", owner == unit.account.id)
        .set("in_use", unit.found.images.contains(id))
        .set("tags", tags(at(image, &["tagSet"])))
        .take(
            image,
            &[
                ("image_id", "imageId"),
                ("name", "name"),
                ("owner_id", "imageOwnerId"),
                ("owner_alias", "imageOwnerAlias"),
                ("public", "isPublic"),
                ("state", "imageState"),
                ("imds_support", "imdsSupport"),
                ("creation_date", "creationDate"),
                ("deprecation_time", "deprecationTime"),
                ("platform", "platform"),
                ("architecture", "architecture"),
            ],
        )
}
