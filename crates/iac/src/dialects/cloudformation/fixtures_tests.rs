//! The templates of `fixtures/cloudformation`: every one is repaired as far as it can be, and a second run finds
//! nothing to do. (That cfn-lint accepts what comes out is tested through the binary.)

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use proptest::prelude::*;

use crate::{
    Tokens,
    node::{Node, Value},
    scan::scan_text,
    source::Source,
    testing::fixed,
};

fn fixtures() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/cloudformation");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 8, "{files:?}");
    let read = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    files.iter().map(read).collect()
}

#[test]
fn every_fixture_requires_tokens_after_its_fix() {
    for (name, text) in fixtures() {
        let after = fixed(&name, &text);
        assert_ne!(after, text, "{name}");
        let scanned = scan_text(Path::new(&name), &after);
        assert_eq!(scanned.errors, []);
        for spec in &scanned.specs {
            let tokens = spec.options.http_tokens.value();
            assert_eq!(tokens, Some(&Tokens::Required), "{name}: {}\n{after}", spec.address);
        }
        // Nothing is taken away but the words that decided.
        let lines = |text: &str| text.lines().count();
        assert!(lines(&after) >= lines(&text), "{name}");
        assert_eq!(after.contains("\r\n"), text.contains("\r\n"), "{name}");
    }
}

/// A tree without the parts that a fix may touch.
fn rest(node: &Node, into: &mut String) {
    match &node.value {
        Value::Null => into.push('~'),
        Value::Scalar(text) => into.extend(["'", text, "'"]),
        Value::List(items) => {
            into.push('[');
            for item in items {
                rest(item, into);
            }
            into.push(']');
        }
        Value::Map(members) => {
            let ours = |key: &str| matches!(key, "HttpTokens" | "MetadataOptions");
            let own = |member: &&crate::node::Member| {
                let only_ours = member.node.members().iter().all(|inner| ours(&inner.key));
                !(ours(&member.key) || member.key == "Properties" && only_ours)
            };
            into.push('{');
            for member in members.iter().filter(own) {
                into.push_str(&member.key);
                into.push(':');
                rest(&member.node, into);
            }
            into.push('}');
        }
    }
}

fn skeleton(name: &str, text: &str) -> String {
    let source = Source::new(name, text);
    let parsed = source.tree();
    assert_eq!(parsed.error, None, "{text}");
    let mut skeleton = String::new();
    rest(&parsed.documents[0], &mut skeleton);
    skeleton
}

/// One resource, in one of the ways in which people write them.
fn resource() -> impl Strategy<Value = (String, String)> {
    let yaml = prop::sample::select(vec![
        "",
        "    Properties:\n",
        "    Properties: {}\n",
        "    Properties:\n      ImageId: x # c\n",
        "    Properties:\n      Tags:\n      - {Key: a, Value: b}\n\n",
        "    Properties:\n      UserData: |\n        a: b\n\n",
        "    # c\n    Properties:\n      MetadataOptions:\n        HttpTokens: optional # c\n",
        "    Properties:\n      MetadataOptions: {HttpPutResponseHopLimit: 2}\n      ImageId: 'x'\n",
        "    Properties:\n      MetadataOptions: !If [Open, {HttpTokens: optional}, !Ref AWS::NoValue]\n",
        "    Properties:\n      MetadataOptions:\n      # c\n      ImageId: \"x\"\n",
        "    Properties: {ImageId: x, MetadataOptions: {HttpTokens: 'optional'}}\n    Metadata: {a: b}\n",
    ]);
    let json = prop::sample::select(vec![
        "",
        ", \"Properties\": {}",
        ", \"Properties\": {\"ImageId\": \"x\"}",
        ",\n \"Properties\": {\n\t\"ImageId\": \"x\",\n\t\"MetadataOptions\": {\"HttpTokens\": \"optional\"}\n }",
        ", \"Properties\": {\"MetadataOptions\": {\"Ref\": \"AWS::NoValue\"}}",
        ", \"Properties\": null",
    ]);
    (yaml.prop_map(str::to_owned), json.prop_map(str::to_owned))
}

proptest! {
    #[test]
    fn fuzz_templates_of_all_shapes_are_repaired_and_nothing_else_is_touched(
        resources in prop::collection::vec(resource(), 1..5),
        windows in any::<bool>(), bom in any::<bool>(), end in any::<bool>(), wide in any::<bool>()
    ) {
        let mut yaml = "# c\nParameters:\n  P: {Type: String}\nConditions:\n  Open: !Equals [!Ref P, x]\nResources:\n".to_owned();
        let mut json = Vec::new();
        for (index, (one, other)) in resources.iter().enumerate() {
            write!(yaml, "  R{index}:\n    Type: AWS::EC2::Instance\n{one}").unwrap();
            json.push(format!("\"R{index}\": {{\"Type\": \"AWS::EC2::Instance\"{other}}}"));
        }
        let json = format!("{{\"Resources\": {{{}}}}}\n", json.join(",\n"));
        for (name, mut text) in [("t.yaml", yaml), ("t.json", json)] {
            if wide {
                text = text.replace("  ", "    ");
            }
            if !end {
                text.truncate(text.trim_end().len());
            }
            if windows {
                text = text.replace('\n', "\r\n");
            }
            if bom {
                text.insert(0, '\u{feff}');
            }
            let after = fixed(name, &text);
            prop_assert_eq!(skeleton(name, &text), skeleton(name, &after), "{}", after);
            let scanned = scan_text(Path::new(name), &after);
            for spec in &scanned.specs {
                let tokens = spec.options.http_tokens.value();
                prop_assert_eq!(tokens, Some(&Tokens::Required), "{}\n{}", spec.address, after);
            }
            let bare = after.replace("\r\n", "");
            prop_assert!(!windows || !bare.contains('\n'), "{}", after);
        }
    }
}
