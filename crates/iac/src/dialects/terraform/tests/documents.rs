//! Policy documents: their statements, what they inherit, how often they are made.

use std::path::Path;

use proptest::prelude::*;

use super::policies::{SLIPS, one, policy, read};
use crate::{scan::scan_text, testing::Tree};

pub(super) const DOCUMENT: &str = r#"data "aws_iam_policy_document" "imds" {
  statement {
    sid       = "V2"
    effect    = "Deny"
    actions   = ["ec2:RunInstances"]
    resources = ["arn:aws:ec2:*:*:instance/*"]
    condition {
      test     = "StringEquals"
      variable = "ec2:MetadataHttpTokens"
      values   = ["optional"]
    }
  }
}
"#;

#[test]
fn a_document_of_statements_is_evaluated() {
    let attached = policy("data.aws_iam_policy_document.imds.json");
    let code = format!("{DOCUMENT}{attached}");
    let found = one(&[("main.tf", &code)]);
    assert_eq!(
        found,
        format!("main.tf aws_organizations_policy.imds scp: {SLIPS} at main.tf:9:18")
    );
    let minified = code.replace("imds.json", "imds.minified_json");
    assert_eq!(one(&[("main.tf", &minified)]), found);
    let tree = Tree::of(&[("main.tf", &code)]);
    let text: String = tree.scan().policies[0].text.clone().unwrap();
    let expected = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Sid\":\"V2\",\"Effect\":\"Deny\",\"Action\":[\"ec2:RunInstances\"],\"Resource\":[\"arn:aws:ec2:*:*:instance/*\"],\"Condition\":{\"StringEquals\":{\"ec2:MetadataHttpTokens\":[\"optional\"]}}}]}";
    assert_eq!(text.split_whitespace().collect::<String>(), expected);
    // What it does not say is not known.
    let open = DOCUMENT.replace("[\"optional\"]", "[var.word]");
    let open = format!("variable \"word\" {{}}\n{open}{attached}");
    let found = one(&[("main.tf", &open)]);
    assert!(found.ends_with("scp: variable word has no default (`variable \"word\"`)"), "{found}");
    let open = DOCUMENT.replace("\"StringEquals\"", "data.x.y.z");
    let found = one(&[("main.tf", &format!("{open}{attached}"))]);
    assert!(found.ends_with("scp: known only when it is applied (`data.x.y.z`)"), "{found}");
}

/// The text of the only policy, without white space.
fn text(code: &str) -> String {
    let scanned = Tree::of(&[("main.tf", code)]).scan();
    assert_eq!(scanned.errors, []);
    let [only] = scanned.policies.as_slice() else { panic!("{:#?}", scanned.policies) };
    only.text.clone().unwrap().split_whitespace().collect()
}

#[test]
fn documents_inherit_and_replace_statements() {
    let code = format!(
        r#"data "aws_iam_policy_document" "base" {{
  statement {{
    sid         = "V2"
    not_actions = ["iam:*"]
  }}
  statement {{
    effect    = "Deny"
    actions   = ["ec2:ModifyInstanceMetadataOptions"]
    resources = ["arn:aws:iam::&{{aws:PrincipalAccount}}:role/a"]
    principals {{
      type        = "AWS"
      identifiers = ["*"]
    }}
    dynamic "condition" {{
      for_each = toset(["a", "b"])
      content {{
        test     = "StringNotLike"
        variable = "aws:PrincipalArn"
        values   = [condition.value]
      }}
    }}
  }}
}}
data "aws_iam_policy_document" "imds" {{
  source_policy_documents   = [data.aws_iam_policy_document.base.json]
  override_policy_documents = [jsonencode({{ Statement = {{ Sid = "X", Effect = "Allow" }} }})]
  policy_id                 = "p"
  statement {{
    sid     = "V2"
    actions = ["ec2:RunInstances"]
  }}
}}
{}"#,
        policy("data.aws_iam_policy_document.imds.json")
    );
    let expected = "{\"Version\":\"2012-10-17\",\"Id\":\"p\",\"Statement\":[{\"Sid\":\"V2\",\"Effect\":\"Allow\",\"Action\":[\"ec2:RunInstances\"]},{\"Effect\":\"Deny\",\"Action\":[\"ec2:ModifyInstanceMetadataOptions\"],\"Resource\":[\"arn:aws:iam::${aws:PrincipalAccount}:role/a\"],\"Principal\":{\"AWS\":[\"*\"]},\"Condition\":{\"StringNotLike\":{\"aws:PrincipalArn\":[\"a\",\"b\"]}}},{\"Sid\":\"X\",\"Effect\":\"Allow\"}]}";
    assert_eq!(text(&code), expected);
    let circle = "data \"aws_iam_policy_document\" \"imds\" {\n  source_policy_documents = [data.aws_iam_policy_document.imds.json]\n}\n";
    let found = one(&[(
        "main.tf",
        &format!("{circle}{}", policy("data.aws_iam_policy_document.imds.json")),
    )]);
    assert!(found.contains("it refers to itself"), "{found}");
}

