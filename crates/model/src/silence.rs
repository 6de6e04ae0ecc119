//! Ignore comments of other tools: which of them silence a finding, once the configuration lets them count.

use serde::Deserialize;

use crate::Waived;

/// The tools whose comments are understood.
pub const TOOLS: [&str; 6] = ["checkov", "bridgecrew", "trivy", "tfsec", "kics", "datadog"];

/// A comment in code, as the table `iac_launch_spec` has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Comment {
    /// The tool.
    pub tool: String,
    /// The rule as written; empty where the comment silences all.
    pub rule: String,
    /// The reason as written; empty where there is none.
    pub reason: String,
    /// Its line.
    pub line: u32,
}

/// The first of these comments (JSON) that silences a control with these aliases, of the tools that count.
pub fn silencing(comments: &str, honoured: &[String], aliases: &[String]) -> Option<Comment> {
    let comments: Vec<Comment> = serde_json::from_str(comments).ok()?;
    comments
        .into_iter()
        .find(|comment| honoured.contains(&comment.tool) && comment.silences(aliases))
}

impl Comment {
    /// Whether it names one of these rules, or all.
    fn silences(&self, aliases: &[String]) -> bool {
        let sources: &[&str] = match self.tool.as_str() {
            "checkov" | "bridgecrew" => &["checkov"],
            // Trivy took tfsec's rules over, with their names.
            "trivy" | "tfsec" => &["trivy", "tfsec"],
            _ => &[],
        };
        let rule = self.rule.trim();
        let rule = rule.strip_prefix("AVD-").unwrap_or(rule);
        let all = rule.is_empty() || rule == "*" || rule.eq_ignore_ascii_case("all");
        all || aliases
            .iter()
            .filter_map(|alias| alias.split_once(':'))
            .any(|(source, id)| sources.contains(&source) && id.eq_ignore_ascii_case(rule))
    }

    /// What a finding says that it silences. A comment has no day on which it ends.
    pub fn waived(&self, path: &str) -> Waived {
        let Self { tool, rule, reason, line } = self;
        let comment = if rule.is_empty() { tool.clone() } else { format!("{tool} {rule}") };
        let reason = match reason.trim() {
            "" => format!("ignore comment of {comment}, no reason given"),
            reason => format!("{reason} (ignore comment of {comment})"),
        };
        Waived { reason, expires: None, compensating: Vec::new(), from: format!("{path}:{line}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_rule_of_a_tool_that_counts_silences() {
        let aliases =
            ["checkov:CKV_AWS_79", "trivy:AWS-0028", "tfsec:aws-ec2-x"].map(str::to_owned);
        let table = [
            ("checkov", "CKV_AWS_79", true),
            ("checkov", "ckv_aws_79", true),
            ("bridgecrew", "CKV_AWS_79", true),
            ("checkov", "CKV_AWS_8", false),
            ("checkov", "AWS-0028", false),
            ("trivy", "AVD-AWS-0028", true),
            ("trivy", "aws-ec2-x", true),
            ("tfsec", "*", true),
            ("kics", "", true),
            ("datadog", "", false),
        ];
        let honoured = ["checkov", "bridgecrew", "trivy", "tfsec", "kics"].map(str::to_owned);
        for (tool, rule, expected) in table {
            let comment =
                serde_json::json!([{"tool": tool, "rule": rule, "reason": "", "line": 3}]);
            let found = silencing(&comment.to_string(), &honoured, &aliases);
            assert_eq!(found.is_some(), expected, "{tool} {rule}");
        }
        let comments = r#"[{"tool":"checkov","rule":"CKV_AWS_79","reason":"old agent","line":3}]"#;
        let waived = silencing(comments, &honoured, &aliases).unwrap().waived("a.tf");
        assert_eq!(waived.from, "a.tf:3");
        assert_eq!(waived.reason, "old agent (ignore comment of checkov CKV_AWS_79)");
        assert_eq!(silencing("no json", &honoured, &aliases), None);
    }
}
