//! SageMaker: notebook instances and the oldest version of the metadata service they allow.

mod change;

use serde_json::{Value, json};

use super::Call;
use super::input::{Paging, json};
use crate::error::ApiError;
use crate::world::ids;
use crate::world::services::{DELETED, state_of};
use crate::world::stock::Stock;

pub(crate) use change::{
    UPDATE, delete_notebook_instance, start_notebook_instance, stop_notebook_instance,
    update_notebook_instance,
};

/// Members of the operations.
pub(crate) const LIST: &[&str] = &["MaxResults", "NextToken", "NameContains", "StatusEquals"];
pub(crate) const DESCRIBE: &[&str] = &["NotebookInstanceName"];

const PAGING: Paging = Paging { size: "MaxResults", sizes: 1..=100, usual: 10, token: "NextToken" };

/// What people call notebooks; each account has each of them in each region.
const NAMES: [&str; 12] = [
    "churn-model",
    "fraud-exploration",
    "demand-forecast",
    "recommendations",
    "ad-hoc",
    "pricing",
    "image-search",
    "support-tickets",
    "inventory",
    "ab-tests",
    "geo-data",
    "old-cluster-study",
];

/// 2021-04-12, when the first one was created.
const FIRST: i64 = 1_618_185_600;

struct Notebook {
    name: &'static str,
    key: u64,
    status: &'static str,
    /// None for those that were created before there was a choice.
    version: Option<&'static str>,
    /// When it was changed last, if a call did that.
    changed: Option<i64>,
}

/// Of 12 notebooks, 3 are stopped; 6 ask for version 2, 4 allow version 1 and 2 say nothing.
fn all(stock: &Stock<'_>) -> Vec<Notebook> {
    let key = stock.seed.key;
    let notebook = |(place, name): (usize, &&'static str)| {
        let turned = (place as u64 + key % 12) % 12;
        let drawn = Notebook {
            name,
            key: crate::hash::join(key, place as u64),
            status: if turned % 4 == 3 { "Stopped" } else { "InService" },
            version: match turned {
                0..6 => Some("2"),
                6..10 => Some("1"),
                _ => None,
            },
            changed: None,
        };
        match stock.services().and_then(|services| services.notebooks.get(*name)) {
            None => drawn,
            Some(change) => Notebook {
                status: state_of(change.status, stock.now),
                version: change.version,
                changed: Some(change.at),
                ..drawn
            },
        }
    };
    let all = NAMES.iter().enumerate().map(notebook);
    all.filter(|notebook| notebook.status != DELETED).collect()
}

impl Notebook {
    fn arn(&self, call: &Call<'_>) -> String {
        call.arn("sagemaker", format_args!("notebook-instance/{}", self.name))
    }

    fn created(&self) -> i64 {
        FIRST + (self.key % 1_500) as i64 * 86_400
    }

    fn summary(&self, call: &Call<'_>) -> Value {
        json!({
            "NotebookInstanceName": self.name,
            "NotebookInstanceArn": self.arn(call),
            "NotebookInstanceStatus": self.status,
            "Url": format!("{}.notebook.{}.sagemaker.aws", self.name, call.region),
            "InstanceType": "ml.t3.medium",
            "CreationTime": self.created(),
            "LastModifiedTime": self.changed.unwrap_or(self.created() + 3_600),
        })
    }
}

/// `ListNotebookInstances`.
pub(crate) fn list_notebook_instances(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let (part, status) = (call.text("NameContains")?, call.text("StatusEquals")?);
    let mut notebooks = all(&call.stock()?);
    notebooks.retain(|notebook| {
        part.is_none_or(|part| notebook.name.contains(part))
            && status.is_none_or(|status| notebook.status == status)
    });
    let listing = format!("ListNotebookInstances {part:?} {status:?}");
    let (page, next) = call.page(&notebooks, &listing, &PAGING)?;
    let shown: Vec<Value> = page.iter().map(|notebook| notebook.summary(call)).collect();
    let mut answer = json!({ "NotebookInstances": shown });
    if let Some(next) = next {
        answer["NextToken"] = next.into();
    }
    Ok(json(&answer))
}

/// The notebook of a name.
fn named(call: &Call<'_>, stock: &Stock<'_>, name: &str) -> Result<Notebook, ApiError> {
    let found = all(stock).into_iter().find(|notebook| notebook.name == name);
    found.ok_or_else(|| call.invalid("RecordNotFound"))
}

/// `DescribeNotebookInstance`.
pub(crate) fn describe_notebook_instance(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let name = call.required_text("NotebookInstanceName")?;
    let notebook = named(call, &call.stock()?, name)?;
    let mut answer = notebook.summary(call);
    answer["SubnetId"] = ids::text("subnet-", notebook.key).into();
    answer["SecurityGroups"] = json!([ids::text("sg-", notebook.key)]);
    answer["RoleArn"] =
        format!("arn:aws:iam::{}:role/service-role/notebooks", call.account.id).into();
    answer["DirectInternetAccess"] = "Enabled".into();
    answer["VolumeSizeInGB"] = 20.into();
    answer["RootAccess"] = "Enabled".into();
    answer["PlatformIdentifier"] = "notebook-al2-v2".into();
    if let Some(version) = notebook.version {
        answer["InstanceMetadataServiceConfiguration"] =
            json!({ "MinimumInstanceMetadataServiceVersion": version });
    }
    Ok(json(&answer))
}
