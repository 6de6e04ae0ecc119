//! The tree of the organization: roots, units, and which account stands where.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    client::{Client, Place},
    error::CallError,
    operation::{
        LIST_ACCOUNTS_FOR_PARENT, LIST_ORGANIZATIONAL_UNITS_FOR_PARENT, LIST_ROOTS, Operation,
    },
    read::pages,
    row::text_at,
    scope::OrganizationalUnit,
    wire::Parameters,
};

/// Units below units: AWS allows five. A tree that is deeper is an answer that cannot be meant so.
const DEEPEST: usize = 20;

/// Where each account stands.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    units: BTreeMap<String, OrganizationalUnit>,
    accounts: BTreeMap<String, OrganizationalUnit>,
}

/// A root or unit whose children are still to be read.
struct Node {
    id: String,
    names: String,
    path: String,
    depth: usize,
}

impl Tree {
    /// Where an account stands, as far as it was found.
    pub(crate) fn of(&self, account_id: &str) -> OrganizationalUnit {
        self.accounts.get(account_id).cloned().unwrap_or_default()
    }

    /// Whether there is a root or unit of this id, or of this path of names.
    pub(crate) fn has(&self, unit: &str) -> bool {
        self.units.contains_key(unit) || self.names().any(|names| names == unit)
    }

    /// The paths of names, from the root down.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.units.values().filter_map(|unit| unit.names.as_deref())
    }

    /// Reads the whole tree: two calls for each root and unit, more where they have many children.
    pub(crate) async fn read(client: &Client, place: &Place<'_>) -> Result<Self, CallError> {
        let mut tree = Self::default();
        let roots = named(client, &LIST_ROOTS, place, Parameters::new(), "Roots").await?;
        let mut open: Vec<Node> = roots
            .into_iter()
            .map(|(id, name)| Node { path: id.clone(), id, names: name, depth: 0 })
            .collect();
        while let Some(node) = open.pop() {
            let unit = || Parameters::new().with("ParentId", node.id.as_str());
            let here = OrganizationalUnit {
                names: Some(node.names.clone()),
                path: Some(node.path.clone()),
            };
            let accounts =
                named(client, &LIST_ACCOUNTS_FOR_PARENT, place, unit(), "Accounts").await?;
            tree.accounts.extend(accounts.into_iter().map(|(id, _)| (id, here.clone())));
            tree.units.insert(node.id.clone(), here);
            if node.depth < DEEPEST {
                let below = &LIST_ORGANIZATIONAL_UNITS_FOR_PARENT;
                let units = named(client, below, place, unit(), "OrganizationalUnits").await?;
                open.extend(units.into_iter().map(|(id, name)| Node {
                    names: format!("{}/{name}", node.names),
                    path: format!("{}/{id}", node.path),
                    id,
                    depth: node.depth + 1,
                }));
            }
        }
        Ok(tree)
    }
}

impl OrganizationalUnit {
    /// Whether it is this root or unit, or below it: by id, or by the path of names.
    pub fn is_in(&self, unit: &str) -> bool {
        let by_id = self.path.as_deref().is_some_and(|path| path.split('/').any(|id| id == unit));
        let below = |names: &str| {
            names.strip_prefix(unit).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        by_id || !unit.is_empty() && self.names.as_deref().is_some_and(below)
    }
}

/// Ids and names of what an operation lists.
async fn named(
    client: &Client,
    operation: &'static Operation,
    place: &Place<'_>,
    parameters: Parameters,
    list: &str,
) -> Result<Vec<(String, String)>, CallError> {
    let mut all = Vec::new();
    let read = |item: &Value| {
        let text = |name: &str| text_at(item, &[name]).map(str::to_owned);
        Some((text("Id")?, text("Name").unwrap_or_default()))
    };
    pages(client, operation, place, &parameters, &[list], |items| {
        all.extend(items.iter().filter_map(read));
    })
    .await?;
    Ok(all)
}
