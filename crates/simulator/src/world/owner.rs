//! Who looks after a launch template or a group: nobody but its team, or another service, as names and tags tell.

use crate::hash::{self, Draws};
use crate::xml::push_hex;

use super::catalog::{BEANSTALK, CLUSTERS, STACKS};

/// The service that made a template or a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A team, by hand or with a tool that leaves no mark.
    Nobody,
    /// A managed node group of EKS.
    Eks,
    Beanstalk,
    Batch,
    CloudFormation,
}

impl Owner {
    pub(super) const fn draw(draws: &mut Draws) -> Self {
        match draws.below(100) {
            0..23 => Self::Eks,
            23..30 => Self::Beanstalk,
            30..35 => Self::Batch,
            35..41 => Self::CloudFormation,
            _ => Self::Nobody,
        }
    }
}

/// The cluster that the template or group number `index` of a unit belongs to, if it is EKS's: its name, and the tag that marks its nodes.
pub(crate) const fn cluster(index: u64) -> (&'static str, &'static str) {
    let (name, tag, _) = CLUSTERS[(index % CLUSTERS.len() as u64) as usize];
    (name, tag)
}

/// The name of the node group of a template or group number `index`: one in its cluster.
pub(crate) fn node_group(index: u64) -> String {
    format!("{}-{index}", node_group_words(index))
}

/// The name of the node group without its number.
pub(crate) const fn node_group_words(index: u64) -> &'static str {
    CLUSTERS[(index % CLUSTERS.len() as u64) as usize].2
}

/// The Beanstalk environment of a template or group number `index`.
pub(crate) const fn environment(index: u64) -> &'static str {
    BEANSTALK[(index % BEANSTALK.len() as u64) as usize]
}

/// The CloudFormation stack of a template or group number `index`.
pub(crate) const fn stack(index: u64) -> &'static str {
    STACKS[(index % STACKS.len() as u64) as usize]
}

/// Appends a number as a UUID; two numbers made from it fill the 32 digits.
pub(crate) fn push_uuid(out: &mut Vec<u8>, number: u64) {
    let second = hash::mix(number);
    push_hex::<8>(out, number >> 32);
    out.push(b'-');
    push_hex::<4>(out, number >> 16);
    out.push(b'-');
    push_hex::<4>(out, number);
    out.push(b'-');
    push_hex::<4>(out, second >> 48);
    out.push(b'-');
    push_hex::<12>(out, second);
}

/// A number as a UUID.
pub(crate) fn uuid(number: u64) -> String {
    let mut out = Vec::with_capacity(36);
    push_uuid(&mut out, number);
    String::from_utf8(out).unwrap_or_default()
}

/// The tags by which the service that made a template marks it.
pub(crate) fn template_tags(owner: Owner, index: u64) -> Vec<(String, String)> {
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    match owner {
        Owner::Nobody => Vec::new(),
        Owner::Eks => vec![
            tag("eks:cluster-name", cluster(index).0),
            tag("eks:nodegroup-name", &node_group(index)),
        ],
        Owner::Beanstalk => vec![tag("elasticbeanstalk:environment-name", environment(index))],
        Owner::Batch => vec![tag("AWSBatchServiceTag", "batch")],
        Owner::CloudFormation => vec![tag("aws:cloudformation:stack-name", stack(index))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_their_form() {
        let text = uuid(hash::mix(5));
        let lengths: Vec<usize> = text.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
    }

    #[test]
    fn node_groups_of_a_cluster_have_names_of_their_own() {
        assert_eq!(cluster(1), cluster(5));
        assert_ne!(node_group(1), node_group(5));
        assert_eq!(template_tags(Owner::Eks, 1).len(), 2);
    }
}
