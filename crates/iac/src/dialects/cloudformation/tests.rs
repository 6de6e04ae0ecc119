//! Templates in, rows and repaired templates out.

use std::path::Path;

use proptest::prelude::*;

use crate::{
    Endpoint, Tokens,
    fix::Edits,
    scan::{Scanned, scan_text},
    spec::{Declared, Inherits, LaunchSpec},
};

fn scan(text: &str) -> Scanned {
    let name = if text.trim_start().starts_with('{') { "t.json" } else { "t.yaml" };
    scan_text(Path::new(name), text)
}

fn word(spec: &LaunchSpec) -> String {
    match &spec.options.http_tokens {
        Declared::Set { value: Tokens::Required, .. } => "required".to_owned(),
        Declared::Set { value: Tokens::Optional, .. } => "optional".to_owned(),
        Declared::Absent => "absent".to_owned(),
        Declared::Unresolved { reason, .. } => format!("unresolved: {reason}"),
    }
}

/// Address and tokens of each row.
fn rows(text: &str) -> Vec<(String, String)> {
    let scanned = scan(text);
    assert_eq!(scanned.errors, [], "{text}");
    scanned.specs.iter().map(|spec| (spec.address.clone(), word(spec))).collect()
}

#[track_caller]
fn one(text: &str, expected: &str) -> LaunchSpec {
    let scanned = scan(text);
    let [spec] = scanned.specs.as_slice() else { panic!("{scanned:#?}") };
    assert_eq!(word(spec), expected, "{text}");
    spec.clone()
}

/// All fixes applied; a second run finds nothing to do.
fn fixed(text: &str) -> String {
    let before = scan(text);
    let mut edits = Edits::default();
    for spec in &before.specs {
        if let Some(fix) = &spec.fix {
            edits.add(fix).unwrap();
        }
    }
    let Some(path) = edits.paths().next().cloned() else { return text.to_owned() };
    let after = edits.apply(&path, text).unwrap().after;
    let fixed: Vec<&LaunchSpec> = before.specs.iter().filter(|spec| spec.fix.is_some()).collect();
    let again = scan(&after);
    assert_eq!(crate::repair::verify(&before, &again, &fixed), [], "{after}");
    assert!(again.specs.iter().all(|spec| spec.fix.is_none()), "{after}\n{again:#?}");
    after
}

/// A template with an instance whose `HttpTokens` is that expression.
fn instance(expression: &str, above: &str) -> String {
    format!(
        "{above}Resources:\n  Web:\n    Type: AWS::EC2::Instance\n    Properties:\n      MetadataOptions:\n        HttpTokens: {expression}\n"
    )
}

const PARAMETERS: &str = "Parameters:
  Tokens: {Type: String, Default: optional, AllowedValues: [optional, required]}
  Stage: {Type: String, Default: prod}
  Open: {Type: String}
  Only: {Type: String, AllowedValues: [required]}
  Kept: {Type: AWS::SSM::Parameter::Value<String>, Default: /imds/tokens}
  List: {Type: CommaDelimitedList, Default: 'optional, required'}
Mappings:
  Stages:
    prod: {Tokens: required, Other: x}
    test: {Tokens: optional, Other: x}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Maybe: !Equals [!Ref Open, prod]
  Both: !And [!Condition Prod, {Condition: Maybe}]
  Neither: !Not [!Or [!Condition Prod, !Condition Maybe]]
  Round: !Not [!Condition Round]
";

