//! Guardrails that are written in code: service control policies and EC2 policies, in files of their own or
//! in the resources that attach them. A dialect hands over the text as AWS would get it; what is wrong with
//! it is the word of crate `imdsure-policy`.

mod json;
mod lines;
mod output;
mod value;

use imdsure_policy::{
    Ec2Policy, Effect, LintKind, Mistake, MistakeSeverity, Policy, PolicyError, Position, lint,
    lint_ec2,
};

use crate::{
    node::Node,
    source::{Place, Source},
};

/// What a policy is attached as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// A service control policy.
    Scp,
    /// An EC2 policy, which AWS also calls a declarative one.
    Ec2,
    /// A policy of identities that speaks of the metadata service.
    Iam,
}

impl PolicyKind {
    /// `scp`, `ec2` or `iam`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scp => "scp",
            Self::Ec2 => "ec2",
            Self::Iam => "iam",
        }
    }

    /// That of a type of Organizations, as AWS names it; none for other kinds of policies.
    pub fn of_type(name: &str) -> Option<Self> {
        match name {
            "SERVICE_CONTROL_POLICY" => Some(Self::Scp),
            "DECLARATIVE_POLICY_EC2" => Some(Self::Ec2),
            _ => None,
        }
    }
}

/// One guardrail in code: one row of the table `iac_policy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySpec {
    /// The dialect's name.
    pub dialect: &'static str,
    /// What it is attached as.
    pub kind: PolicyKind,
    /// The dialect's address; the file's name where the file is the policy.
    pub address: String,
    /// Where it is written.
    pub place: Place,
    /// Its text, or what keeps it from being known.
    pub text: Result<String, Unresolved>,
    /// What the linter says; nothing where the text is not known.
    pub lints: Vec<PolicyLint>,
}

/// Why a policy's text is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// Why.
    pub reason: String,
    /// The expression as written.
    pub expression: String,
}

/// What the linter says, and where that is in the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyLint {
    /// What it says. Its own position is that in the policy's text.
    pub mistake: Mistake,
    /// The place in the code, as narrow as it is known.
    pub place: Place,
}

impl PolicySpec {
    /// The row of a policy whose text is not known.
    pub fn open(
        dialect: &'static str,
        address: &str,
        kind: Option<PolicyKind>,
        place: Place,
        unresolved: Unresolved,
    ) -> Self {
        let kind = kind.unwrap_or(PolicyKind::Scp);
        let address = address.to_owned();
        Self { dialect, kind, address, place, text: Err(unresolved), lints: Vec::new() }
    }

    /// Whether a policy may be about launches or the metadata service, by what is written of it.
    pub fn may_be_one(written: &str) -> bool {
        let words =
            ["metadata", "runinstances", "roledelivery", "http_tokens", "httptokens", "imds"];
        let written = written.to_ascii_lowercase();
        words.iter().any(|word| written.contains(word))
    }

    /// The worst of what the linter says.
    pub fn worst(&self) -> Option<MistakeSeverity> {
        self.lints.iter().map(|lint| lint.mistake.severity).max()
    }
}

/// The text of a policy as it would be attached, and where its parts are written.
#[derive(Debug, Clone)]
pub struct PolicyText {
    text: String,
    place: Place,
    /// Positions in the text, in order, and what is written there.
    marks: Vec<(Position, Place)>,
    /// Whether the text is that of its place, byte for byte.
    source: Option<String>,
    /// The lines of the file that it stands in, where it was evaluated and has as many.
    lines: Option<lines::Lines>,
}

/// What a part of a policy comes to, where it is put together from the nodes of a file.
#[derive(Debug, Clone)]
pub enum Part<'a> {
    /// This node.
    Node(&'a Node),
    /// A string.
    Text(String),
    /// Nothing: the member is left out.
    Nothing,
    /// It is not known, and why.
    Open(String),
}

impl PolicyText {
    /// A text that was evaluated; `place` is what it comes from.
    pub fn new(text: impl Into<String>, place: Place) -> Self {
        Self { text: text.into(), place, marks: Vec::new(), source: None, lines: None }
    }