#[test]
fn documents_are_made_as_often_as_they_say() {
    let each = DOCUMENT.replace(
        "  statement {",
        "  for_each = { a = \"optional\", b = \"required\" }\n  statement {",
    );
    let each = each
        .replace("\"optional\"]", "each.value]")
        .replace("\"StringEquals\"", "\"StringNotEquals\"");
    let attached = policy("data.aws_iam_policy_document.imds[\"b\"].json");
    assert_eq!(
        read(&[("main.tf", &format!("{each}{attached}"))]),
        ["main.tf aws_organizations_policy.imds scp: "]
    );
    let all = policy("data.aws_iam_policy_document.imds[each.key].json")
        .replace("  name", "  for_each = toset([\"a\", \"b\"])\n  name");
    let found = read(&[("main.tf", &format!("{each}{all}"))]);
    assert!(
        found[0].starts_with("main.tf aws_organizations_policy.imds[\"a\"] scp: "),
        "{found:#?}"
    );
    assert!(
        found[0].len() > 60 && found[1] == "main.tf aws_organizations_policy.imds[\"b\"] scp: ",
        "{found:#?}"
    );
    let numbered = DOCUMENT.replace("  statement {", "  count = 1\n  statement {");
    for (count, content) in [
        ("1", "one(data.aws_iam_policy_document.imds[*].json)"),
        ("var.open", "data.aws_iam_policy_document.imds[0].json"),
    ] {
        let numbered = numbered.replace("count = 1", &format!("count = {count}"));
        let code = format!("variable \"open\" {{}}\n{numbered}{}", policy(content));
        let found = one(&[("main.tf", &code)]);
        assert!(found.contains(SLIPS), "{found}");
    }
    let open = each.replace("{ a = \"optional\", b = \"required\" }", "var.open");
    let attached = policy("data.aws_iam_policy_document.imds[\"a\"].json");
    let found = one(&[("main.tf", &format!("variable \"open\" {{}}\n{open}{attached}"))]);
    assert!(found.contains("how many there are is not known"), "{found}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fuzz_broken_documents_never_panic(at in 0_usize..900, gone in 0_usize..40, with in "[ -~\n\"{}\\[\\]$é]{0,12}") {
        let document = policy("data.aws_iam_policy_document.imds.json");
        let heredoc = policy("<<-EOF\n  {\"Statement\": [{\"Effect\": \"Deny\",\n    \"Action\": \"ec2:RunInstances\"}]}\nEOF\n").replace("imds", "text");
        let mut text = format!("{DOCUMENT}{document}{heredoc}");
        let from = text.floor_char_boundary(at.min(text.len()));
        let to = text.floor_char_boundary((from + gone).min(text.len()));
        text.replace_range(from..to, &with);
        let source = crate::source::Source::new("main.tf", text.as_str());
        for policy in scan_text(Path::new("main.tf"), &text).policies {
            let places = policy.lints.iter().map(|lint| &lint.place).chain([&policy.place]);
            for place in places {
                prop_assert!(place.bytes.end <= text.len());
                prop_assert_eq!(&source.place(place.bytes.clone()), place);
            }
        }
    }
}