#[test]
fn expressions_come_to_their_value() {
    for (expression, expected) in [
        ("required", "required"),
        ("\"optional\"", "optional"),
        ("!Ref Tokens", "optional"),
        ("!Ref Only", "required"),
        ("!Ref Open", "unresolved: parameter Open has no default"),
        ("!Ref Kept", "unresolved: parameter Kept is read from SSM when it is deployed"),
        ("!Ref AWS::NoValue", "absent"),
        ("{Ref: Tokens}", "optional"),
        ("!Sub '${Tokens}'", "optional"),
        ("!Sub 'opt${!x}'", "unresolved: this is no value of the option"),
        ("!Sub ['${a}ional', {a: opt}]", "optional"),
        ("!Join ['', [requi, red]]", "required"),
        ("!Select [1, !Ref List]", "required"),
        ("!Select [0, !Split ['|', 'optional|x']]", "optional"),
        ("!Select [0, [required, !Ref Open]]", "required"),
        ("!FindInMap [Stages, !Ref Stage, Tokens]", "required"),
        (
            "!FindInMap [Stages, !Ref Open, Tokens]",
            "unresolved: the key is known only when it is deployed",
        ),
        ("!FindInMap [Stages, nope, Tokens, {DefaultValue: optional}]", "optional"),
        ("!If [Prod, required, optional]", "required"),
        ("!If [Maybe, required, optional]", "unresolved: parameter Open has no default"),
        ("!If [Maybe, optional, optional]", "optional"),
        ("!If [Both, required, optional]", "unresolved: parameter Open has no default"),
        ("!If [Neither, required, optional]", "optional"),
        ("!If [Round, required, optional]", "unresolved: condition Round refers to itself"),
        ("!If [Nope, required, optional]", "unresolved: condition Nope is not in the template"),
        ("!ImportValue x", "unresolved: ImportValue is not evaluated here"),
        ("{'Fn::ImportValue': x}", "unresolved: known only when it is deployed"),
        ("sometimes", "unresolved: this is no value of the option"),
        ("[required]", "unresolved: this is no value of the option"),
    ] {
        let spec = one(&instance(expression, PARAMETERS), expected);
        assert_eq!((spec.address.as_str(), spec.place.start.line), ("Web", 19));
    }
}

#[test]
fn all_types_are_read() {
    let text = "AWSTemplateFormatVersion: 2010-09-09
Resources:
  A: {Type: AWS::EC2::LaunchTemplate, Properties: {LaunchTemplateData: {MetadataOptions: {HttpTokens: required, HttpPutResponseHopLimit: '2'}}}}
  B: {Type: AWS::AutoScaling::LaunchConfiguration, Properties: {MetadataOptions: {HttpTokens: optional}}}
  C: {Type: AWS::ImageBuilder::InfrastructureConfiguration, Properties: {InstanceMetadataOptions: {HttpTokens: required}}}
  D: {Type: AWS::SageMaker::NotebookInstance, Properties: {InstanceMetadataServiceConfiguration: {MinimumInstanceMetadataServiceVersion: '2'}}}
  E: {Type: AWS::AppStream::Fleet, Properties: {DisableIMDSV1: false}}
  F: {Type: AWS::WorkspacesInstances::WorkspaceInstance, Properties: {ManagedInstance: {MetadataOptions: {HttpTokens: optional}}}}
  G:
    Type: AWS::ElasticBeanstalk::Environment
    Properties:
      OptionSettings:
        - {Namespace: 'aws:autoscaling:launchconfiguration', OptionName: DisableIMDSv1, Value: 'true'}
  H: {Type: AWS::EMR::SecurityConfiguration, Properties: {SecurityConfiguration: {InstanceMetadataServiceConfiguration: {MinimumInstanceMetadataServiceVersion: 1}}}}
  I: {Type: AWS::AutoScaling::AutoScalingGroup, Properties: {LaunchConfigurationName: !Ref B}}
  J: {Type: AWS::EKS::Nodegroup, Properties: {LaunchTemplate: {Id: !Ref A}}}
  K: {Type: AWS::Batch::ComputeEnvironment, Properties: {ComputeResources: {Type: FARGATE}}}
  L: {Type: AWS::Batch::ComputeEnvironment, Properties: {ComputeResources: {Type: EC2, LaunchTemplate: {LaunchTemplateId: !Ref A}}}}
  M: {Type: AWS::EC2::EC2Fleet, Properties: {LaunchTemplateConfigs: [{LaunchTemplateSpecification: {LaunchTemplateId: !Ref A, Version: '$Latest'}, Overrides: [{MetadataOptions: {HttpTokens: optional}}]}]}}
  N: {Type: AWS::EC2::SpotFleet, Properties: {SpotFleetRequestConfigData: {LaunchSpecifications: [{ImageId: x}]}}}
  O: {Type: AWS::EC2::Instance, Properties: {LaunchTemplate: {LaunchTemplateId: !Ref A, Version: 1}}}
  P: {Type: AWS::S3::Bucket}
";
    let expected = [
        ("A", "required"),
        ("B", "optional"),
        ("C", "required"),
        ("D", "required"),
        ("E", "optional"),
        ("F", "optional"),
        ("G", "required"),
        ("H", "optional"),
        ("I", "optional"),
        ("J", "required"),
        ("L", "required"),
        ("M", "required"),
        ("M.Overrides[0]", "optional"),
        ("N", "absent"),
        ("O", "unresolved: version 1 of the template is named, which need not be this one"),
    ];
    assert_eq!(rows(text), expected.map(|(one, two)| (one.to_owned(), two.to_owned())));
    let after = fixed(text);
    assert!(after.contains("DisableIMDSV1: true"), "{after}");
    assert!(!after.contains("optional"), "{after}");
}

