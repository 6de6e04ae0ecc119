//! Scripts in, rows and repaired scripts out.

use std::path::Path;

use proptest::prelude::*;

use super::lexer;
use crate::{
    scan::scan_text,
    spec::Inherits,
    testing::{Tree, fixed, rows},
};

#[track_caller]
fn one(script: &str, expected: &str) {
    assert_eq!(rows("a.sh", script), [expected], "{script}");
}

#[test]
fn words_are_split_as_the_shell_splits_them() {
    let words = |text: &str| -> Vec<Vec<String>> {
        let (commands, stopped) = lexer::commands(text, 0, false);
        assert_eq!(stopped, None);
        let text = |word: &lexer::Word| word.text().unwrap_or_else(|| "?".to_owned());
        commands.iter().map(|command| command.words.iter().map(text).collect()).collect()
    };
    for (script, expected) in [
        ("a 'b c'\"d\\\"\\x\"\\ e # f\ng", vec![vec!["a", "b cd\"\\x e"], vec!["g"]]),
        (
            "a \\\n  b\\\r\n c && d; e | f &",
            vec![vec!["a", "b", "c"], vec!["d"], vec!["e"], vec!["f"]],
        ),
        (
            "a $(b \"$(c)\") `d` $((1 + 2))",
            vec![vec!["c"], vec!["b", "?"], vec!["d"], vec!["a", "?", "?", "?"]],
        ),
        (
            "cat <<-'E' > f\n x $(y\n\tE\nz 2>&1 <<< w >/dev/null v",
            vec![vec!["cat"], vec!["z", "2", "v"]],
        ),
        ("if a; then b; fi\nf() { c; }", vec![vec!["a"], vec!["b"], vec!["f"], vec!["c"]]),
        ("a '", vec![vec!["a", ""]]),
        ("a ${b:-${c}} ${d%e} ${f[@]}", vec![vec!["a", "?", "?", "?"]]),
    ] {
        assert_eq!(words(script), expected, "{script}");
    }
}

#[test]
fn options_are_read_in_all_their_forms() {
    for (options, expected) in [
        ("", "absent"),
        ("--metadata-options HttpTokens=required", "required"),
        ("--metadata-options \"HttpTokens=optional,HttpEndpoint=enabled\"", "optional"),
        ("--metadata-options '{\"HttpTokens\": \"required\"}'", "required"),
        ("--metadata-options \"{\\\"HttpTokens\\\":\\\"optional\\\"}\"", "optional"),
        ("--metadata-options=HttpTokens=optional", "optional"),
        ("--metadata-options HttpEndpoint=enabled", "absent"),
        ("--metadata-options \"HttpTokens=$OPEN\"", "unresolved: OPEN is not set in this file"),
        (
            "--metadata-options HttpTokens=$1",
            "unresolved: argument 1 is known only when it is called",
        ),
        ("--metadata-options \"$(make-them)\"", "unresolved: it is the output of a command"),
        ("--metadata-options HttpTokens=\"${T:-optional}\"", "optional"),
        ("--metadata-options HttpTokens=maybe", "unresolved: this is no value of the option"),
        ("--metadata-options file://no.json", "unresolved: file no.json is not beside the script"),
        ("--metadata-options a b", "unresolved: this is not one value"),
        ("--cli-input-json '{\"MetadataOptions\":{\"HttpTokens\":\"optional\"}}'", "optional"),
        ("\"$@\"", "unresolved: the option may be among these arguments"),
        ("--image-id x $EXTRA_OPTS", "unresolved: the option may be among these arguments"),
        ("--image-id $IMAGE_ARG", "absent"),
    ] {
        for aws in ["aws", "/usr/bin/aws --region eu-west-1", "$AWS_CLI", "ID=$(sudo aws"] {
            let end = if aws.contains("$(") { ")" } else { "" };
            one(
                &format!("{aws} ec2 run-instances {options}{end}\n"),
                &format!("run-instances: {expected}"),
            );
        }
    }
}

