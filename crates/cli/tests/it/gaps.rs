//! What launches and what guards, where something is missing: it is unknown and named, the rest is judged, and
//! nothing counts as stopped that was not read.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
};

use serde_json::{Value, json};

use crate::harness::{Run as _, Server, findings};

const GUARDRAIL: &str = "organization-guardrail";
const GROUPS: &str = "autoscaling-group-launches-imdsv2";
const TEMPLATES: &str = "launch-template-launches-imdsv2";
const WORLD: [&str; 6] = ["--accounts", "12", "--instances", "60", "--regions", "1"];

fn simulator(more: &[&str]) -> Server {
    Server::simulator(&[&WORLD[..], more].concat())
}

fn guarded(server: &Server) -> (i32, Value) {
    server.audit(&["--org", "--control", GUARDRAIL])
}

/// Verdict and what stops a launch, by account.
fn stops(report: &Value) -> BTreeMap<&str, (&str, Option<&str>)> {
    let found = findings(report, GUARDRAIL).iter();
    let found = found.map(|finding| {
        let by = finding["facts"]["stopped_by"].as_str();
        (finding["account_id"].as_str().unwrap(), (finding["verdict"].as_str().unwrap(), by))
    });
    found.collect()
}

fn operations(report: &Value) -> BTreeSet<&str> {
    let errors = report["errors"].as_array().unwrap().iter();
    errors.map(|error| error["operation"].as_str().unwrap()).collect()
}

#[test]
fn a_call_of_the_organization_that_is_denied_makes_unknown_what_hangs_on_it() {
    let (code, calm) = guarded(&simulator(&[]));
    assert_eq!((code, &calm["errors"]), (1, &json!([])));
    let calm = stops(&calm);
    for (operation, cannot_tell) in [
        ("organizations:ListPolicies", "scp"),
        ("organizations:DescribePolicy", "scp"),
        ("organizations:ListTargetsForPolicy", "scp"),
        ("organizations:ListRoots", "scp"),
        ("organizations:ListAccountsForParent", "scp"),
        ("organizations:DescribeEffectivePolicy", "ec2-policy"),
    ] {
        let server = simulator(&["--deny", &format!("*:*:{operation}")]);
        let (code, report) = guarded(&server);
        assert_eq!((code, operations(&report)), (2, BTreeSet::from([operation])));
        let errors = report["errors"].as_array().unwrap();
        assert!(errors.iter().all(|error| error["kind"] == "denied"), "{errors:?}");
        let denied = stops(&report);
        assert_eq!(denied.len(), calm.len());
        let mut doubted = 0;
        for (account, (verdict, by)) in &denied {
            assert_ne!(*by, Some(cannot_tell), "{operation}: {account}");
            // What the account's own regions tell is told all the same.
            if *by != Some("enforcement") && (*verdict, *by) != calm[account] {
                assert_eq!(*verdict, "unknown", "{operation}: {account}");
                doubted += 1;
            }
        }
        assert!(doubted > 0, "{operation}");
        if cannot_tell == "ec2-policy" {
            // It could keep the defaults, and the way back, out of everybody's hands.
            for fact in ["defaults_change", "way_back"] {
                let open = |finding: &&Value| finding["facts"][fact] == "not-stopped";
                assert_eq!(findings(&report, GUARDRAIL).iter().find(open), None, "{fact}");
            }
        }
        let question = &report["questions"]["organization_policy"];
        let number = |which: &str| denied.values().filter(|(verdict, _)| *verdict == which).count();
        assert_eq!(
            (&question["unknown"], &question["of"]),
            (&json!(number("unknown")), &json!(12))
        );
        assert_eq!(question["none"], json!(number("fail")));
    }
}

#[test]
fn guard_show_says_what_was_not_read() {
    let server = simulator(&["--deny", "*:*:organizations:ListRoots"]);
    let ended = server.imdsure(&["guard", "show", "--org"]).ended();
    assert_eq!(ended.code, 2);
    let told =
        ["What was not read stops nothing", "organizations:ListRoots", "AccessDeniedException"];
    assert!(told.iter().all(|words| ended.out.contains(words)), "{}", ended.out);
}

