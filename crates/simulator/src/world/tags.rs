//! The tags of an instance.

use super::accounts::Account;
use super::catalog::{BEANSTALK, CLUSTERS, ODD_NAMES, STACKS};
use super::instance::{Instance, Origin};
use crate::xml::{push_aws_id, push_number};

/// The value of a tag, in parts, so that showing it needs no memory of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value {
    /// A text that may need escaping.
    Text(&'static str),
    /// Plain words joined by hyphens, then a number.
    Numbered(&'static [&'static str], [&'static str; 2], u64),
    /// `lt-` and the like.
    Id(&'static str, u64),
    /// A number alone.
    Number(u64),
}

impl Value {
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
            Self::Id(prefix, id) => push_aws_id(out, prefix, id),
            Self::Number(number) => push_number(out, number),
        }
    }
}

/// Calls `visit` with every tag of the instance, in a fixed order.
pub(crate) fn each(
    instance: &Instance,
    account: &Account,
    visit: &mut impl FnMut(&'static str, Value),
) {
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
        visit("CostCenter", Value::Numbered(&["CC"], ["", ""], 1_000 + instance.group * 137));
    }
    origin_tags(instance, account, visit);
}

fn name(instance: &Instance, account: &Account, draw: u64) -> Value {
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

fn origin_tags(
    instance: &Instance,
    account: &Account,
    visit: &mut impl FnMut(&'static str, Value),
) {
    let group = instance.group;
    match instance.origin {
        Origin::ByHand => {}
        Origin::AutoScaling => {
            let words = [instance.workload.name, account.environment];
            visit("aws:autoscaling:groupName", Value::Numbered(&["asg"], words, group));
            visit("aws:ec2launchtemplate:id", Value::Id("lt-", instance.launch_template()));
            visit(
                "aws:ec2launchtemplate:version",
                Value::Number(instance.launch_template_version()),
            );
        }
        Origin::Kubernetes => {
            let (cluster, owned, nodes) = CLUSTERS[group as usize % CLUSTERS.len()];
            visit("aws:autoscaling:groupName", Value::Numbered(&["eks"], [cluster, nodes], group));
            visit("eks:cluster-name", Value::Text(cluster));
            visit("eks:nodegroup-name", Value::Text(nodes));
            visit(owned, Value::Text("owned"));
        }
        Origin::Beanstalk => {
            visit(
                "elasticbeanstalk:environment-name",
                Value::Text(BEANSTALK[group as usize % BEANSTALK.len()]),
            );
        }
        Origin::CloudFormation => {
            visit(
                "aws:cloudformation:stack-name",
                Value::Text(STACKS[group as usize % STACKS.len()]),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_plainly() {
        let text = |value: Value| {
            let mut out = Vec::new();
            value.write(&mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(Value::Text("a&b")), "a&b");
        assert_eq!(text(Value::Numbered(&["asg"], ["web", "prod"], 7)), "asg-web-prod-7");
        assert_eq!(text(Value::Numbered(&["CC"], ["", ""], 1_137)), "CC-1137");
        assert_eq!(text(Value::Id("lt-", 255)), "lt-000000000000000ff");
        assert_eq!(text(Value::Number(12)), "12");
    }
}