    /// A file that is a policy.
    pub fn of_file(source: &Source) -> Self {
        let (body, base) = source.body();
        let place = source.place(base..source.text().len());
        Self {
            text: body.to_owned(),
            place,
            marks: Vec::new(),
            source: Some(source.text().to_owned()),
            lines: None,
        }
    }

    /// The tree below a node as JSON, each value as `resolve` says.
    pub fn of_node<'a>(
        source: &Source,
        node: &'a Node,
        resolve: &dyn Fn(&'a Node) -> Part<'a>,
    ) -> Result<Self, Unresolved> {
        let mut writer = json::Writer { source, resolve, out: output::Output::new() };
        writer.value(node, 0)?;
        Ok(writer.out.policy(source.place(node.span.clone())))
    }

    /// The row of this policy; none where it does not speak of launches or the metadata service, or is no
    /// policy at all. `kind` is what the code says that it is attached as.
    pub fn judged(
        self,
        dialect: &'static str,
        address: &str,
        kind: Option<PolicyKind>,
    ) -> Option<PolicySpec> {
        let (kind, mistakes) = judge(&self.text, kind)?;
        let lints = mistakes
            .into_iter()
            .map(|mistake| PolicyLint { place: self.at(mistake.position), mistake });
        Some(PolicySpec {
            dialect,
            kind,
            address: address.to_owned(),
            lints: lints.collect(),
            text: Ok(self.text.clone()),
            place: self.place,
        })
    }

    fn at(&self, position: Position) -> Place {
        if let Some(text) = &self.source {
            let source = Source::new(self.place.path.to_path_buf(), text.as_str());
            let at = crate::source::Position { line: position.line, column: position.column };
            let offset = source.offset(at);
            return source.place(offset..offset + lines::length(&source, offset));
        }
        let line = || self.lines.as_ref().and_then(|lines| lines.place(&self.text, position));
        let mark = self.marks.iter().find(|(own, _)| *own == position);
        mark.map(|(_, place)| place.clone()).or_else(line).unwrap_or_else(|| self.place.clone())
    }
}

/// Words of a policy that speaks of the metadata service.
const WORDS: [&str; 6] = [
    "metadatahttp",
    "ec2:roledelivery",
    "attribute/http",
    "modifyinstancemetadata",
    "httptokens",
    "imdssupport",
];

fn judge(text: &str, kind: Option<PolicyKind>) -> Option<(PolicyKind, Vec<Mistake>)> {
    let lower = text.to_ascii_lowercase();
    let is_ec2 = kind == Some(PolicyKind::Ec2)
        || kind.is_none() && !lower.contains("\"statement\"") && lower.contains('{');
    if is_ec2 {
        if !["instance_metadata_defaults", "http_tokens"].iter().any(|word| lower.contains(word)) {
            return None;
        }
        let mistakes = match Ec2Policy::parse(text) {
            Ok(policy) => lint_ec2(&policy),
            Err(error) => vec![refused(&error)],
        };
        return Some((PolicyKind::Ec2, mistakes));
    }
    let about = WORDS.iter().any(|word| lower.contains(word));
    let launches = ["ec2:runinstances", "ec2:createfleet", "ec2:run*"];
    let launches = launches.iter().any(|word| lower.contains(word));
    if !about && !launches {
        return None;
    }
    let policy = match Policy::parse(text) {
        Ok(policy) => policy,
        // It has to be one to be refused as one.
        Err(error) => {
            let scp = kind.is_some() || about && lower.contains("\"deny\"");
            return scp.then(|| (PolicyKind::Scp, vec![refused(&error)]));
        }
    };
    let denies = policy.statements().iter().any(|statement| statement.effect() == Effect::Deny);
    let lint_kind = match kind {
        Some(PolicyKind::Iam) => LintKind::Identity,
        Some(_) => LintKind::Scp,
        None => LintKind::of(&policy),
    };
    let own = if lint_kind == LintKind::Scp { PolicyKind::Scp } else { PolicyKind::Iam };
    // That somebody may launch is no guardrail.
    (about || denies).then(|| (own, lint(&policy, lint_kind)))
}

