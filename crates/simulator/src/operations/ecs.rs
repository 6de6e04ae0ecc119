//! ECS: clusters and where their capacity comes from.

use serde_json::{Value, json};

use super::Call;
use super::input::{Paging, json};
use crate::error::ApiError;
use crate::world::group::GroupSeed;
use crate::world::owner::{self, Owner};

/// Members of the operations.
pub(crate) const LIST_CLUSTERS: &[&str] = &["maxResults", "nextToken"];
pub(crate) const DESCRIBE_CLUSTERS: &[&str] = &["clusters", "include"];
pub(crate) const DESCRIBE_PROVIDERS: &[&str] =
    &["capacityProviders", "cluster", "include", "maxResults", "nextToken"];

const CLUSTER_PAGING: Paging =
    Paging { size: "maxResults", sizes: 1..=100, usual: 100, token: "nextToken" };
const PROVIDER_PAGING: Paging =
    Paging { size: "maxResults", sizes: 1..=10, usual: 10, token: "nextToken" };

/// How many capacity providers have an Auto Scaling group, if there are as many groups of the account's own.
const WITH_GROUPS: usize = 12;
/// The provider whose instances ECS looks after itself, and the cluster it belongs to.
const MANAGED: &str = "managed";
const MANAGED_IN: &str = "services";

const CLUSTERS: [&str; 3] = ["services", "batch-jobs", "fargate-only"];

/// A capacity provider.
struct Provider {
    name: String,
    /// The member that says what it is, with its content.
    source: Option<(&'static str, Value)>,
    kind: &'static str,
    /// The clusters it is associated with.
    clusters: &'static [&'static str],
}

fn providers(call: &Call<'_>) -> Result<Vec<Provider>, ApiError> {
    let fargate = |name: &str, kind| Provider {
        name: name.to_owned(),
        source: None,
        kind,
        clusters: &CLUSTERS,
    };
    let mut all = vec![fargate("FARGATE", "FARGATE"), fargate("FARGATE_SPOT", "FARGATE_SPOT")];
    let stock = call.stock()?;
    let own = (0..stock.seed.groups)
        .filter(|index| GroupSeed::new(&stock.seed, *index).owner == Owner::Nobody)
        .take(WITH_GROUPS);
    for (place, index) in own.enumerate() {
        let key = GroupSeed::new(&stock.seed, index).key;
        let name = stock.group_name(index);
        let arn = format!("autoScalingGroup:{}:autoScalingGroupName/{name}", owner::uuid(key));
        let group = json!({
            "autoScalingGroupArn": call.arn("autoscaling", arn),
            "managedScaling": { "status": "ENABLED", "targetCapacity": 100 },
            "managedTerminationProtection": "DISABLED",
            "managedDraining": "ENABLED",
        });
        all.push(Provider {
            name: format!("cp-{name}"),
            source: Some(("autoScalingGroupProvider", group)),
            kind: "EC2_AUTOSCALING",
            clusters: if place % 2 == 0 { &["services"] } else { &["batch-jobs"] },
        });
    }
    all.push(Provider {
        name: MANAGED.to_owned(),
        source: Some(("managedInstancesProvider", managed(call))),
        kind: "MANAGED_INSTANCES",
        clusters: &[MANAGED_IN],
    });
    Ok(all)
}

fn managed(call: &Call<'_>) -> Value {
    let role = |name: &str| format!("arn:aws:iam::{}:{name}", call.account.id);
    json!({
        "infrastructureRoleArn": role("role/ecsInfrastructureRole"),
        "instanceLaunchTemplate": {
            "ec2InstanceProfileArn": role("instance-profile/ecsInstanceRole"),
            "networkConfiguration": { "subnets": ["subnet-0a1b2c3d4e5f60718"] },
            "monitoring": "BASIC",
            "capacityOptionType": "ON_DEMAND",
        },
        "propagateTags": "NONE",
    })
}

fn cluster_arn(call: &Call<'_>, name: &str) -> String {
    call.arn("ecs", format_args!("cluster/{name}"))
}