#[test]
fn an_instance_overrides_its_template_option_by_option() {
    let text = "Resources:
  T:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateName: !Sub '${AWS::StackName}-t'
      LaunchTemplateData:
        MetadataOptions: {HttpTokens: required, HttpPutResponseHopLimit: 2}
  Named:
    Type: AWS::EC2::LaunchTemplate
    Properties: {LaunchTemplateName: web, LaunchTemplateData: {}}
  A:
    Type: AWS::EC2::Instance
    Properties:
      MetadataOptions: {HttpEndpoint: disabled}
      LaunchTemplate: {LaunchTemplateId: !GetAtt T.LaunchTemplateId, Version: !GetAtt T.LatestVersionNumber}
  B:
    Type: AWS::EC2::Instance
    Properties: {LaunchTemplate: {LaunchTemplateName: web, Version: 3}}
  C:
    Type: AWS::EC2::Instance
    Properties: {LaunchTemplate: {LaunchTemplateName: other, Version: 3}}
";
    let scanned = scan(text);
    let spec = |name: &str| scanned.specs.iter().find(|spec| spec.address == name).unwrap();
    let a = &spec("A").options;
    assert_eq!(a.http_tokens.value(), Some(&Tokens::Required));
    assert_eq!(a.http_endpoint.value(), Some(&Endpoint::Disabled));
    assert_eq!(a.hop_limit.value(), Some(&2));
    assert!(word(spec("B")).starts_with("unresolved"));
    let other = Inherits::LaunchTemplate("other".to_owned());
    assert_eq!(spec("C").inherits_from, [other, Inherits::AccountDefault]);
    assert!(spec("C").fix.is_some() && spec("A").fix.is_none() && spec("B").fix.is_none());
}

#[test]
fn conditions_and_loops_make_resources() {
    let text = format!(
        "{PARAMETERS}Resources:
  Yes: {{Type: AWS::EC2::Instance, Condition: Prod}}
  No: {{Type: AWS::EC2::Instance, Condition: Neither}}
  Maybe: {{Type: AWS::EC2::Instance, Condition: Maybe}}
  Fn::ForEach::Webs:
    - Name
    - [required, optional]
    - Web${{Name}}:
        Type: AWS::EC2::Instance
        Properties: {{MetadataOptions: {{HttpTokens: !Ref Name}}}}
"
    );
    let scanned = scan(&text);
    let rows: Vec<_> =
        scanned.specs.iter().map(|spec| (spec.address.as_str(), word(spec), spec.count)).collect();
    let expected = [
        ("Yes", "absent", Some(1)),
        ("Maybe", "absent", None),
        ("Weboptional", "optional", Some(1)),
        ("Webrequired", "required", Some(1)),
    ];
    assert_eq!(rows, expected.map(|(name, tokens, count)| (name, tokens.to_owned(), count)));
}

