//! Policies, delegation, external ids and closed regions, from the signature to the answer.

use serde_json::{Value, json};

use super::client::{Client, Credentials};
use super::*;
use crate::config::Config;

const REGION: &str = "us-east-1";

fn client() -> Client {
    Client::new(Config { instances: 6_000, ..Config::default() })
}

fn refused(code: &str) -> (u16, String) {
    (400, code.to_owned())
}

fn organizations(client: &Client, by: &Credentials, name: &str, input: &Value) -> Reply {
    client.call(by, Service::Organizations, REGION, name, &input.to_string())
}

#[test]
fn policies_lead_to_targets_and_back() {
    let client = client();
    let list = ["Policies", "NextToken", "NextToken"];
    let mut seen = 0;
    for kind in ["SERVICE_CONTROL_POLICY", "DECLARATIVE_POLICY_EC2"] {
        let input = json!({ "Filter": kind, "MaxResults": 2 });
        let (policies, pages) = client.all(Service::Organizations, "ListPolicies", &input, list);
        assert!(pages > 1);
        for policy in policies {
            let input = json!({ "PolicyId": policy["Id"] });
            let described =
                client.document(Service::Organizations, "DescribePolicy", &input).json();
            assert_eq!(described["Policy"]["PolicySummary"], policy);
            let targets = ["Targets", "NextToken", "NextToken"];
            let (targets, _) =
                client.all(Service::Organizations, "ListTargetsForPolicy", &input, targets);
            for target in targets {
                let input = json!({ "TargetId": target["TargetId"], "Filter": kind });
                let (back, _) =
                    client.all(Service::Organizations, "ListPoliciesForTarget", &input, list);
                assert!(back.contains(&policy), "{target}");
                seen += 1;
            }
        }
    }
    // Everything carries FullAWSAccess: root, units and accounts; five more policies of either type hang on one target each.
    assert_eq!(seen, (1 + 7 + 12) + 5 + 5);
}

#[test]
fn effective_policies_are_for_accounts_and_those_who_may_ask() {
    let client = client();
    let ask = |by: &Credentials, target: Option<&str>| {
        let mut input = json!({ "PolicyType": "DECLARATIVE_POLICY_EC2" });
        if let Some(target) = target {
            input["TargetId"] = target.into();
        }
        organizations(&client, by, "DescribeEffectivePolicy", &input)
    };
    let (user, member, delegate) = (client.user(), client.assume(1, ""), client.assume(6, ""));
    let content = |reply: Reply| -> Value {
        let answer = reply.json();
        serde_json::from_str(answer["EffectivePolicy"]["PolicyContent"].as_str().unwrap()).unwrap()
    };
    let own = content(ask(&member, None));
    let defaults = &own["ec2_attributes"]["instance_metadata_defaults"];
    assert_eq!(
        (&defaults["http_tokens"], &defaults["http_put_response_hop_limit"]),
        (&json!("required"), &json!("2"))
    );
    assert_eq!(content(ask(&member, Some(client.account(1)))), own);
    assert_eq!(content(ask(&delegate, Some(client.account(1)))), own);
    assert_eq!(ask(&member, Some(client.account(2))).error(), refused("AccessDeniedException"));
    assert_eq!(
        ask(&user, Some(client.account(2))).error(),
        refused("EffectivePolicyNotFoundException")
    );
    assert_eq!(ask(&user, Some("000000000000")).error(), refused("TargetNotFoundException"));
    let root = client.cloud.world.organization.root.clone();
    assert_eq!(ask(&user, Some(&root)).error(), refused("InvalidInputException"));
    let scp = json!({ "PolicyType": "SERVICE_CONTROL_POLICY" });
    let reply = organizations(&client, &user, "DescribeEffectivePolicy", &scp);
    assert_eq!(reply.error(), refused("InvalidInputException"));
}

