//! EMR: security configurations, and the clusters that were made with them.

use serde_json::{Value, json};

use super::Call;
use super::input::{Paging, json};
use crate::crypto::key_letters;
use crate::error::ApiError;
use crate::hash;

/// Members of the operations.
pub(crate) const LIST_CONFIGURATIONS: &[&str] = &["Marker"];
pub(crate) const DESCRIBE_CONFIGURATION: &[&str] = &["Name"];
pub(crate) const LIST_CLUSTERS: &[&str] =
    &["ClusterStates", "CreatedAfter", "CreatedBefore", "Marker"];
pub(crate) const DESCRIBE_CLUSTER: &[&str] = &["ClusterId"];

/// EMR's answers hold 50, and nobody can ask for less.
const PAGING: Paging = Paging { size: "", sizes: 50..=50, usual: 50, token: "Marker" };

/// 2024-05-06, when the newest cluster was created; each older one two days before.
const NEWEST: i64 = 1_714_953_600;
/// Clusters of an account in a region, most of them long terminated.
const CLUSTERS: u64 = 57;

/// The security configurations that every account has: name, and whether and how its document speaks of the metadata service.
const CONFIGURATIONS: [(&str, Option<(u64, u64)>); 4] = [
    ("encryption-only", None),
    ("imds-v1-allowed", Some((1, 2))),
    ("imds-v2-only", Some((2, 1))),
    ("imds-v2-containers", Some((2, 2))),
];

fn document(metadata: Option<(u64, u64)>) -> Value {
    let mut document = json!({ "EncryptionConfiguration": {
        "EnableInTransitEncryption": false,
        "EnableAtRestEncryption": true,
        "AtRestEncryptionConfiguration": {
            "S3EncryptionConfiguration": { "EncryptionMode": "SSE-S3" },
        },
    } });
    if let Some((version, hop_limit)) = metadata {
        document["InstanceMetadataServiceConfiguration"] = json!({
            "MinimumInstanceMetadataServiceVersion": version,
            "HttpPutResponseHopLimit": hop_limit,
        });
    }
    document
}

/// `ListSecurityConfigurations`.
pub(crate) fn list_security_configurations(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let (page, next) = call.page(&CONFIGURATIONS, "ListSecurityConfigurations", &PAGING)?;
    let shown: Vec<Value> =
        page.iter().map(|(name, _)| json!({ "Name": name, "CreationDateTime": NEWEST })).collect();
    Ok(json(&with_marker(json!({ "SecurityConfigurations": shown }), next)))
}

/// `DescribeSecurityConfiguration`.
pub(crate) fn describe_security_configuration(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let name = call.required_text("Name")?;
    let (name, metadata) =
        CONFIGURATIONS.iter().find(|(known, _)| *known == name).ok_or_else(|| {
            call.invalid(format!("Security configuration with name '{name}' does not exist."))
        })?;
    Ok(json(&json!({
        "Name": name,
        "SecurityConfiguration": document(*metadata).to_string(),
        "CreationDateTime": NEWEST,
    })))
}

struct Cluster {
    id: String,
    name: String,
    state: &'static str,
    created: i64,
    configuration: Option<&'static str>,
}

/// The newest first, as EMR lists them. Four are at work; a fifth of all was made without a security configuration.
fn clusters(call: &Call<'_>) -> Result<Vec<Cluster>, ApiError> {
    let key = call.cloud.world.seed(call.unit()?).key;
    let cluster = |place: u64| {
        let number = hash::join(key, hash::text("emr") ^ place);
        Cluster {
            id: format!("j-{}", key_letters(&number.to_be_bytes(), "cluster", 13)),
            name: format!("nightly-etl-{}", CLUSTERS - place),
            state: match place {
                0 | 2 => "WAITING",
                1 | 3 => "RUNNING",
                _ if number.is_multiple_of(9) => "TERMINATED_WITH_ERRORS",
                _ => "TERMINATED",
            },
            created: NEWEST - place as i64 * 2 * 86_400,
            configuration: CONFIGURATIONS
                .get(((key % 5 + place) % 5) as usize)
                .map(|(name, _)| *name),
        }
    };
    Ok((0..CLUSTERS).map(cluster).collect())
}

impl Cluster {
    fn summary(&self, call: &Call<'_>) -> Value {
        let ended = self.state.starts_with("TERMINATED");
        let mut timeline = json!({
            "CreationDateTime": self.created,
            "ReadyDateTime": self.created + 420,
        });
        if ended {
            timeline["EndDateTime"] = (self.created + 7_200).into();
        }
        let reason = if ended { json!({ "Code": "ALL_STEPS_COMPLETED" }) } else { json!({}) };
        json!({
            "Id": self.id,
            "Name": self.name,
            "Status": { "State": self.state, "StateChangeReason": reason, "Timeline": timeline },
            "NormalizedInstanceHours": 24,
            "ClusterArn": call.arn("elasticmapreduce", format_args!("cluster/{}", self.id)),
        })
    }
}

/// `ListClusters`.
pub(crate) fn list_clusters(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let states = call.texts("ClusterStates")?;
    let (after, before) = (call.number("CreatedAfter")?, call.number("CreatedBefore")?);
    let mut all = clusters(call)?;
    all.retain(|cluster| {
        let created = cluster.created.unsigned_abs();
        (states.is_empty() || states.contains(&cluster.state))
            && after.is_none_or(|after| created >= after)
            && before.is_none_or(|before| created < before)
    });
    let listing = format!("ListClusters {states:?} {after:?} {before:?}");
    let (page, next) = call.page(&all, &listing, &PAGING)?;
    let shown: Vec<Value> = page.iter().map(|cluster| cluster.summary(call)).collect();
    Ok(json(&with_marker(json!({ "Clusters": shown }), next)))
}

/// `DescribeCluster`.
pub(crate) fn describe_cluster(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let id = call.required_text("ClusterId")?;
    let all = clusters(call)?;
    let cluster = all
        .iter()
        .find(|cluster| cluster.id == id)
        .ok_or_else(|| call.invalid(format!("Cluster id '{id}' is not valid.")))?;
    let mut shown = cluster.summary(call);
    shown["InstanceCollectionType"] = "INSTANCE_GROUP".into();
    shown["ReleaseLabel"] = "emr-6.15.0".into();
    shown["AutoTerminate"] = false.into();
    shown["TerminationProtected"] = false.into();
    shown["VisibleToAllUsers"] = true.into();
    shown["Applications"] = json!([{ "Name": "Spark", "Version": "3.4.1" }]);
    shown["Tags"] = json!([]);
    shown["ServiceRole"] = "EMR_DefaultRole".into();
    if let Some(configuration) = cluster.configuration {
        shown["SecurityConfiguration"] = configuration.into();
    }
    Ok(json(&json!({ "Cluster": shown })))
}

fn with_marker(mut answer: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        answer["Marker"] = next.into();
    }
    answer
}
