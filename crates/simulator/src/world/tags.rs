//! The tags of an instance.

use super::accounts::Account;
use super::catalog::ODD_NAMES;
use super::group::{GroupSeed, LaunchedFrom};
use super::instance::{Instance, Origin};
use super::owner::{Owner, cluster, environment, node_group_words, push_uuid, stack};
use crate::xml::{push_aws_id, push_number};

/// The value of a tag, in parts, so that showing it needs no memory of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    /// A text that may need escaping.
    Text(&'a str),
    /// Plain words joined by hyphens, then a number.
    Numbered(&'static [&'static str], [&'static str; 2], u64),
    /// Two words and a UUID made from a number.
    WithUuid(&'static str, &'static str, u64),
    /// `lt-` and the like.
    Id(&'static str, u64),
    /// A number alone.
    Number(u64),
}

impl Value<'_> {
    /// Appends the value as it is, without escaping.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Numbered(before, words, number) => {
                for word in before.iter().chain(words.iter().filter(|word| !word.is_empty())) {
                    out.extend_from_slice(word.as_bytes());
                    out.push(b'-');
                }
                push_number(out, number);
            }
            Self::WithUuid(first, second, number) => {
                out.extend_from_slice(first.as_bytes());
                out.extend_from_slice(second.as_bytes());
                out.push(b'-');
                push_uuid(out, number);
            }
            Self::Id(prefix, id) => push_aws_id(out, prefix, id),
            Self::Number(number) => push_number(out, number),
        }
    }

    /// The value as text.
    pub(crate) fn text(self) -> String {
        let mut out = Vec::new();
        self.write(&mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}

/// Calls `visit` with every tag of the instance, in a fixed order.
pub(crate) fn each(
    instance: &Instance,
    account: &Account,
    visit: &mut impl FnMut(&str, Value<'_>),
) {
    if let Some(tags) = &instance.tags {
        tags.iter().for_each(|(key, value)| visit(key, Value::Text(value)));
        return;
    }
    let draw = instance.derived(2);
    if draw % 1000 < 900 {
        visit("Name", name(instance, account, draw));
    }
    if (draw >> 10) % 100 < 92 {
        visit("Environment", Value::Text(account.environment));
    }
    if (draw >> 20) % 100 < 85 {
        visit("Team", Value::Text(instance.workload.team));
    }
    if (draw >> 30) % 100 < 70 {
        visit("CostCenter", Value::Numbered(&["CC"], ["", ""], 1_000 + instance.set * 137));
    }
    match instance.origin {
        Origin::ByHand => {}
        Origin::Stack => visit("aws:cloudformation:stack-name", Value::Text(stack(instance.set))),
        Origin::Member(group) => member_tags(instance, account, &group, visit),
    }
}

fn name(instance: &Instance, account: &Account, draw: u64) -> Value<'static> {
    let odd = (draw >> 40) % 100;
    match ODD_NAMES.get((draw >> 50) as usize % ODD_NAMES.len()) {
        Some(name) if odd == 0 => Value::Text(name),
        _ => Value::Numbered(
            &[],
            [instance.workload.name, account.environment],
            instance.index % 1_000,
        ),
    }
}

/// What Auto Scaling and the service behind a group write on its members.
fn member_tags(
    instance: &Instance,
    account: &Account,
    group: &GroupSeed,
    visit: &mut impl FnMut(&str, Value<'_>),
) {
    visit("aws:autoscaling:groupName", group.name(account.environment));
    if let Some(LaunchedFrom::Template(id, version)) = instance.from {
        visit("aws:ec2launchtemplate:id", Value::Id("lt-", id));
        visit("aws:ec2launchtemplate:version", Value::Number(version));
    }
    match group.owner {
        Owner::Nobody => {}
        Owner::Eks => {
            let (cluster, owned) = cluster(group.index);
            let words = [node_group_words(group.index), ""];
            visit("eks:cluster-name", Value::Text(cluster));
            visit("eks:nodegroup-name", Value::Numbered(&[], words, group.index));
            visit(owned, Value::Text("owned"));
        }
        Owner::Beanstalk => {
            visit("elasticbeanstalk:environment-name", Value::Text(environment(group.index)));
        }
        Owner::Batch => visit("AWSBatchServiceTag", Value::Text("batch")),
        Owner::CloudFormation => {
            visit("aws:cloudformation:stack-name", Value::Text(stack(group.index)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_plainly() {
        let text = |value: Value<'_>| value.text();
        assert_eq!(text(Value::Text("a&b")), "a&b");
        assert_eq!(text(Value::Numbered(&["asg"], ["web", "prod"], 7)), "asg-web-prod-7");
        assert_eq!(text(Value::Numbered(&["CC"], ["", ""], 1_137)), "CC-1137");
        assert_eq!(text(Value::Id("lt-", 255)), "lt-000000000000000ff");
        assert_eq!(text(Value::Number(12)), "12");
    }
}