#[test]
fn the_fix_is_made_where_the_value_is_decided() {
    let fixed = |expression: &str| fixed(&instance(expression, PARAMETERS));
    assert!(fixed("optional # old agent").contains("HttpTokens: required # old agent\n"));
    assert!(fixed("!Ref Tokens").contains("Tokens: {Type: String, Default: required,"));
    assert!(fixed("!FindInMap [Stages, test, Tokens]").contains("test: {Tokens: required,"));
    assert!(fixed("!If [Prod, optional, required]").contains("!If [Prod, required, required]"));
    assert!(fixed("!If [Maybe, optional, required]").contains("!If [Maybe, required, required]"));
    for left in ["!Ref Open", "!Join ['', [optional]]", "maybe"] {
        assert_eq!(fixed(left), instance(left, PARAMETERS));
    }
}

#[test]
fn no_value_is_replaced_on_every_side() {
    for (before, after) in [
        ("!Ref AWS::NoValue # c", "required # c"),
        ("{Ref: AWS::NoValue}", "required"),
        ("!If [Maybe, optional, !Ref 'AWS::NoValue']", "!If [Maybe, required, required]"),
        ("!If [Maybe, required, {Ref: AWS::NoValue}]", "!If [Maybe, required, required]"),
        ("!If [Prod, !Ref AWS::NoValue, optional]", "!If [Prod, required, optional]"),
    ] {
        assert_eq!(fixed(&instance(before, PARAMETERS)), instance(after, PARAMETERS));
    }
    let block = |options: &str| {
        format!(
            "{PARAMETERS}Resources:\n  T:\n    Type: AWS::EC2::LaunchTemplate\n    Properties:\n      LaunchTemplateData:\n        MetadataOptions: {options}\n"
        )
    };
    for (before, after) in [
        ("!Ref AWS::NoValue", "{HttpTokens: required}"),
        (
            "!If [Maybe, {HttpTokens: optional}, !Ref AWS::NoValue]",
            "!If [Maybe, {HttpTokens: required}, {HttpTokens: required}]",
        ),
        (
            "!If [Maybe, {HttpPutResponseHopLimit: 2}, {HttpTokens: required}]",
            "!If [Maybe, {HttpPutResponseHopLimit: 2, HttpTokens: required}, {HttpTokens: required}]",
        ),
    ] {
        assert_eq!(fixed(&block(before)), block(after));
    }
    for left in ["!If [Maybe, !Ref Open, !Ref AWS::NoValue]", "{'Fn::Transform': {Name: x}}"] {
        assert_eq!(fixed(&block(left)), block(left));
    }
    let json = "{\"Resources\": {\"A\": {\"Type\": \"AWS::EC2::Instance\", \"Properties\": {\"MetadataOptions\": {\"Ref\": \"AWS::NoValue\"}}}}}";
    let after = fixed(json);
    assert!(after.contains("\"MetadataOptions\": { \"HttpTokens\": \"required\" }"), "{after}");
}

#[test]
fn one_of_two_templates_is_known_where_they_agree() {
    let text = |tokens: &str, reference: &str| {
        format!(
            "{PARAMETERS}Resources:\n  One: {{Type: AWS::EC2::LaunchTemplate, Properties: {{LaunchTemplateData: {{MetadataOptions: {{HttpTokens: required}}}}}}}}\n  Two: {{Type: AWS::EC2::LaunchTemplate, Properties: {{LaunchTemplateData: {{MetadataOptions: {{HttpTokens: {tokens}}}}}}}}}\n  Web: {{Type: AWS::AutoScaling::AutoScalingGroup, Properties: {{LaunchTemplate: {reference}}}}}\n"
        )
    };
    let two = "!If [Maybe, {LaunchTemplateId: !Ref One}, {LaunchTemplateId: !Ref Two}]";
    let inner = "{LaunchTemplateId: !If [Maybe, !Ref One, !Ref Two]}";
    let none = "!If [Maybe, {LaunchTemplateId: !Ref One}, !Ref AWS::NoValue]";
    let open = "unresolved: parameter Open has no default";
    for (tokens, reference, expected) in [
        ("required", two, "required"),
        ("optional", two, open),
        ("required", inner, "required"),
        ("optional", inner, open),
        ("required", none, open),
    ] {
        let said = rows(&text(tokens, reference));
        assert_eq!(said[2], ("Web".to_owned(), expected.to_owned()), "{reference}");
    }
}

