//! Guardrails to attach: service control policies, EC2 policies, policies for identities, and the data
//! perimeter for what cannot move to version 2 yet.

use serde_json::{Map, Value, json};

use crate::{imds::PRINCIPAL, pattern::Pattern, statements};

/// The limit of AWS Organizations for a service control policy, in characters.
pub(crate) const SCP_LIMIT: usize = 10_240;

/// A policy, and what has to be known before it is attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The policy's JSON.
    pub text: String,
    /// Sentences for people.
    pub notes: Vec<&'static str>,
}

/// Why no policy was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GenerateError(String);

/// What to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A service control policy.
    Scp(GuardOptions),
    /// The same for identities: a permissions boundary, or a policy of users and roles.
    Iam(GuardOptions),
    /// An EC2 policy (declarative policy for EC2).
    Ec2Policy(Ec2Options),
    /// A service control policy that binds an instance's credentials to its VPC and address.
    DataPerimeter {
        /// As in [`GuardOptions`].
        partition: String,
        /// As in [`GuardOptions`].
        exempt: Vec<String>,
    },
}

/// What a guardrail of the IAM language holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardOptions {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// The highest hop limit that passes, 1 to 64.
    pub max_hop_limit: Option<u8>,
    /// ARNs of users and roles that the guardrail lets through; wildcards allowed, but not everybody.
    pub exempt: Vec<String>,
    /// Deny every call with credentials that version 1 delivered.
    pub role_delivery: bool,
    /// Deny what would take the policy away. Only a service control policy can hold it.
    pub self_protection: bool,
}

impl Default for GuardOptions {
    fn default() -> Self {
        Self {
            partition: "aws".to_owned(),
            max_hop_limit: None,
            exempt: Vec::new(),
            role_delivery: false,
            self_protection: true,
        }
    }
}

/// What an EC2 policy holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ec2Options {
    /// Refuse launches and changes that would let version 1 in, not only set the default.
    pub enforce: bool,
    /// The default hop limit, 1 to 64.
    pub hop_limit: Option<u8>,
    /// What AWS tells people whose call is refused.
    pub exception_message: Option<String>,
}

impl Default for Ec2Options {
    fn default() -> Self {
        Self { enforce: true, hop_limit: None, exception_message: None }
    }
}

const SILENT: &str = "launches that name no HttpTokens may be refused even where account or image give \
 version 2: AWS \
                      does not document whether the condition key is set for them";
const SERVICE_LINKED: &str = "it does not bind service-linked roles (Auto Scaling, Spot) and the \
 management account: an \
                              EC2 policy with http_tokens_enforced does";
const ROLE_DELIVERY: &str = "role delivery denies EVERY call with credentials that version 1 delivered, \
 at once and everywhere: \
     first look for ec2RoleDelivery 1.0 in CloudTrail (userIdentity.sessionContext), and attach it to \
     one account";
const NO_WAY_BACK: &str = "enforcement also refuses to set an instance back to optional: undoing a \
 change then needs this policy \
     detached first, so attach it last";
const DEFAULTS_ONLY: &str =
    "it sets defaults only: a launch that asks for HttpTokens=optional still gets version 1";
const PERIMETER: &str = "credentials of an instance then work through VPC endpoints of its own VPC \
 alone: every service that it calls \
     needs one, or the call is denied";
const PERIMETER_LIMIT: &str =
    "it makes stolen credentials useless elsewhere; it does not close version 1";

/// Writes a policy.
///
/// # Errors
/// Where an option is out of its range, an exemption is no principal or exempts everybody, or the policy
/// gets longer than AWS takes.
pub fn generate(kind: &Kind) -> Result<Generated, GenerateError> {
    match kind {
        Kind::Scp(options) => {
            let mut notes = vec![SILENT, SERVICE_LINKED];
            notes.extend(options.role_delivery.then_some(ROLE_DELIVERY));
            Ok(Generated { text: guard(options, options.self_protection)?, notes })
        }
        Kind::Iam(options) => {
            let mut notes = vec![
                "it only denies: attach it beside what allows, or as part of a permissions boundary",
                SILENT,
            ];
            notes.extend(options.role_delivery.then_some(ROLE_DELIVERY));
            Ok(Generated { text: guard(options, false)?, notes })
        }
        Kind::Ec2Policy(options) => ec2_policy(options),
        Kind::DataPerimeter { partition, exempt } => perimeter(partition, exempt),
    }
}

fn guard(options: &GuardOptions, self_protection: bool) -> Result<String, GenerateError> {
    let partition = known_partition(&options.partition)?;
    let mut all =
        vec![statements::launch(partition), statements::change(partition), statements::defaults()];
    if let Some(most) = options.max_hop_limit {
        let most = limit(most)?;
        all.push(statements::launch_hop_limit(partition, most));
        all.push(statements::change_hop_limit(partition, most));
    }
    if options.role_delivery {
        all.push(statements::role_delivery());
    }
    if self_protection {
        all.push(statements::self_protection());
    }
    finish(all, &options.exempt)
}