#[test]
fn accounts_that_are_listed_and_cannot_be_entered_are_not_said_to_be_open() {
    let (_, calm) = guarded(&simulator(&[]));
    let calm = stops(&calm);
    let (code, report) = guarded(&simulator(&["--deny", "*:*:sts:AssumeRole"]));
    assert_eq!((code, operations(&report)), (2, BTreeSet::from(["sts:AssumeRole"])));
    let own: Vec<&Value> =
        findings(&report, GUARDRAIL).iter().filter(|f| f["facts"]["management"] == true).collect();
    let [own] = own[..] else { panic!("one account manages") };
    for (account, (verdict, by)) in stops(&report) {
        let expected = match calm[account] {
            // The caller's own account is entered, and policies are read as the caller.
            known if own["account_id"] == account || known.1 == Some("scp") => known,
            _ => ("unknown", None),
        };
        assert_eq!((verdict, by), expected, "{account}");
    }
    let regions = simulator(&["--deny", "*:*:ec2:DescribeRegions"]);
    let (code, report) = guarded(&regions);
    assert_eq!(code, 2);
    let expected = |by: Option<&str>| if by == Some("scp") { "pass" } else { "unknown" };
    for (account, (verdict, by)) in stops(&report) {
        assert_eq!(verdict, expected(by), "{account}");
        assert!(by.is_none() || by == calm[account].1, "{account}");
    }
}

#[test]
fn regions_whose_defaults_were_not_read_may_enforce() {
    let (_, calm) = guarded(&simulator(&[]));
    let (code, report) = guarded(&simulator(&["--deny", "*:*:ec2:GetInstanceMetadataDefaults"]));
    assert_eq!(code, 2);
    for (account, (verdict, by)) in stops(&report) {
        let known = stops(&calm)[account];
        let expected = if known.0 == "pass" { known } else { ("unknown", None) };
        assert_eq!((verdict, by), expected, "{account}");
    }
}

#[test]
fn a_version_that_was_deleted_and_an_image_that_is_gone() {
    let empty = ["--accounts", "1", "--instances", "1", "--regions", "1"];
    let server = Server::simulator(&[&empty[..], &["--templates", "0", "--groups", "0"]].concat());
    let made = server.python("make_gone.py", &[]);
    let (code, report) = server.audit(&["--control", GROUPS, TEMPLATES]);
    // What is not there any more is no gap.
    assert_eq!((code, &report["errors"]), (1, &json!([])));
    let verdicts: BTreeMap<&str, (&str, &Value)> = findings(&report, GROUPS)
        .iter()
        .map(|f| (f["name"].as_str().unwrap(), (f["verdict"].as_str().unwrap(), &f["facts"])))
        .collect();
    let verdict = |name: &str| verdicts[name].0;
    let of_versions = ["on-1", "on-2", "on-3", "on-4", "on-default"].map(verdict);
    assert_eq!(of_versions, ["unknown", "unknown", "fail", "pass", "pass"]);
    for version in ["1", "2"] {
        let gone = &verdicts[format!("on-{version}").as_str()].1["gone_parts"];
        assert_eq!(*gone, format!("launch template: pinned version {version}"));
    }
    let template = |id: &str| {
        let of = |f: &&Value| f["facts"]["launch_template_id"] == made[id];
        findings(&report, TEMPLATES).iter().find(of).unwrap()
    };
    // Version 3 is in use; what the template's default gives is another matter.
    assert_eq!(template("pinned")["verdict"], "fail");
    assert!(
        template("pinned")["reason"].as_str().unwrap().contains("that something launches from")
    );
    assert_eq!(template("silent")["verdict"], "unknown");
    assert!(template("silent")["facts"]["unknown_versions"].as_str().unwrap().contains("AMI"));
    assert_eq!(template("strict")["verdict"], "pass");
    // All versions in one call for all templates, then those that groups name: together, and each alone
    // once AWS said that one of them is gone.
    let calls = server.stats()["calls"]["ec2:DescribeLaunchTemplateVersions"].clone();
    assert_eq!(calls, json!(1 + 1 + 4));
}