#[test]
fn variables_that_are_set_once_are_known() {
    let call = "aws ec2 run-instances --metadata-options \"HttpTokens=$T\"\n";
    for (before, expected) in [
        ("T=optional\n", "optional"),
        ("export T='required'\n", "required"),
        ("readonly -x T=\"${T:-optional}\"\n", "optional"),
        ("S=option T=${S}al\n", "optional"),
        ("T=optional\nT=required\n", "unresolved: T is set more than once"),
        ("if x; then T=required; fi\n", "unresolved: T is set under a condition"),
        ("T=$(get)\n", "unresolved: it is the output of a command"),
        ("read -r T\n", "unresolved: T gets its value while the script runs"),
        ("T=$U; U=$T\n", "unresolved: its variables are nested too deep"),
    ] {
        one(&format!("{before}{call}"), &format!("run-instances: {expected}"));
    }
    one(
        "ARGS=(--image-id x # why\n  --metadata-options HttpTokens=optional)\nARGS+=(--count 2)\naws ec2 run-instances \"${ARGS[@]}\"\n",
        "run-instances: optional",
    );
    one(
        "OPTS=\"--metadata-options HttpTokens=required\"\naws ec2 run-instances $OPTS\n",
        "run-instances: required",
    );
    assert_eq!(
        rows(
            "Makefile",
            "T := optional\nrun:\n\t@aws ec2 run-instances \\\n\t  --metadata-options HttpTokens=$(T)\n"
        ),
        ["run-instances: optional"]
    );
}

#[test]
fn all_operations_are_read() {
    let script = "#!/bin/sh
aws ec2 create-launch-template --launch-template-name web --launch-template-data '{\"ImageId\":\"'$AMI'\",\"MetadataOptions\":{\"HttpTokens\":\"optional\",\"HttpPutResponseHopLimit\":'$HOPS'}}'
aws ec2 run-instances --launch-template LaunchTemplateName=web
aws ec2 run-instances --launch-template \"LaunchTemplateId=$LT,Version=1\" --count 2:4
aws ec2 create-launch-template-version --launch-template-id lt-1 --source-version 3 --launch-template-data ImageId=x,BlockDeviceMappings=[{DeviceName=/dev/sda}]
aws ec2 modify-instance-metadata-options --instance-id i-1 --http-tokens optional --http-endpoint enabled
aws ec2 modify-instance-metadata-options --instance-id i-1 --http-put-response-hop-limit 2
aws ec2 modify-instance-metadata-defaults --http-tokens no-preference
for i in 1 2; do aws autoscaling create-launch-configuration --launch-configuration-name x; done
aws ec2 request-spot-instances --launch-specification file://spec.json
aws ec2 register-image --name x --imds-support v2.0
aws ec2 register-image --name x
aws ec2 run-instances --dry-run
echo aws ec2 run-instances
aws ec2 create-fleet --launch-template-configs LaunchTemplateSpecification={LaunchTemplateName=fleet,Version=1}
";
    let scanned = scan_text(Path::new("deploy"), script);
    let said: Vec<_> = scanned.specs.iter().map(crate::testing::row).collect();
    let expected = [
        "create-launch-template/web: optional",
        "run-instances: optional",
        "run-instances[1]: absent",
        "create-launch-template-version: absent",
        "modify-instance-metadata-options: optional",
        "modify-instance-metadata-defaults: absent",
        "create-launch-configuration: absent",
        "request-spot-instances: absent",
        "register-image: required",
        "create-fleet: absent",
    ];
    assert_eq!(said, expected);
    let inherits: Vec<_> =
        scanned.specs.iter().map(|spec| spec.inherits_from.first().cloned()).collect();
    let template = |name: &str| Some(Inherits::LaunchTemplate(name.to_owned()));
    assert_eq!(inherits[2], template("$LT"));
    assert_eq!(inherits[3], template("lt-1 version 3"));
    assert_eq!(inherits[9], template("fleet"));
    let counts: Vec<_> = scanned.specs.iter().map(|spec| spec.count).collect();
    assert_eq!((counts[2], counts[6]), (Some(2), None));
    assert!(matches!(scanned.specs[0].options.hop_limit, crate::spec::Declared::Unresolved { .. }));
    let after = fixed("deploy.sh", script);
    assert!(!after.contains("optional"), "{after}");
    assert!(after.contains("--launch-template-data MetadataOptions={HttpTokens=required},ImageId"));
}

