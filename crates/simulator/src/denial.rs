//! Denials: which actions are not permitted where, and in whose name.

use crate::glob::Glob;

/// An action that is not permitted in some account and region. Every part may hold `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Account id, or account name.
    pub account: String,
    /// Region; the global services (IAM, Organizations) count as us-east-1.
    pub region: String,
    /// `service:Action`, for example `ec2:DescribeInstances`. For `sts:AssumeRole` the account is the role's.
    pub action: String,
    /// Whether the refusal names an explicit deny in a service control policy, and not just a missing permission.
    pub by_policy: bool,
}

/// Why a text is no [`Denial`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no denial: write ACCOUNT:REGION:SERVICE:ACTION, for example *:eu-west-1:ec2:Describe*"
)]
pub struct DenialParseError(String);

impl Denial {
    /// Reads `ACCOUNT:REGION:service:Action`.
    pub fn parse(text: &str, by_policy: bool) -> Result<Self, DenialParseError> {
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            [account, region, service, action] if parts.iter().all(|part| !part.is_empty()) => {
                Ok(Self {
                    account: account.to_owned(),
                    region: region.to_owned(),
                    action: format!("{service}:{action}"),
                    by_policy,
                })
            }
            _ => Err(DenialParseError(text.to_owned())),
        }
    }
}

/// Who refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No policy of the identity allows it.
    NotAllowed,
    /// A service control policy denies it.
    DeniedByPolicy,
}

struct Rule {
    account: Glob,
    region: Glob,
    action: Glob,
    refusal: Refusal,
}

/// All denials, compiled.
pub(crate) struct Denials(Vec<Rule>);

impl Denials {
    pub(crate) fn new(denials: &[Denial]) -> Self {
        let rule = |denial: &Denial| Rule {
            account: Glob::new(&denial.account),
            region: Glob::new(&denial.region),
            action: Glob::ignoring_case(&denial.action),
            refusal: if denial.by_policy { Refusal::DeniedByPolicy } else { Refusal::NotAllowed },
        };
        Self(denials.iter().map(rule).collect())
    }

    /// Who refuses this call, if anybody. An explicit deny beats a missing permission, as in IAM.
    pub(crate) fn refusal(
        &self,
        account: (&str, &str),
        region: &str,
        action: &str,
    ) -> Option<Refusal> {
        let (id, name) = account;
        let hits = |rule: &&Rule| {
            rule.action.matches(action.as_bytes())
                && rule.region.matches(region.as_bytes())
                && (rule.account.matches(id.as_bytes()) || rule.account.matches(name.as_bytes()))
        };
        let mut found = None;
        for rule in self.0.iter().filter(hits) {
            found = Some(rule.refusal);
            if rule.refusal == Refusal::DeniedByPolicy {
                break;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_four_parts() {
        let denial = Denial::parse("111122223333:*:ec2:Describe*", true).unwrap();
        assert_eq!(
            denial,
            Denial {
                account: "111122223333".into(),
                region: "*".into(),
                action: "ec2:Describe*".into(),
                by_policy: true
            }
        );
        for text in ["", "1:2:3", "1:2:3:4:5", "1::ec2:X", ":::"] {
            assert!(
                Denial::parse(text, false)
                    .unwrap_err()
                    .to_string()
                    .contains("ACCOUNT:REGION:SERVICE:ACTION")
            );
        }
    }

    #[test]
    fn matches_by_id_name_region_and_action() {
        let denials = Denials::new(&[
            Denial::parse("shop-*:eu-*:ec2:describe*", false).unwrap(),
            Denial::parse("*:eu-west-1:*:*", true).unwrap(),
        ]);
        let shop = ("111122223333", "shop-prod");
        assert_eq!(
            denials.refusal(shop, "eu-central-1", "ec2:DescribeInstances"),
            Some(Refusal::NotAllowed)
        );
        assert_eq!(
            denials.refusal(shop, "eu-west-1", "ec2:DescribeInstances"),
            Some(Refusal::DeniedByPolicy)
        );
        assert_eq!(denials.refusal(shop, "us-east-1", "ec2:DescribeInstances"), None);
        assert_eq!(
            denials.refusal(("444455556666", "erp"), "eu-central-1", "ec2:DescribeInstances"),
            None
        );
    }
}