#[test]
fn a_region_that_a_policy_closes_is_left_alone_once_that_is_clear() {
    let world = ["--accounts", "12", "--instances", "60", "--regions", "2"];
    let server = Server::simulator(&[&world[..], &["--closed-region", "us-west-2"]].concat());
    let (code, report) = server.audit(&["--org"]);
    assert_eq!(code, 2);
    let errors = report["errors"].as_array().unwrap();
    assert!(errors.iter().all(|e| e["kind"] == "closed_by_policy" && e["region"] == "us-west-2"));
    let closed: BTreeSet<&str> = errors.iter().map(|e| e["account"].as_str().unwrap()).collect();
    assert_eq!(closed.len(), 3, "the accounts of one unit: {errors:?}");
    let calls = &server.stats()["calls"];
    // EC2 twice and another service.
    for operation in [
        "ec2:DescribeInstances",
        "ec2:DescribeLaunchTemplates",
        "autoscaling:DescribeLaunchConfigurations",
    ] {
        assert_eq!(calls[operation], 24, "{operation}");
    }
    for operation in [
        "autoscaling:DescribeAutoScalingGroups",
        "ec2:GetInstanceMetadataDefaults",
        "eks:ListClusters",
        "sagemaker:ListNotebookInstances",
        "imagebuilder:ListInfrastructureConfigurations",
    ] {
        assert_eq!(calls[operation], 24 - 3, "{operation}");
    }
    let mut config = tempfile::NamedTempFile::new().unwrap();
    let accepted =
        "[[accept_unread]]\nregion = \"us-west-2\"\nreason = \"given up\"\nexpires = 2999-12-31\n";
    config.write_all(accepted.as_bytes()).unwrap();
    let path = config.path().to_str().unwrap();
    let (code, accepted) = server.audit(&["--org", "--config", path]);
    assert_eq!((code, &accepted["scope"]["incomplete"]), (1, &json!(false)));
    let errors = accepted["errors"].as_array().unwrap();
    assert!(errors.iter().all(|error| error["accepted"]["reason"] == "given up"), "{errors:?}");
    assert_eq!(accepted["controls"], report["controls"], "what is accepted is judged no other way");
}

#[test]
fn faults_lose_nothing_of_what_launches_and_guards() {
    let faults = ["throttle=0.05", "error500=0.03", "error503=0.03", "cut=0.05"];
    let faults: Vec<&str> = faults.iter().flat_map(|fault| ["--fault", fault]).collect();
    let world = ["--accounts", "3", "--instances", "60", "--regions", "1"];
    let rough = Server::simulator(&[&world[..], &faults].concat());
    let (calm_code, calm) = Server::simulator(&world).audit(&["--org"]);
    let (rough_code, report) = rough.audit(&["--org"]);
    assert_eq!((calm_code, rough_code), (1, 1));
    assert_eq!(report["errors"], json!([]));
    for part in ["controls", "questions"] {
        assert_eq!(calm[part], report[part], "{part}");
    }
    assert!(calm["controls"].as_array().unwrap().len() > 10);
    assert!(rough.stats()["faults"].as_object().unwrap().len() > 2, "{}", rough.stats());
}

#[test]
fn a_delegated_administrator_reads_what_the_management_account_reads() {
    let server = simulator(&[]);
    let keys: BTreeMap<String, String> =
        serde_json::from_value(server.python("delegate.py", &[])).unwrap();
    let own = server.audit(&["--control", GUARDRAIL]).1["scope"]["accounts"][0].clone();
    // The role that Organizations makes trusts the management account alone, and nobody enters that.
    let chosen = ["--role-name", "imdsure-read", "--exclude-account", own.as_str().unwrap()];
    let arguments = [&["--org", "--control", GUARDRAIL, GROUPS][..], &chosen].concat();
    let (manager_code, as_manager) = server.audit(&arguments);
    let audit = [&["audit", "-o", "json"][..], &arguments].concat();
    let ended = server.imdsure(&audit).envs(&keys).ended();
    let as_delegate = ended.json();
    assert_eq!((ended.code, &as_delegate["errors"]), (manager_code, &json!([])), "{}", ended.err);
    assert_eq!(as_delegate["scope"]["accounts"].as_array().unwrap().len(), 11);
    for part in ["controls", "questions"] {
        assert_eq!(as_manager[part], as_delegate[part], "{part}");
    }
    let stopped = stops(&as_delegate).into_values().filter(|(_, by)| *by == Some("scp")).count();
    assert!(
        stopped > 3,
        "{stopped} accounts are guarded by what only the organization's readers see"
    );
}