#[test]
fn the_fix_is_made_where_the_value_is_decided() {
    for (before, after) in [
        (
            "aws ec2 run-instances --image-id x # go\n",
            "aws ec2 run-instances --metadata-options HttpTokens=required --image-id x # go\n",
        ),
        (
            "aws ec2 run-instances \\\r\n    --image-id x \\\r\n    --count 1\r\n",
            "aws ec2 run-instances \\\r\n    --metadata-options HttpTokens=required \\\r\n    --image-id x \\\r\n    --count 1\r\n",
        ),
        (
            "aws ec2 run-instances\n",
            "aws ec2 run-instances --metadata-options HttpTokens=required\n",
        ),
        (
            "\u{feff}T=optional # old\naws ec2 run-instances --metadata-options HttpTokens=$T\n",
            "\u{feff}T=required # old\naws ec2 run-instances --metadata-options HttpTokens=$T\n",
        ),
        (
            "aws ec2 run-instances --metadata-options HttpEndpoint=enabled\n",
            "aws ec2 run-instances --metadata-options HttpTokens=required,HttpEndpoint=enabled\n",
        ),
        (
            "aws ec2 create-launch-template --launch-template-data \"{\\\"ImageId\\\": \\\"$AMI\\\"}\"\n",
            "aws ec2 create-launch-template --launch-template-data \"{\\\"MetadataOptions\\\": {\\\"HttpTokens\\\": \\\"required\\\"}, \\\"ImageId\\\": \\\"$AMI\\\"}\"\n",
        ),
        (
            "aws ec2 create-launch-template --launch-template-data '{\n  \"ImageId\": \"x\"\n}'\n",
            "aws ec2 create-launch-template --launch-template-data '{\n  \"MetadataOptions\": {\"HttpTokens\": \"required\"},\n  \"ImageId\": \"x\"\n}'\n",
        ),
        (
            "ID=\"$(aws ec2 run-instances --metadata-options '{\"HttpTokens\":\"optional\"}' --query x)\"\n",
            "ID=\"$(aws ec2 run-instances --metadata-options '{\"HttpTokens\":\"required\"}' --query x)\"\n",
        ),
    ] {
        assert_eq!(fixed("a.sh", before), after);
    }
    for left in [
        "aws ec2 create-launch-template --launch-template-data \"$DATA\"\n",
        "aws ec2 request-spot-instances --spot-price 1\n",
        "aws ec2 run-instances \"$@\"\n",
    ] {
        assert_eq!(fixed("a.sh", left), left);
    }
}

#[test]
fn files_beside_the_script_are_read_and_repaired() {
    let script = "aws ec2 create-launch-template --launch-template-name a --launch-template-data file://data/lt.json\naws ec2 create-launch-template --launch-template-name b --launch-template-data \"$(cat data/lt.json)\"\n";
    let tree = Tree::of(&[("a.sh", script), ("data/lt.json", "{\n  \"ImageId\": \"x\"\n}\n")]);
    assert_eq!(
        tree.rows(),
        ["create-launch-template/a: absent", "create-launch-template/b: absent"]
    );
    let expected = "{\n  \"ImageId\": \"x\",\n  \"MetadataOptions\": {\n    \"HttpTokens\": \"required\"\n  }\n}\n";
    assert_eq!(tree.fixed(), [("data/lt.json".to_owned(), expected.to_owned())]);
}

#[test]
fn here_documents_are_read_and_repaired() {
    let json = |options: &str| format!("{{\n  \"ImageId\": \"$AMI\"{options}\n}}\n");
    let optional = json(",\n  \"MetadataOptions\": {\"HttpTokens\": \"optional\"}");
    let call = "aws ec2 create-launch-template --launch-template-data";
    for script in [
        format!("{call} \"$(cat <<EOF\n{optional}EOF\n)\"\n"),
        format!("DATA=\"$(cat << 'EOF'\n{optional}EOF\n)\"\n{call} \"$DATA\"\n"),
        format!("cat > /tmp/lt.json <<-EOF\n\t{optional}\tEOF\n{call} file:///tmp/lt.json\n"),
        format!("tee ./lt.json <<\"EOF\" > /dev/null\n{optional}EOF\n{call} file://lt.json\n"),
    ] {
        one(&script, "create-launch-template: optional");
        assert_eq!(fixed("a.sh", &script), script.replace("optional", "required"));
    }
    let silent = format!("{call} \"$(cat <<EOF\n{}EOF\n)\"\n", json(""));
    one(&silent, "create-launch-template: absent");
    let after = fixed("a.sh", &silent);
    let added = "{\n  \"MetadataOptions\": {\"HttpTokens\": \"required\"},\n  \"ImageId\"";
    assert!(after.contains(added), "{after}");
    let escaped = "X=$(cat <<EOF\n{\"HttpTokens\": \"\\$\\`\\x\"}\nEOF\n)\n";
    one(
        &format!("{escaped}aws ec2 run-instances --metadata-options \"$X\"\n"),
        "run-instances: unresolved: this cannot be read",
    );
}

