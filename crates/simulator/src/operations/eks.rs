//! EKS: clusters and their managed node groups.

use serde_json::{Value, json};

use super::Call;
use super::input::{Paging, json};
use crate::error::ApiError;
use crate::hash;
use crate::world::catalog::CLUSTERS;
use crate::world::group::GroupSeed;
use crate::world::ids;
use crate::world::owner::{self, Owner};
use crate::world::stock::Stock;

/// Members of the operations.
pub(crate) const LIST_CLUSTERS: &[&str] = &["maxResults", "nextToken"];
pub(crate) const DESCRIBE_CLUSTER: &[&str] = &["name"];
pub(crate) const LIST_NODEGROUPS: &[&str] = &["name", "maxResults", "nextToken"];
pub(crate) const DESCRIBE_NODEGROUP: &[&str] = &["name", "nodegroupName"];

const PAGING: Paging =
    Paging { size: "maxResults", sizes: 1..=100, usual: 100, token: "nextToken" };

/// 2023-06-13.
const CREATED: i64 = 1_686_614_400;

/// `ListClusters`: every account has the same clusters in every region.
pub(crate) fn list_clusters(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let (page, next) = call.page(&CLUSTERS, "ListClusters", &PAGING)?;
    let names: Vec<&str> = page.iter().map(|(name, _, _)| *name).collect();
    Ok(json(&with_token(json!({ "clusters": names }), next)))
}

/// `DescribeCluster`.
pub(crate) fn describe_cluster(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let name = cluster(call)?;
    Ok(json(&json!({ "cluster": {
        "name": name,
        "arn": call.arn("eks", format_args!("cluster/{name}")),
        "createdAt": CREATED,
        "version": "1.32",
        "roleArn": format!("arn:aws:iam::{}:role/eks-cluster", call.account.id),
        "status": "ACTIVE",
        "platformVersion": "eks.15",
        "tags": {},
        // One of them lets EKS look after the nodes: Auto Mode, whose machines no template describes.
        "computeConfig": { "enabled": name == "ml" },
    } })))
}

/// `ListNodegroups`.
pub(crate) fn list_nodegroups(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let cluster = cluster(call)?;
    let stock = call.stock()?;
    let names: Vec<String> = node_groups(&stock, cluster).map(owner::node_group).collect();
    let (page, next) = call.page(&names, &format!("ListNodegroups {cluster}"), &PAGING)?;
    Ok(json(&with_token(json!({ "nodegroups": page }), next)))
}

/// `DescribeNodegroup`.
pub(crate) fn describe_nodegroup(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let cluster = cluster(call)?;
    let name = call.required_text("nodegroupName")?;
    let stock = call.stock()?;
    let index = node_groups(&stock, cluster)
        .find(|index| owner::node_group(*index) == name)
        .ok_or_else(|| not_found(format!("No node group found for name: {name}.")))?;
    let group = GroupSeed::new(&stock.seed, index);
    let template = own_template(&stock, &group);
    let mut shown = json!({
        "nodegroupName": name,
        "nodegroupArn": call.arn("eks", format_args!("nodegroup/{cluster}/{name}/{}", owner::uuid(group.key))),
        "clusterName": cluster,
        "version": "1.32",
        "createdAt": CREATED,
        "modifiedAt": CREATED,
        "status": "ACTIVE",
        "capacityType": if group.key.is_multiple_of(3) { "SPOT" } else { "ON_DEMAND" },
        "scalingConfig": { "minSize": 1, "maxSize": 10, "desiredSize": 2 },
        "subnets": [ids::text("subnet-", group.key)],
        "amiType": ami_type(&group),
        "nodeRole": format!("arn:aws:iam::{}:role/eks-node", call.account.id),
        "labels": {},
        "resources": { "autoScalingGroups": [{ "name": stock.group_name(index) }] },
        "health": { "issues": [] },
        "updateConfig": { "maxUnavailable": 1 },
        "tags": {},
    });
    if let Some(template) = template {
        shown["launchTemplate"] = template;
    } else {
        // What a launch template would say is said here instead.
        shown["instanceTypes"] = json!(["m5.large"]);
        shown["diskSize"] = 20.into();
    }
    Ok(json(&json!({ "nodegroup": shown })))
}

/// The cluster that the path names.
fn cluster<'a>(call: &'a Call<'_>) -> Result<&'a str, ApiError> {
    let name = call.required_text("name")?;
    if CLUSTERS.iter().any(|(known, _, _)| *known == name) {
        return Ok(name);
    }
    Err(not_found(format!("No cluster found for name: {name}.")))
}

fn not_found(text: String) -> ApiError {
    ApiError::new(404, "ResourceNotFoundException", text)
}

/// The indexes of the Auto Scaling groups behind a cluster's node groups.
fn node_groups<'a>(stock: &'a Stock<'_>, cluster: &'a str) -> impl Iterator<Item = u64> + 'a {
    (0..stock.seed.groups).filter(move |index| {
        owner::cluster(*index).0 == cluster
            && GroupSeed::new(&stock.seed, *index).owner == Owner::Eks
    })
}

/// The launch template that half of the node groups were made with, one of a team's: EKS copies it into one of its own, which the Auto Scaling group
/// names. The others were made without, and EKS wrote theirs alone.
fn own_template(stock: &Stock<'_>, group: &GroupSeed) -> Option<Value> {
    if group.key.is_multiple_of(2) {
        return None;
    }
    let count = stock.seed.templates.computed;
    let first = hash::mix(group.key) % count.max(1);
    let template = (0..count)
        .map(|step| stock.template((first + step) % count))
        .find(|template| template.owner == Owner::Nobody)?;
    let version = if group.key.is_multiple_of(3) { template.latest } else { template.default };
    Some(json!({
        "name": template.name,
        "id": ids::text("lt-", template.id),
        "version": version.to_string(),
    }))
}

fn ami_type(group: &GroupSeed) -> &'static str {
    match hash::mix(group.key) % 10 {
        0..5 => "AL2023_x86_64_STANDARD",
        5 => "AL2023_ARM_64_STANDARD",
        6 => "AL2_x86_64",
        7 => "BOTTLEROCKET_x86_64",
        8 => "BOTTLEROCKET_ARM_64",
        // An image of the account's own needs a launch template that names it.
        _ if group.key.is_multiple_of(2) => "AL2_x86_64",
        _ => "CUSTOM",
    }
}

fn with_token(mut answer: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    answer
}
