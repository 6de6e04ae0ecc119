//! Whole calls, from the signature to the answer.

use std::collections::HashSet;

use bytes::Bytes;
use http::HeaderMap;

use super::client::{Client, Credentials, element};
use super::*;
use crate::config::Config;
use crate::denial::Denial;

const REGION: &str = "us-east-1";

fn client() -> Client {
    Client::new(Config { accounts: 5, instances: 3_333, ..Config::default() })
}

fn describe(client: &Client, by: &Credentials, region: &str, form: &str) -> Reply {
    client.call(by, Service::Ec2, region, "DescribeInstances", form)
}

fn error(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// The ids of all instances of a unit, page by page.
fn paged(client: &Client, by: &Credentials, region: &str, form: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut token = String::new();
    loop {
        let reply = describe(
            client,
            by,
            region,
            &format!("{form}&NextToken={}", token.replace('+', "%2B")),
        );
        let text = reply.text();
        assert_eq!(reply.status, 200, "{text}");
        ids.extend(text.split("<instanceId>").skip(1).map(|part| part[..19].to_owned()));
        token = element(&text, "nextToken").to_owned();
        if token.is_empty() {
            return ids;
        }
    }
}

#[test]
fn the_whole_organization_has_the_exact_total() {
    let client = client();
    let mut ids = HashSet::new();
    let mut total = 0;
    for place in 0..5 {
        let by = if place == 0 { client.user() } else { client.assume(place, "") };
        for region in &client.cloud.world.regions {
            let found = paged(&client, &by, region, "MaxResults=60");
            total += found.len();
            ids.extend(found);
        }
    }
    assert_eq!((total, ids.len()), (3_333, 3_333));
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let bytes = || {
        let client = client();
        describe(&client, &client.user(), REGION, "MaxResults=100").body
    };
    assert_eq!(bytes(), bytes());
}

#[test]
fn filters_divide_what_is_there() {
    let client = client();
    let user = client.user();
    let count = |value: &str| {
        let form = format!(
            "MaxResults=20&Filter.1.Name=metadata-options.http-tokens&Filter.1.Value.1={value}"
        );
        paged(&client, &user, REGION, &form).len()
    };
    let all = paged(&client, &user, REGION, "MaxResults=1000").len();
    assert_eq!(count("required") + count("optional"), all);
    assert!(count("optional") > all / 4);
    assert_eq!(count("*"), all);
}

#[test]
fn wrong_parameters_are_refused_as_ec2_does() {
    let client = client();
    let user = client.user();
    let id = &paged(&client, &user, REGION, "MaxResults=5")[0];
    let cases = [
        ("MaxResults=4", 400, "InvalidParameterValue"),
        ("MaxResults=1001", 400, "InvalidParameterValue"),
        ("MaxResults=many", 400, "InvalidParameterValue"),
        (&format!("MaxResults=10&InstanceId.1={id}"), 400, "InvalidParameterCombination"),
        ("InstanceId.1=i-0123456789abcdef0", 400, "InvalidInstanceID.NotFound"),
        ("InstanceId.1=banana", 400, "InvalidInstanceID.Malformed"),
        ("Filter.1.Name=colour&Filter.1.Value.1=red", 400, "InvalidParameterValue"),
        ("NextToken=AAAA", 400, "InvalidParameterValue"),
        ("MaxResult=10", 400, "UnknownParameter"),
        ("DryRun=true", 412, "DryRunOperation"),
    ];
    for (form, status, code) in cases {
        assert_eq!(describe(&client, &user, REGION, form).error(), error(status, code), "{form}");
    }
    assert_eq!(
        client.call(&user, Service::Ec2, REGION, "DescribeVolcanoes", "").error(),
        error(400, "InvalidAction")
    );
    assert_eq!(
        client.call(&user, Service::Organizations, REGION, "Nothing", "{}").error(),
        error(400, "UnknownOperationException")
    );
    assert_eq!(describe(&client, &user, "ap-south-1", "").error(), error(401, "AuthFailure"));
}

#[test]
fn a_token_of_another_listing_is_refused() {
    let client = client();
    let user = client.user();
    let token = element(&describe(&client, &user, REGION, "MaxResults=5").text(), "nextToken")
        .replace('+', "%2B");
    let with = |by: &Credentials, region: &str, more: &str| {
        describe(&client, by, region, &format!("MaxResults=5&NextToken={token}{more}")).status
    };
    assert_eq!(with(&user, REGION, ""), 200);
    assert_eq!(with(&user, "eu-west-1", ""), 400);
    assert_eq!(with(&client.assume(1, ""), REGION, ""), 400);
    assert_eq!(with(&user, REGION, "&Filter.1.Name=tag-key&Filter.1.Value.1=Name"), 400);
}

#[test]
fn strangers_are_refused_in_each_protocol() {
    let client = client();
    let calls = |by: &Credentials| {
        [
            (Service::Ec2, "DescribeRegions"),
            (Service::Sts, "GetCallerIdentity"),
            (Service::Organizations, "ListRoots"),
        ]
        .map(|(service, name)| client.call(by, service, REGION, name, "{}").error())
    };
    let user = client.user();
    let wrong = Credentials { secret: "wrong".into(), ..user.clone() };
    let expected = [
        error(403, "SignatureDoesNotMatch"),
        error(403, "SignatureDoesNotMatch"),
        error(400, "InvalidSignatureException"),
    ];
    assert_eq!(calls(&wrong), expected);
    let unknown = Credentials { key: "AKIAUNKNOWN".into(), ..user.clone() };
    let expected = [
        error(401, "AuthFailure"),
        error(403, "InvalidClientTokenId"),
        error(400, "UnrecognizedClientException"),
    ];
    assert_eq!(calls(&unknown), expected);
    let token = Credentials { token: Some("stray".into()), ..user };
    assert_eq!(calls(&token), expected);
}

#[test]
fn sessions_end_and_signatures_grow_old() {
    let mut client = client();
    // The session was begun 20 minutes ago by the time its requests are signed.
    client.late = -600;
    let session = client.assume(1, "DurationSeconds=900");
    client.late = 600;
    let calls = |client: &Client, by: &Credentials| {
        [
            (Service::Ec2, "DescribeRegions"),
            (Service::Sts, "GetCallerIdentity"),
            (Service::Organizations, "ListRoots"),
        ]
        .map(|(service, name)| client.call(by, service, REGION, name, "{}").error())
    };
    let expected = [
        error(400, "RequestExpired"),
        error(403, "ExpiredToken"),
        error(400, "ExpiredTokenException"),
    ];
    assert_eq!(calls(&client, &session), expected);
    client.late = 901;
    let expected = [
        error(400, "RequestExpired"),
        error(403, "SignatureDoesNotMatch"),
        error(400, "InvalidSignatureException"),
    ];
    assert_eq!(calls(&client, &client.user()), expected);
}

#[test]
fn unsigned_requests_are_refused() {
    let send = |body: &'static str| {
        let request = Request {
            method: "POST".into(),
            path: "/".into(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
        };
        client().send(&request).error()
    };
    assert_eq!(send("Action=DescribeInstances&Version=2016-11-15"), error(401, "AuthFailure"));
    assert_eq!(
        send("Action=GetCallerIdentity&Version=2011-06-15"),
        error(403, "MissingAuthenticationToken")
    );
}

#[test]
fn roles_are_for_the_management_user_alone() {
    let client = client();
    let assume = |by: &Credentials, account: &str, role: &str| {
        let form = format!("RoleArn=arn:aws:iam::{account}:role/{role}&RoleSessionName=test");
        client.call(by, Service::Sts, REGION, "AssumeRole", &form)
    };
    let (user, member) = (client.user(), client.assume(1, ""));
    assert_eq!(assume(&user, client.account(2), "OrganizationAccountAccessRole").status, 200);
    let denied = error(403, "AccessDenied");
    assert_eq!(assume(&member, client.account(2), "imdsure-read").error(), denied);
    assert_eq!(assume(&user, client.account(0), "imdsure-read").error(), denied);
    assert_eq!(assume(&user, client.account(2), "Admin").error(), denied);
    assert_eq!(assume(&user, "000000000000", "imdsure-read").error(), denied);
    assert_eq!(
        client.call(&member, Service::Organizations, REGION, "ListAccounts", "{}").error(),
        error(400, "AccessDeniedException")
    );
    assert_eq!(
        client.call(&member, Service::Organizations, REGION, "DescribeOrganization", "{}").status,
        200
    );
}

#[test]
fn session_policies_bind() {
    let client = client();
    let policy =
        r#"Policy={"Statement":{"Effect":"Allow","Action":"ec2:DescribeR*","Resource":"*"}}"#;
    let session = client.assume(1, policy);
    assert_eq!(client.call(&session, Service::Ec2, REGION, "DescribeRegions", "").status, 200);
    assert_eq!(client.call(&session, Service::Sts, REGION, "GetCallerIdentity", "").status, 200);
    let reply = describe(&client, &session, REGION, "");
    assert_eq!(reply.error(), error(403, "UnauthorizedOperation"));
    assert!(
        reply.text().contains("because no session policy allows the ec2:DescribeInstances action")
    );
}

#[test]
fn denials_name_who_denies() {
    let denial = |text, by_policy| Denial::parse(text, by_policy).unwrap();
    let denials = vec![
        denial("*:us-west-2:ec2:Describe*", true),
        denial("shop-prod:us-east-1:ec2:DescribeInstances", false),
        denial("shop-dev:*:sts:AssumeRole", false),
    ];
    let client = Client::new(Config { denials, ..Config::default() });
    let session = client.assume(1, "");
    let text = |region| describe(&client, &session, region, "").text();
    assert!(text("us-west-2").contains("with an explicit deny in a service control policy"));
    assert!(
        text("us-east-1")
            .contains("because no identity-based policy allows the ec2:DescribeInstances action")
    );
    assert!(text("eu-west-1").contains("<reservationSet>"));
    let form = format!(
        "RoleArn=arn:aws:iam::{}:role/imdsure-read&RoleSessionName=test",
        client.account(2)
    );
    assert_eq!(
        client.call(&client.user(), Service::Sts, REGION, "AssumeRole", &form).error(),
        error(403, "AccessDenied")
    );
}

#[test]
fn the_bucket_of_a_region_empties() {
    let client = client();
    let user = client.user();
    let codes: Vec<u16> = (0..60).map(|_| describe(&client, &user, REGION, "").status).collect();
    assert_eq!(codes.iter().filter(|code| **code == 200).count(), 50);
    assert_eq!(describe(&client, &user, REGION, "").error(), error(503, "RequestLimitExceeded"));
    assert_eq!(describe(&client, &user, REGION, "MaxResults=5").status, 200);
    assert_eq!(describe(&client, &user, "eu-west-1", "").status, 200);
    assert_eq!(client.cloud.counters.snapshot().throttled, 11);
}

#[test]
fn faults_speak_each_service_s_language() {
    let with = |fault: &str| {
        Client::new(Config { faults: vec![fault.parse().unwrap()], ..Config::default() })
    };
    let call = |client: &Client, service, name| {
        let input = if service == Service::Organizations { "{}" } else { "" };
        client.call(&client.user(), service, REGION, name, input)
    };
    let client = with("throttle=1");
    assert_eq!(
        call(&client, Service::Ec2, "DescribeRegions").error(),
        error(503, "RequestLimitExceeded")
    );
    assert_eq!(call(&client, Service::Sts, "GetCallerIdentity").error(), error(400, "Throttling"));
    assert_eq!(
        call(&client, Service::Organizations, "ListRoots").error(),
        error(400, "TooManyRequestsException")
    );
    assert_eq!(
        call(&with("error500=1"), Service::Ec2, "DescribeRegions").error(),
        error(500, "InternalError")
    );
    assert_eq!(
        call(&with("error503=1"), Service::Ec2, "DescribeRegions").error(),
        error(503, "Unavailable")
    );
    for (fault, delivery) in
        [("slow=1", Delivery::Late), ("cut=1", Delivery::Cut), ("cut=0", Delivery::Normal)]
    {
        let reply = call(&with(fault), Service::Sts, "GetCallerIdentity");
        assert_eq!((reply.status, reply.delivery), (200, delivery));
    }
}

#[test]
fn accounts_come_in_pages() {
    let client = Client::new(Config { accounts: 45, ..Config::default() });
    let mut ids = HashSet::new();
    let mut input = "{}".to_owned();
    let mut pages = 0;
    loop {
        let reply =
            client.call(&client.user(), Service::Organizations, REGION, "ListAccounts", &input);
        let answer: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        pages += 1;
        ids.extend(
            answer["Accounts"].as_array().unwrap().iter().map(|account| account["Id"].to_string()),
        );
        match answer["NextToken"].as_str() {
            Some(token) => input = format!(r#"{{"NextToken":"{token}"}}"#),
            None => break,
        }
    }
    assert_eq!((pages, ids.len()), (3, 45));
}