#[test]
fn wrappers_and_lists_of_arguments_are_known() {
    one("aws_cmd ec2 run-instances --image-id x\n", "run-instances: absent");
    let open = "run-instances: unresolved: the option may be among these arguments";
    one("aws ec2 run-instances --image-id x ${SPOT:+--instance-market-options x}\n", open);
    let spot = "spot=(--metadata-options HttpTokens=optional)\n";
    let call = "aws ec2 run-instances --image-id x ${spot[@]+\"${spot[@]}\"} --count 1\n";
    one(&format!("{spot}{call}"), "run-instances: optional");
    one(call, open);
    let function = "function start {\n  aws ec2 run-instances\n}\nbe_quiet() { aws ec2 run-instances; }\naws ec2 run-instances\n";
    let scanned = scan_text(Path::new("a.sh"), function);
    let counts: Vec<_> = scanned.specs.iter().map(|spec| spec.count).collect();
    assert_eq!(counts, [None, None, Some(1)]);
}

#[test]
fn files_that_are_no_scripts_are_left_alone() {
    assert_eq!(rows("a.sh", "launch --http-tokens optional\n"), ["http-tokens: optional"]);
    assert!(rows("README", "aws ec2 run-instances\n").is_empty());
    assert!(rows("notes.txt", "#!/bin/sh\naws ec2 run-instances\n").is_empty());
    assert_eq!(rows("run", "#!/usr/bin/env bash\naws ec2 run-instances\n").len(), 1);
    assert_eq!(
        rows("a.sh.tpl", "aws ec2 run-instances --metadata-options HttpTokens=${t}\n").len(),
        1
    );
}

#[test]
fn fuzz_deep_nesting_ends() {
    for unit in ["$(", "`", "\"$(", "${a:-", "(", "{ ", "if a; then ", "a=(", "<(", "${a:-\"$(`"] {
        let script = format!("aws ec2 run-instances\n{}", unit.repeat(10_000));
        let scanned = scan_text(Path::new("a.sh"), &script);
        assert_eq!(scanned.specs.len(), 1, "{unit}");
        // What was not read is told; some of these are not nested.
        let flat = ["`", "{ ", "if a; then ", "a=("].contains(&unit);
        assert_eq!(scanned.errors.len(), usize::from(!flat), "{unit}: {:?}", scanned.errors);
    }
    let shorthand =
        format!("aws ec2 run-instances --metadata-options a={}\n", "{a=".repeat(10_000));
    scan_text(Path::new("a.sh"), &shorthand);
    let chain: Vec<_> = (0..10_000).map(|i| format!("A{}=$A{i}$A{i}\n", i + 1)).collect();
    let chain = chain.concat();
    scan_text(Path::new("a.sh"), &format!("A0=x\n{chain}aws ec2 run-instances --count $A10000\n"));
}

/// Pieces of scripts, in any order.
fn script() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "aws ec2 run-instances ",
        "aws ",
        "ec2 ",
        "--metadata-options ",
        "HttpTokens=optional",
        "HttpTokens=",
        "{\"HttpTokens\":\"optional\"}",
        ",",
        "\"",
        "'",
        "\\",
        "\n",
        "\\\n",
        "$",
        "$(",
        ")",
        "${",
        "}",
        ":-",
        "T",
        "T=",
        "`",
        "<<E\n",
        "E\n",
        "# ",
        "; ",
        "| ",
        "&& ",
        "(",
        "[@]",
        "=(",
        "create-launch-template ",
        "--launch-template-data ",
        "file://",
        "ä",
        " ",
        "\t",
        "{",
        "[",
        "\r\n",
        "if ",
        "then ",
        "fi",
        "optional",
        "=",
        "--http-tokens ",
        "modify-instance-metadata-options ",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn fuzz_scripts_are_fixed_or_left(script in script()) {
        let script = format!("{script}\naws ec2 run-instances\n");
        for name in ["a.sh", "Makefile"] {
            fixed(name, &script);
        }
    }

    #[test]
    fn fuzz_random_text_never_panics(text in any::<String>()) {
        scan_text(Path::new("a.sh"), &format!("{text} aws ec2 run-instances {text}"));
        for make in [false, true] {
            let (commands, _) = lexer::commands(&text, 0, make);
            for word in commands.iter().flat_map(|command| &command.words) {
                prop_assert!(text.get(word.span.clone()).is_some());
            }
        }
    }
}