fn perimeter(partition: &str, exempt: &[String]) -> Result<Generated, GenerateError> {
    known_partition(partition)?;
    let all = vec![
        statements::source(
            "DenyInstanceCredentialsOutsideTheirVpc",
            "aws:Ec2InstanceSourceVpc",
            "${aws:SourceVpc}",
        ),
        statements::source(
            "DenyInstanceCredentialsFromOtherAddresses",
            "aws:Ec2InstanceSourcePrivateIPv4",
            "${aws:VpcSourceIp}",
        ),
    ];
    Ok(Generated { text: finish(all, exempt)?, notes: vec![PERIMETER, PERIMETER_LIMIT] })
}

/// Adds the exemptions to each statement, and looks at the length.
fn finish(mut all: Vec<Value>, exempt: &[String]) -> Result<String, GenerateError> {
    for arn in exempt {
        exemption(arn)?;
    }
    if !exempt.is_empty() {
        for statement in &mut all {
            statements::add_condition(statement, "ArnNotLike", PRINCIPAL, json!(exempt));
        }
    }
    let text = statements::policy(&all);
    let characters = text.chars().count();
    if characters > SCP_LIMIT {
        return Err(GenerateError(format!(
            "the policy has {characters} characters, and AWS takes {SCP_LIMIT}: exempt fewer \
             principals, or by a pattern"
        )));
    }
    Ok(text + "\n")
}

fn exemption(arn: &str) -> Result<(), GenerateError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let shaped = matches!(parts.as_slice(), ["arn", _, "iam", "", account, name]
        if (*account == "*" || account.len() == 12 && account.chars().all(|c| c.is_ascii_digit()))
            && ["role/", "user/"].iter().any(|kind| name.starts_with(kind)));
    if !shaped || arn.contains(['$', '"', '\\']) || arn.chars().any(char::is_control) {
        return Err(GenerateError(format!(
            "`{arn}` is no principal to exempt: write arn:aws:iam::111122223333:role/NAME, or `*` for \
             the account; \
             for a session (assumed-role), name its role"
        )));
    }
    if exempts_everybody(arn) {
        return Err(GenerateError(format!(
            "`{arn}` exempts everybody: a guardrail that binds nobody is none"
        )));
    }
    Ok(())
}

/// Names that have nothing in common: a pattern that matches all of them was not meant for some.
const NAMES: [&str; 3] = ["admin", "Zq7+w=8.K", "path/to/x_y-9@e"];

/// Whether a pattern for principals matches every role, or every user, of an account.
pub(crate) fn exempts_everybody(pattern: &str) -> bool {
    let pattern = Pattern::new(pattern);
    let matches = |partition: &str, kind: &str| {
        let mut arns = ["111122223333", "999988887777"].into_iter().flat_map(|account| {
            NAMES.map(|name| format!("arn:{partition}:iam::{account}:{kind}/{name}"))
        });
        arns.all(|arn| {
            let arn = Pattern::literal(&arn);
            pattern.matches(&arn) == crate::Truth::Yes
                || pattern.matches_arn_parts(&arn) == crate::Truth::Yes
        })
    };
    ["aws", "aws-cn", "aws-us-gov"]
        .iter()
        .any(|partition| ["role", "user"].iter().any(|kind| matches(partition, kind)))
}

fn known_partition(partition: &str) -> Result<&str, GenerateError> {
    match partition {
        "aws" | "aws-cn" | "aws-us-gov" => Ok(partition),
        other => {
            Err(GenerateError(format!("`{other}` is no partition: aws, aws-cn or aws-us-gov")))
        }
    }
}

fn limit(hops: u8) -> Result<u8, GenerateError> {
    if (1..=64).contains(&hops) {
        Ok(hops)
    } else {
        Err(GenerateError(format!("a hop limit is 1 to 64, not {hops}")))
    }
}

fn ec2_policy(options: &Ec2Options) -> Result<Generated, GenerateError> {
    let assign = |value: &str| json!({"@@assign": value});
    let mut defaults = Map::new();
    defaults.insert("http_tokens".to_owned(), assign("required"));
    if let Some(hops) = options.hop_limit {
        let hops = limit(hops)?.to_string();
        defaults.insert("http_put_response_hop_limit".to_owned(), assign(&hops));
    }
    if options.enforce {
        defaults.insert("http_tokens_enforced".to_owned(), assign("enabled"));
    }
    // Nobody below the place where it is attached can assign other values.
    let mut attributes = Map::new();
    if let Some(message) = &options.exception_message {
        attributes.insert("exception_message".to_owned(), assign(message));
    }
    defaults.insert("@@operators_allowed_for_child_policies".to_owned(), json!(["@@none"]));
    attributes.insert("instance_metadata_defaults".to_owned(), Value::Object(defaults));
    let text = format!("{:#}\n", json!({"ec2_attributes": attributes}));
    let note = if options.enforce { NO_WAY_BACK } else { DEFAULTS_ONLY };
    Ok(Generated { text, notes: vec![note] })
}