fn refused(error: &PolicyError) -> Mistake {
    Mistake {
        code: "not-a-policy",
        severity: MistakeSeverity::Error,
        statement: None,
        sid: None,
        position: error.at,
        explanation: error.message.clone(),
        sound: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny",
  "Action": "ec2:ModifyInstanceMetadataOptions", "Resource": "*",
  "Condition": {"StringNotEquals": {"ec2:MetadataHttpTokens": "required"}}}]}"#;

    #[test]
    fn a_file_is_judged_with_the_places_of_its_mistakes() {
        let source = Source::new("scp.json", format!("\u{feff}{DENY}"));
        let spec = PolicyText::of_file(&source).judged("policy", "scp.json", None).unwrap();
        assert_eq!((spec.kind, spec.worst()), (PolicyKind::Scp, Some(MistakeSeverity::Error)));
        let lines: Vec<_> = spec.lints.iter().map(|lint| lint.place.start.line).collect();
        assert!(lines.contains(&3), "{:#?}", spec.lints);
    }

    fn open(node: &Node) -> Part<'_> {
        match node.text() {
            Some("required") => Part::Open("why".to_owned()),
            _ => Part::Node(node),
        }
    }

    #[test]
    fn a_tree_is_judged_with_the_places_of_its_nodes() {
        let text = "x:\n  Version: '2012-10-17'\n  Statement:\n    - Effect: Deny\n      Action: ec2:ModifyInstanceMetadataOptions\n      Resource: '*'\n      Condition:\n        StringNotEquals:\n          ec2:MetadataHttpTokens: required\n";
        let source = Source::new("a.yaml", text);
        let tree = source.yaml().documents[0].clone();
        let node = tree.get("x").unwrap();
        let plain = |node| Part::Node(node);
        let text = PolicyText::of_node(&source, node, &plain).unwrap();
        let spec = text.judged("x", "x", Some(PolicyKind::Scp)).unwrap();
        let lines: Vec<_> = spec.lints.iter().map(|lint| lint.place.start.line).collect();
        assert!(lines.contains(&9), "{:#?}", spec.lints);
        let error = PolicyText::of_node(&source, node, &open).unwrap_err();
        assert_eq!((error.reason.as_str(), error.expression.as_str()), ("why", "required"));
    }

    #[test]
    fn what_is_no_guardrail_has_no_row() {
        let source = |text: &str| Source::new("a.json", text);
        let judged = |text: &str| PolicyText::of_file(&source(text)).judged("policy", "a", None);
        let allow = DENY.replace("Deny", "Allow");
        assert_eq!(judged(&allow).unwrap().kind, PolicyKind::Iam);
        let launch = r#"{"Statement": [{"Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*"}]}"#;
        assert!(judged(launch).is_none());
        assert_eq!(judged(&launch.replace("Allow", "Deny")).unwrap().kind, PolicyKind::Scp);
        let other = DENY.replace("ModifyInstanceMetadataOptions", "StopInstances");
        assert!(judged(&other.replace("MetadataHttpTokens", "Region")).is_none());
        assert!(judged("{\"a\": 1}").is_none() && judged("").is_none());
        let ec2 = r#"{"ec2_attributes": {"instance_metadata_defaults": {"http_tokens": {"@@assign": "required"}}}}"#;
        assert_eq!(judged(ec2).unwrap().kind, PolicyKind::Ec2);
        let wrong = r#"{"type": "declarative", "policies": {"http_tokens": "required"}}"#;
        assert_eq!(judged(wrong).unwrap().worst(), Some(MistakeSeverity::Error));
        let double = DENY.replace("\"Resource\"", "\"Effect\": \"Deny\", \"Resource\"");
        let spec = judged(&double).unwrap();
        assert_eq!(spec.lints[0].mistake.code, "not-a-policy");
    }
}