#[test]
fn the_string_of_emr_is_read_and_repaired() {
    let text = |string: &str| {
        format!(
            "Resources:\n  C:\n    Type: AWS::EMR::SecurityConfiguration\n    Properties:\n      SecurityConfiguration: {string}\n"
        )
    };
    for (before, expected, after) in [
        (
            "'{\"InstanceMetadataServiceConfiguration\": {\"MinimumInstanceMetadataServiceVersion\": 1, \"HttpPutResponseHopLimit\": 2}}'",
            "optional",
            "'{\"InstanceMetadataServiceConfiguration\": {\"MinimumInstanceMetadataServiceVersion\": 2, \"HttpPutResponseHopLimit\": 2}}'",
        ),
        (
            "\"{\\\"EncryptionConfiguration\\\": {}}\"",
            "absent",
            "\"{\\\"InstanceMetadataServiceConfiguration\\\": {\\\"MinimumInstanceMetadataServiceVersion\\\": 2}, \\\"EncryptionConfiguration\\\": {}}\"",
        ),
        (
            "|\n        {\n          \"InstanceMetadataServiceConfiguration\": {\"MinimumInstanceMetadataServiceVersion\": 1}\n        }",
            "optional",
            "|\n        {\n          \"InstanceMetadataServiceConfiguration\": {\"MinimumInstanceMetadataServiceVersion\": 2}\n        }",
        ),
        (
            "!Sub '{}'",
            "absent",
            "!Sub '{\"InstanceMetadataServiceConfiguration\": {\"MinimumInstanceMetadataServiceVersion\": 2}}'",
        ),
        ("'no'", "unresolved: this string is no JSON", "'no'"),
    ] {
        one(&text(before), expected);
        assert_eq!(fixed(&text(before)), text(after));
    }
}

#[test]
fn beanstalks_setting_is_added() {
    let text = |environment: &str| {
        format!(
            "Resources:\n  T:\n    Type: AWS::ElasticBeanstalk::ConfigurationTemplate\n    Properties:\n      OptionSettings:\n        - Namespace: a\n          OptionName: b\n          Value: c\n  E:\n    Type: AWS::ElasticBeanstalk::Environment\n    Properties:\n      ApplicationName: x\n{environment}"
        )
    };
    let added = "Namespace: \"aws:autoscaling:launchconfiguration\"\n          OptionName: DisableIMDSv1\n          Value: \"true\"\n";
    let after = fixed(&text(""));
    assert!(after.contains(&format!("Value: c\n        - {added}")), "{after}");
    assert!(
        after.ends_with(&format!("ApplicationName: x\n      OptionSettings:\n        - {added}"))
    );
    let referring = text("      TemplateName: !Ref T\n");
    let scanned = scan(&referring);
    let fixes: Vec<_> = scanned.specs.iter().map(|spec| spec.fix.is_some()).collect();
    assert_eq!(fixes, [true, false]);
    let after = fixed(&referring);
    assert_eq!(
        rows(&after),
        [("E".to_owned(), "required".to_owned()), ("T".to_owned(), "required".to_owned())]
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
    );
    let json = "{\"Resources\": {\"E\": {\"Type\": \"AWS::ElasticBeanstalk::Environment\", \"Properties\": {\"OptionSettings\": []}}}}";
    assert!(fixed(json).contains("[{ \"Namespace\": \"aws:autoscaling:launchconfiguration\""));
}

#[test]
fn what_the_cdk_made_is_not_edited() {
    let text = "{\"Resources\": {\"WebA1\": {\"Type\": \"AWS::EC2::Instance\", \"Metadata\": {\"aws:cdk:path\": \"App/Web/Resource\"}}}}";
    for (name, expected) in [
        ("cdk.out/App.template.json", Some("App/Web/Resource")),
        ("out/App.template.json", Some("App/Web/Resource")),
        ("app.json", None),
    ] {
        let scanned = scan_text(Path::new(name), text);
        let [spec] = scanned.specs.as_slice() else { panic!("{scanned:#?}") };
        assert_eq!(spec.generated_from.as_deref(), expected, "{name}");
        assert_eq!(spec.fix.is_none(), expected.is_some());
    }
}