#[test]
fn a_delegated_administrator_reads_what_members_may_not() {
    let client = client();
    let (member, delegate) = (client.assume(1, ""), client.assume(6, ""));
    let filter = json!({ "Filter": "SERVICE_CONTROL_POLICY" });
    let calls = [
        ("ListPolicies", &filter),
        ("ListAccounts", &json!({})),
        ("ListRoots", &json!({})),
        ("ListDelegatedAdministrators", &json!({})),
    ];
    for (name, input) in calls {
        assert_eq!(organizations(&client, &delegate, name, input).status, 200, "{name}");
        let reply = organizations(&client, &member, name, input);
        assert_eq!(reply.error(), refused("AccessDeniedException"), "{name}");
    }
    let listed =
        organizations(&client, &delegate, "ListDelegatedAdministrators", &json!({})).json();
    assert_eq!(listed["DelegatedAdministrators"][0]["Id"], client.account(6));
    let services = |place| {
        let input = json!({ "AccountId": client.account(place) });
        organizations(&client, &delegate, "ListDelegatedServicesForAccount", &input)
    };
    assert_eq!(services(6).json()["DelegatedServices"].as_array().unwrap().len(), 2);
    assert_eq!(services(1).error(), refused("AccountNotRegisteredException"));
}

#[test]
fn sessions_begun_from_sessions_are_short() {
    let client = client();
    let assume = |by: &Credentials, role: &str, more: &str| {
        let account = client.account(2);
        let form =
            format!("RoleArn=arn:aws:iam::{account}:role/{role}&RoleSessionName=test&{more}");
        client.call(by, Service::Sts, REGION, "AssumeRole", &form)
    };
    let (member, delegate) = (client.assume(1, ""), client.assume(6, ""));
    assert_eq!(assume(&delegate, "imdsure-read", "DurationSeconds=3600").status, 200);
    let long = assume(&delegate, "imdsure-read", "DurationSeconds=3601").error();
    assert_eq!(long, refused("ValidationError"));
    let denied = (403, "AccessDenied".to_owned());
    assert_eq!(assume(&delegate, "OrganizationAccountAccessRole", "").error(), denied);
    assert_eq!(assume(&member, "imdsure-read", "").error(), denied);
}

#[test]
fn roles_may_ask_for_an_external_id() {
    let external_id = Some("imdsure:4711".to_owned());
    let client = Client::new(Config { external_id, ..Config::default() });
    let assume = |more: &str| {
        let account = client.account(1);
        let form =
            format!("RoleArn=arn:aws:iam::{account}:role/imdsure-read&RoleSessionName=test{more}");
        client.call(&client.user(), Service::Sts, REGION, "AssumeRole", &form)
    };
    let denied = (403, "AccessDenied".to_owned());
    assert_eq!(assume("").error(), denied);
    assert_eq!(assume("&ExternalId=imdsure:4712").error(), denied);
    assert_eq!(assume("&ExternalId=imdsure:4711").status, 200);
}

#[test]
fn a_closed_region_is_closed_by_policy() {
    let closed_region = Some("eu-west-1".to_owned());
    let client = Client::new(Config { closed_region, ..Config::default() });
    let ask = |by: &Credentials, region| {
        let by_policy = |reply: Reply| {
            reply.text().contains("with an explicit deny in a service control policy")
        };
        (
            by_policy(client.call(by, Service::Ec2, region, "DescribeRegions", "")),
            by_policy(client.call(by, Service::CloudWatch, region, "ListMetrics", "{}")),
            by_policy(client.call(by, Service::Sts, region, "GetCallerIdentity", "")),
        )
    };
    let (user, outside, inside) = (client.user(), client.assume(1, ""), client.assume(2, ""));
    assert_eq!(ask(&inside, "eu-west-1"), (true, true, false));
    for by in [&user, &outside] {
        assert_eq!(ask(by, "eu-west-1"), (false, false, false));
    }
    assert_eq!(ask(&inside, REGION), (false, false, false));
}