/// The cluster that a name or an ARN names.
fn cluster_named(call: &Call<'_>, text: &str) -> Option<&'static str> {
    CLUSTERS.into_iter().find(|name| text == *name || text == cluster_arn(call, name))
}

/// `ListClusters`.
pub(crate) fn list_clusters(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let (page, next) = call.page(&CLUSTERS, "ListClusters", &CLUSTER_PAGING)?;
    let arns: Vec<String> = page.iter().map(|name| cluster_arn(call, name)).collect();
    let mut answer = json!({ "clusterArns": arns });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(json(&answer))
}

/// `DescribeClusters`: up to 100 by name or ARN.
pub(crate) fn describe_clusters(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let mut asked = call.texts("clusters")?;
    if asked.len() > 100 {
        return Err(call.invalid("clusters can have at most 100 items."));
    }
    if asked.is_empty() {
        asked.push("default");
    }
    let providers = providers(call)?;
    let show = |name: &'static str| {
        let names: Vec<&str> = providers
            .iter()
            .filter(|provider| provider.clusters.contains(&name))
            .map(|provider| provider.name.as_str())
            .collect();
        json!({
            "clusterArn": cluster_arn(call, name),
            "clusterName": name,
            "status": "ACTIVE",
            "registeredContainerInstancesCount": 0,
            "runningTasksCount": 0,
            "pendingTasksCount": 0,
            "activeServicesCount": 0,
            "statistics": [],
            "tags": [],
            "settings": [],
            "capacityProviders": names,
            "defaultCapacityProviderStrategy": [],
        })
    };
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for text in asked {
        match cluster_named(call, text) {
            Some(name) => found.push(show(name)),
            None => failures.push(missing(text, cluster_arn(call, text))),
        }
    }
    Ok(json(&json!({ "clusters": found, "failures": failures })))
}

/// `DescribeCapacityProviders`. The one whose instances ECS looks after belongs to its cluster and is only shown with it.
pub(crate) fn describe_capacity_providers(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let named = call.texts("capacityProviders")?;
    let cluster =
        match call.text("cluster")? {
            None => None,
            Some(text) => Some(cluster_named(call, text).ok_or_else(|| {
                ApiError::new(400, "ClusterNotFoundException", "Cluster not found.")
            })?),
        };
    let arn = |name: &str| call.arn("ecs", format_args!("capacity-provider/{name}"));
    let mut all = providers(call)?;
    all.retain(|provider| match cluster {
        Some(cluster) => provider.clusters.contains(&cluster),
        None => provider.kind != "MANAGED_INSTANCES",
    });
    let means =
        |text: &str, provider: &Provider| text == provider.name || text == arn(&provider.name);
    let failures: Vec<Value> = named
        .iter()
        .filter(|text| !all.iter().any(|provider| means(text, provider)))
        .map(|text| missing(text, arn(text)))
        .collect();
    all.retain(|provider| named.is_empty() || named.iter().any(|text| means(text, provider)));
    let listing = format!("DescribeCapacityProviders {named:?} {cluster:?}");
    let (page, next) = call.page(&all, &listing, &PROVIDER_PAGING)?;
    let show = |provider: &Provider| {
        let mut shown = json!({
            "capacityProviderArn": arn(&provider.name),
            "name": provider.name,
            "status": "ACTIVE",
            "tags": [],
            "type": provider.kind,
        });
        if let Some((member, content)) = &provider.source {
            shown[*member] = content.clone();
        }
        if provider.kind == "MANAGED_INSTANCES" {
            shown["cluster"] = cluster_arn(call, MANAGED_IN).into();
        }
        shown
    };
    let shown: Vec<Value> = page.iter().map(show).collect();
    let mut answer = json!({ "capacityProviders": shown, "failures": failures });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(json(&answer))
}

fn missing(text: &str, arn: String) -> Value {
    let arn = if text.starts_with("arn:") { text.to_owned() } else { arn };
    json!({ "arn": arn, "reason": "MISSING" })
}