#[test]
fn attached_policies_are_judged() {
    let policy = |properties: &str| {
        let text = format!(
            "{PARAMETERS}Resources:\n  P:\n    Type: AWS::Organizations::Policy\n    Properties:\n{properties}"
        );
        scan(&text).policies
    };
    let scp = "      Type: SERVICE_CONTROL_POLICY\n      Content:\n        Version: '2012-10-17'\n        Statement:\n          - Effect: Deny\n            Action: !If [Prod, 'ec2:ModifyInstanceMetadataOptions', x]\n            Resource: '*'\n            Condition: {StringNotEquals: {'ec2:MetadataHttpTokens': required}}\n";
    let [spec] = policy(scp).try_into().unwrap();
    assert_eq!((spec.kind.as_str(), spec.address.as_str()), ("scp", "P"));
    assert!(
        spec.text.as_ref().unwrap().contains("\"Action\": \"ec2:ModifyInstanceMetadataOptions\"")
    );
    let line = PARAMETERS.lines().count() + 12;
    let at_condition = |start: u32| start as usize == line;
    assert!(spec.lints.iter().any(|lint| at_condition(lint.place.start.line)), "{:#?}", spec.lints);
    let [open] = policy(&scp.replace("[Prod", "[Maybe")).try_into().unwrap();
    assert_eq!(open.text.unwrap_err().reason, "parameter Open has no default");
    let ec2 = "      Type: DECLARATIVE_POLICY_EC2\n      Content: '{\"ec2_attributes\": {\"instance_metadata_defaults\": {\"http_tokens\": {\"@@assign\": \"required\"}}}}'\n";
    assert_eq!(policy(ec2)[0].kind.as_str(), "ec2");
    assert!(policy("      Type: TAG_POLICY\n      Content: {tags: {http_tokens: x}}\n").is_empty());
}

#[test]
fn what_nobody_says_is_added() {
    for (before, after) in [
        (
            "Resources:\n  Web:\n    Type: AWS::EC2::Instance\n    Properties:\n      ImageId: ami-1 # pinned\n\n  Next:\n    Type: AWS::S3::Bucket\n",
            "Resources:\n  Web:\n    Type: AWS::EC2::Instance\n    Properties:\n      ImageId: ami-1 # pinned\n      MetadataOptions:\n        HttpTokens: required\n\n  Next:\n    Type: AWS::S3::Bucket\n",
        ),
        (
            "Resources:\r\n    Web:\r\n        Type: AWS::EC2::Instance\r\n",
            "Resources:\r\n    Web:\r\n        Type: AWS::EC2::Instance\r\n        Properties:\r\n            MetadataOptions:\r\n                HttpTokens: required\r\n",
        ),
        (
            "Resources:\n  N:\n    Type: AWS::SageMaker::NotebookInstance\n    Properties: {}\n",
            "Resources:\n  N:\n    Type: AWS::SageMaker::NotebookInstance\n    Properties: {InstanceMetadataServiceConfiguration: {MinimumInstanceMetadataServiceVersion: \"2\"}}\n",
        ),
        (
            "{\n  \"Resources\": {\n    \"Web\": {\n      \"Type\": \"AWS::EC2::Instance\",\n      \"Properties\": {\n        \"ImageId\": \"ami-1\"\n      }\n    }\n  }\n}\n",
            "{\n  \"Resources\": {\n    \"Web\": {\n      \"Type\": \"AWS::EC2::Instance\",\n      \"Properties\": {\n        \"ImageId\": \"ami-1\",\n        \"MetadataOptions\": {\n          \"HttpTokens\": \"required\"\n        }\n      }\n    }\n  }\n}\n",
        ),
    ] {
        assert_eq!(fixed(before), after);
    }
}

