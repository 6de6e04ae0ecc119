//! Batch: compute environments and the launch templates they name.

use serde_json::{Value, json};

use super::Call;
use super::input::{Paging, json};
use crate::error::ApiError;
use crate::world::ids;
use crate::world::owner::{self, Owner};
use crate::world::stock::Stock;
use crate::world::template::Template;

/// Members of `DescribeComputeEnvironments`.
pub(crate) const DESCRIBE: &[&str] = &["computeEnvironments", "maxResults", "nextToken"];

const PAGING: Paging =
    Paging { size: "maxResults", sizes: 1..=100, usual: 100, token: "nextToken" };

/// How an environment comes by its machines.
#[derive(Clone, Copy)]
enum Kind {
    /// Those that run by themselves name no machines at all.
    Unmanaged,
    Fargate,
    /// `EC2` or `SPOT`, with the launch template it names.
    Machines(&'static str, Named),
}

/// How an environment names a launch template.
#[derive(Clone, Copy)]
enum Named {
    /// Not at all.
    Not,
    /// By id, with this version; no version stands for `$Default`.
    ById(Option<&'static str>),
    /// By name, with the number of its latest version.
    ByName,
    /// By id, with another template for one family of machines.
    WithOverride,
}

/// The environments that every account has in every region.
const ENVIRONMENTS: [(&str, Kind); 8] = [
    ("genomics", Kind::Machines("EC2", Named::ById(Some("$Latest")))),
    ("rendering", Kind::Machines("SPOT", Named::ById(Some("$Default")))),
    ("reports", Kind::Machines("EC2", Named::ById(None))),
    ("simulation", Kind::Machines("EC2", Named::ByName)),
    ("mixed-families", Kind::Machines("SPOT", Named::WithOverride)),
    ("plain", Kind::Machines("EC2", Named::Not)),
    ("serverless", Kind::Fargate),
    ("own-cluster", Kind::Unmanaged),
];

/// `DescribeComputeEnvironments`; names that nobody has are left out.
pub(crate) fn describe_compute_environments(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let asked = call.texts("computeEnvironments")?;
    if asked.len() > 100 {
        return Err(call.invalid("At most 100 compute environments can be described."));
    }
    let arn = |name: &str| call.arn("batch", format_args!("compute-environment/{name}"));
    let wanted: Vec<(&str, Kind)> = ENVIRONMENTS
        .into_iter()
        .filter(|(name, _)| {
            asked.is_empty() || asked.iter().any(|text| text == name || *text == arn(name))
        })
        .collect();
    let listing = format!("DescribeComputeEnvironments {asked:?}");
    let (page, next) = call.page(&wanted, &listing, &PAGING)?;
    let stock = call.stock()?;
    let templates = own_templates(&stock);
    let show = |(name, kind): &(&str, Kind)| {
        let mut shown = json!({
            "computeEnvironmentName": name,
            "computeEnvironmentArn": arn(name),
            "ecsClusterArn": call.arn("ecs", format_args!("cluster/AWSBatch-{name}-{}", owner::uuid(stock.seed.key))),
            "tags": {},
            "type": if matches!(kind, Kind::Unmanaged) { "UNMANAGED" } else { "MANAGED" },
            "state": "ENABLED",
            "status": "VALID",
            "serviceRole": format!("arn:aws:iam::{}:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch", call.account.id),
            "containerOrchestrationType": "ECS",
        });
        if let Some(resources) = resources(*kind, &stock, &templates) {
            shown["computeResources"] = resources;
        }
        shown
    };
    let shown: Vec<Value> = page.iter().map(show).collect();
    let mut answer = json!({ "computeEnvironments": shown });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(json(&answer))
}

/// The first two templates of the account's own. Where there are none, environments name none.
fn own_templates(stock: &Stock<'_>) -> Vec<Template> {
    (0..stock.seed.templates.computed)
        .map(|index| stock.template(index))
        .filter(|template| template.owner == Owner::Nobody)
        .take(2)
        .collect()
}

fn resources(kind: Kind, stock: &Stock<'_>, templates: &[Template]) -> Option<Value> {
    let network = json!({
        "maxvCpus": 256,
        "subnets": [ids::text("subnet-", stock.seed.key)],
        "securityGroupIds": [ids::text("sg-", stock.seed.key)],
    });
    let (machines, named) = match kind {
        Kind::Unmanaged => return None,
        Kind::Fargate => {
            let mut resources = network;
            resources["type"] = "FARGATE".into();
            return Some(resources);
        }
        Kind::Machines(machines, named) => (machines, named),
    };
    let mut resources = network;
    resources["type"] = machines.into();
    resources["allocationStrategy"] = "BEST_FIT_PROGRESSIVE".into();
    resources["minvCpus"] = 0.into();
    resources["desiredvCpus"] = 0.into();
    resources["instanceTypes"] = json!(["optimal"]);
    resources["instanceRole"] = "ecsInstanceRole".into();
    if let Some(specification) = specification(named, templates) {
        resources["launchTemplate"] = specification;
    }
    Some(resources)
}

fn specification(named: Named, templates: &[Template]) -> Option<Value> {
    let template = templates.first()?;
    let id = ids::text("lt-", template.id);
    match named {
        Named::Not => None,
        Named::ById(None) => Some(json!({ "launchTemplateId": id })),
        Named::ById(Some(version)) => Some(json!({ "launchTemplateId": id, "version": version })),
        Named::ByName => Some(json!({
            "launchTemplateName": template.name,
            "version": template.latest.to_string(),
        })),
        Named::WithOverride => {
            let other = templates.get(1).unwrap_or(template);
            Some(json!({
                "launchTemplateId": id,
                "version": "$Default",
                "overrides": [{
                    "launchTemplateId": ids::text("lt-", other.id),
                    "version": "$Latest",
                    "targetInstanceTypes": ["m6g"],
                }],
            }))
        }
    }
}
