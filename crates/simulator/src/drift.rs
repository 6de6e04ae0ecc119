//! Somebody else: a person who changes, just before a call is served, one of the things that it names.
//!
//! What he does can be told from everything else, and is never done twice to the same thing: hop limits become 7, a group's greatest size grows by one.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::hash;
use crate::operations::Call;
use crate::service::Service;
use crate::world::ids::{self, Parsed};
use crate::world::launch::Wish;
use crate::world::options::{MetadataOptions, State};
use crate::world::stock::Stock;
use crate::world::template::{TemplateData, Version};

/// The hop limit that nobody else sets.
const HOPS: u8 = 7;

/// One change by somebody else. `GET /_simulator/drifted` lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The account's id.
    pub account: String,
    /// The region's name.
    pub region: String,
    /// The id of an instance or a launch template, or the name of an Auto Scaling group.
    pub resource: String,
    /// What was changed, in words: `hop limit 7`, `version 4 with hop limit 7 is the default`, `maximum size 5`.
    pub what: String,
}

/// All changes by somebody else.
#[derive(Default)]
pub(crate) struct Drifts {
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    all: Vec<Drift>,
    touched: HashSet<String>,
}

/// Something that a call names, by its index in the unit.
#[derive(Clone, Copy)]
enum Named {
    Instance(u64),
    Template(u64),
    Group(u64),
}

impl Drifts {
    /// All of them, the oldest first.
    pub(crate) fn list(&self) -> Vec<Drift> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).all.clone()
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).all.len() as u64
    }

    /// Changes one of the things that a call names; false if there is none left to change.
    pub(crate) fn strike(&self, call: &Call<'_>) -> bool {
        let names = names(call);
        if names.is_empty() {
            return false;
        }
        let Ok(mut stock) = call.stock() else { return false };
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let key = |name: &str| format!("{}/{}/{name}", call.account.id, call.region);
        let candidates: Vec<(String, Named)> = names
            .into_iter()
            .filter(|name| !log.touched.contains(&key(name)))
            .filter_map(|name| find(&stock, &name).map(|named| (name, named)))
            .collect();
        let first = hash::text(call.request_id) as usize % candidates.len().max(1);
        let (before, after) = candidates.split_at(first);
        for (name, named) in after.iter().chain(before) {
            let Some(what) = change(&mut stock, *named) else { continue };
            log.touched.insert(key(name));
            log.all.push(Drift {
                account: call.account.id.clone(),
                region: call.region.to_owned(),
                resource: name.clone(),
                what,
            });
            return true;
        }
        false
    }
}

/// The ids and names in a call.
fn names(call: &Call<'_>) -> Vec<String> {
    let (single, lists): (&[&str], &[&str]) = match call.service {
        Service::Ec2 => (
            &["InstanceId", "LaunchTemplateId", "LaunchTemplateName"],
            &["InstanceId", "LaunchTemplateId", "LaunchTemplateName"],
        ),
        Service::AutoScaling => (&["AutoScalingGroupName"], &["AutoScalingGroupNames.member"]),
        _ => return Vec::new(),
    };
    let single = single.iter().filter_map(|name| call.parameters.get(name));
    let listed = lists.iter().flat_map(|name| call.parameters.list(name));
    single.chain(listed).map(str::to_owned).collect()
}

fn find(stock: &Stock<'_>, name: &str) -> Option<Named> {
    if let Parsed::Id(id) = ids::parse("i-", name) {
        return stock.find_instance(id).map(Named::Instance);
    }
    if let Parsed::Id(id) = ids::parse("lt-", name) {
        return stock.find_template(id).map(|(index, _)| Named::Template(index));
    }
    let group = stock.find_group(name).map(Named::Group);
    group.or_else(|| stock.find_template_named(name).map(|(index, _)| Named::Template(index)))
}

/// Changes a thing, and tells what was changed; none if it cannot be.
fn change(stock: &mut Stock<'_>, named: Named) -> Option<String> {
    match named {
        Named::Instance(index) => {
            let instance = stock.instance(index);
            let gone = matches!(instance.state, State::Terminated | State::ShuttingDown);
            if gone || instance.metadata.hop_limit == HOPS {
                return None;
            }
            let options = MetadataOptions { pending: true, hop_limit: HOPS, ..instance.metadata };
            stock.set_options(&instance, options);
            Some(format!("hop limit {HOPS}"))
        }
        Named::Template(index) => {
            let mut template = stock.template(index);
            let data = template.version(template.default)?.data.clone();
            let wish = Wish { hop_limit: Some(HOPS), ..data.metadata.unwrap_or_default() };
            template.given += 1;
            template.latest = template.given;
            template.default = template.latest;
            template.versions.push(Version {
                number: template.latest,
                created: stock.now,
                description: Some("changed by hand".to_owned()),
                data: TemplateData { metadata: Some(wish), ..data },
            });
            let what = format!("version {} with hop limit {HOPS} is the default", template.latest);
            stock.put_template(index, template);
            Some(what)
        }
        Named::Group(index) => {
            let mut group = stock.group(index);
            group.max += 1;
            let what = format!("maximum size {}", group.max);
            stock.put_group(group);
            Some(what)
        }
    }
}