#[test]
fn a_broken_file_is_an_error_and_its_lines_are_read() {
    let scanned =
        scan("AWSTemplateFormatVersion: x\nResources:\n  A: [\n  HttpTokens: optional\n}\n");
    let [error] = scanned.errors.as_slice() else { panic!("{scanned:?}") };
    assert_eq!((error.code, error.line.is_some()), ("Syntax", true));
    let [spec] = scanned.specs.as_slice() else { panic!("{scanned:?}") };
    assert_eq!((spec.kind.as_str(), spec.place.start.line), ("text", 4));
}

#[test]
fn what_the_structure_does_not_lead_to_is_read_by_line() {
    let text = "Resources:\n  Web:\n    Type: AWS::EC2::Instance\n    Properties:\n      UserData: |\n        aws ec2 run-instances --metadata-options HttpTokens=optional\n      MetadataOptions: {HttpTokens: required}\n  Own:\n    Type: Custom::Web\n    Properties: {WebHttpTokens: optional}\n";
    let kinds: Vec<_> =
        scan(text).specs.into_iter().map(|spec| (spec.kind, spec.address)).collect();
    let expected =
        [("AWS::EC2::Instance", "Web"), ("text", "HttpTokens"), ("text", "WebHttpTokens")];
    assert_eq!(kinds, expected.map(|(kind, address)| (kind.to_owned(), address.to_owned())));
}

#[test]
fn ignore_comments_are_recorded() {
    let spec = one(
        "Resources:\n  # checkov:skip=CKV_AWS_79:the installer needs version 1\n  Web:\n    Type: AWS::EC2::Instance\n",
        "absent",
    );
    assert_eq!(spec.ignore_comments[0].rule, "CKV_AWS_79");
    assert_eq!(spec.ignore_comments[0].reason, "the installer needs version 1");
}

#[test]
fn fuzz_long_chains_and_wide_loops_end() {
    let mut text = "Conditions:\n  C0: !Equals [a, b]\n".to_owned();
    for level in 1..10_000 {
        text.push_str("  C");
        text.push_str(&level.to_string());
        text.push_str(": !Not [!Condition C");
        text.push_str(&(level - 1).to_string());
        text.push_str("]\n");
    }
    let spec = one(
        &(text + "Resources:\n  Web: {Type: AWS::EC2::Instance, Condition: C9999}\n"),
        "absent",
    );
    assert_eq!(spec.count, None);
    let turns = vec!["x"; 5_000].join(", ");
    let web = "W: {Type: AWS::EC2::Instance}";
    let spec = one(&format!("Resources:\n  Fn::ForEach::A: [N, [{turns}], {{{web}}}]\n"), "absent");
    assert_eq!(spec.count, None);
}

/// An expression, nested.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "required",
        "optional",
        "!Ref Tokens",
        "!Ref Open",
        "!Ref AWS::NoValue",
        "!Ref Web",
        "!FindInMap [Stages, !Ref Stage, Tokens]",
        "''",
        "!Sub '${Tokens}'",
        "!Ref List",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        let condition = prop::sample::select(vec!["Prod", "Maybe", "Both", "Neither", "Round"]);
        prop_oneof![
            (condition, inner.clone(), inner.clone())
                .prop_map(|(condition, one, two)| format!("!If [{condition}, {one}, {two}]")),
            (inner.clone(), inner.clone())
                .prop_map(|(one, two)| format!("!Join ['', [{one}, {two}]]")),
            (0..3, inner.clone(), inner)
                .prop_map(|(index, one, two)| format!("!Select [{index}, [{one}, {two}]]")),
        ]
    })
}

proptest! {
    #[test]
    fn fuzz_fixing_twice_changes_nothing(expression in expression()) {
        let text = instance(&expression, PARAMETERS);
        prop_assert_eq!(scan(&text).errors, []);
        fixed(&text);
    }

    #[test]
    fn fuzz_broken_templates_never_panic(
        expression in expression(), cut in 0_usize..1_200, with in any::<String>()
    ) {
        let mut text = instance(&expression, PARAMETERS);
        let cut = text.floor_char_boundary(cut.min(text.len()));
        text.insert_str(cut, &with);
        scan(&text);
        text.truncate(cut);
        scan(&text);
    }
}
