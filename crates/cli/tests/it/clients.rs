//! Real AWS clients against the simulator: it is only worth something if they cannot tell the difference.

use serde_json::{Value, json};

use crate::harness::Server;

fn world() -> Server {
    Server::simulator(&["--accounts", "6", "--instances", "240", "--seed", "7"])
}

#[test]
fn awscli_reads_what_the_audit_reads() {
    let server = world();
    let (_, report) = server.audit(&["--regions", "us-east-1"]);
    let ended = server.awscli(&[
        "ec2",
        "describe-instances",
        "--region",
        "us-east-1",
        "--output",
        "json",
        "--page-size",
        "5",
        "--query",
        "Reservations[].Instances[].[InstanceId,MetadataOptions.HttpTokens,MetadataOptions.State]",
    ]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let mut cli: Vec<(String, String, String)> = serde_json::from_value(ended.json()).unwrap();
    let findings = crate::harness::findings(&report, "instance-imdsv1-disabled");
    let text = |finding: &Value, fact: &str| finding["facts"][fact].as_str().unwrap().to_owned();
    let fact = |f: &Value| (text(f, "instance_id"), text(f, "http_tokens"), text(f, "state"));
    let mut audit: Vec<_> = findings.iter().map(fact).collect();
    cli.sort();
    audit.sort();
    assert!(!audit.is_empty());
    assert_eq!(cli, audit);
}

#[test]
fn awscli_sees_the_errors_of_aws() {
    let server = world();
    let refused = |arguments: &[&str], code: &str| {
        let ended = server.awscli(arguments);
        assert_ne!(ended.code, 0);
        assert!(ended.err.contains(code), "{code}: {}", ended.err);
    };
    refused(
        &["ec2", "describe-instances", "--instance-ids", "i-0123456789abcdef0"],
        "InvalidInstanceID.NotFound",
    );
    refused(
        &["ec2", "describe-instances", "--filters", "Name=colour,Values=red"],
        "InvalidParameterValue",
    );
    refused(&["ec2", "describe-instances", "--region", "af-south-1"], "AuthFailure");
    refused(&["ec2", "describe-instances", "--max-results", "3"], "InvalidParameterValue");
    refused(&["ec2", "describe-vpcs"], "InvalidAction");
    refused(
        &[
            "sts",
            "assume-role",
            "--role-arn",
            "arn:aws:iam::999999999999:role/x",
            "--role-session-name",
            "test",
        ],
        "AccessDenied",
    );
    refused(&["ec2", "describe-instances", "--dry-run"], "DryRunOperation");
}

#[test]
fn boto3_pages_filters_assumes_and_is_refused_as_by_aws() {
    let answers = world().python("simulator_checks.py", &[]);
    let expected = json!({
        "accounts": 6,
        "pages_hold_at_most": 5,
        "filtered_equals_own_filter": true,
        "token_of_another_region": "InvalidParameterValue",
        "changed_token": "InvalidParameterValue",
        "wrong_secret": "SignatureDoesNotMatch",
        "unknown_key": "InvalidClientTokenId",
        "session_policy_denies": "UnauthorizedOperation",
        "member_lists_accounts": "AccessDeniedException",
    });
    assert_eq!(answers, expected);
}

/// What awscli answers.
fn told(server: &Server, arguments: &[&str]) -> Value {
    let ended = server.awscli(&[arguments, &["--output", "json"]].concat());
    assert_eq!(ended.code, 0, "{arguments:?}: {}", ended.err);
    ended.json()
}

#[test]
fn awscli_finds_an_account_its_place_and_its_name() {
    let server = Server::simulator(&["--accounts", "3", "--instances", "9", "--regions", "1"]);
    let (_, report) = server.instances(&["--org"]);
    let organization = told(&server, &["organizations", "describe-organization"]);
    let manager = &organization["Organization"]["MasterAccountId"];
    let findings = crate::harness::findings(&report, "instance-imdsv1-disabled");
    let is_member = |finding: &&Value| finding["account_id"] != *manager;
    let member = findings.iter().find(is_member).unwrap();
    let id = member["account_id"].as_str().unwrap();
    let account = told(&server, &["organizations", "describe-account", "--account-id", id]);
    assert_eq!(account["Account"]["Name"], member["account_name"]);
    let parents = told(&server, &["organizations", "list-parents", "--child-id", id]);
    let parent = &parents["Parents"][0];
    assert_eq!(parent["Type"], "ORGANIZATIONAL_UNIT");
    let unit = parent["Id"].as_str().unwrap();
    assert_eq!(server.instances(&["--ou", unit]).1["scope"]["accounts"], json!([id]));
    let (_, own) = server.instances(&[]);
    let aliases = told(&server, &["iam", "list-account-aliases"]);
    let named = crate::harness::findings(&own, "instance-imdsv1-disabled");
    assert_eq!(aliases["AccountAliases"], json!([named[0]["account_name"]]));
}

#[test]
fn unpaginated_reads_draw_from_the_smaller_bucket() {
    let server = world();
    let stats = server.python("burst.py", &["200"]);
    let (answered, throttled) =
        (stats["answered"].as_u64().unwrap(), stats["throttled"].as_u64().unwrap());
    // A bucket of 50 that refills with 10 a second: even a slow machine outruns it.
    assert_eq!(answered + throttled, 200);
    assert!(answered >= 50 && throttled > 0, "{stats}");
}
