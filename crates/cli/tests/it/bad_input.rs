//! Whatever users, machines and networks do wrong: a clear message, the right exit code, never a panic.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};

use crate::harness::{Ended, Run as _, Server, findings, free_port, imdsure};

const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
];

fn world() -> Server {
    Server::simulator(&["--accounts", "3", "--instances", "60"])
}

fn says(ended: &Ended, code: i32, parts: &[&str]) {
    assert_eq!(ended.code, code, "{ended:?}");
    for part in parts {
        assert!(ended.err.contains(part), "`{part}` is not in: {}", ended.err);
    }
    assert!(!ended.err.contains("panicked"), "{}", ended.err);
}

#[test]
fn an_unknown_profile_is_named_with_those_that_exist() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    fs::write(&config, "[profile shop]\nregion = eu-west-1\n").unwrap();
    let with_config =
        |arguments: &[&str]| imdsure(arguments).env("AWS_CONFIG_FILE", &config).ended();
    says(&with_config(&["audit", "--profile", "shpo"]), 64, &["`shpo`", "shop"]);
    let mut command = imdsure(&["audit"]);
    says(
        &command.env("AWS_CONFIG_FILE", &config).env("AWS_PROFILE", "nope").ended(),
        64,
        &["`nope`"],
    );
    // A profile that exists and has no credentials is another matter.
    says(&with_config(&["audit", "--profile", "shop"]), 64, &["no AWS credentials", "`shop`"]);
}

#[test]
fn without_credentials_the_sources_that_were_tried_are_named() {
    let sources = ["AWS_ACCESS_KEY_ID", "SSO", "web identity", "container", "instance metadata"];
    says(&imdsure(&["audit"]).ended(), 64, &sources);
}

#[test]
fn credentials_that_aws_refuses_are_a_gap() {
    let server = world();
    let mut command =
        server.imdsure(&["audit", "--control", "instance-imdsv1-disabled", "-o", "json"]);
    let ended = command.env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE").ended();
    assert_eq!(ended.code, 2);
    let error = &ended.json()["errors"][0];
    assert_eq!(
        (&error["code"], &error["kind"]),
        (&json!("InvalidClientTokenId"), &json!("credentials"))
    );
    let mut command =
        server.imdsure(&["audit", "--control", "instance-imdsv1-disabled", "-o", "pretty"]);
    let ended = command.env("AWS_SECRET_ACCESS_KEY", "wrong").ended();
    assert_eq!(ended.code, 2);
    assert!(ended.out.contains("SignatureDoesNotMatch"), "{}", ended.out);
    assert!(ended.out.contains("No instance could be read"), "{}", ended.out);
    assert!(!ended.out.contains("nothing to look at"), "{}", ended.out);
}

#[test]
fn expired_credentials_say_so() {
    // An endpoint that answers as STS does to an expired session.
    let url = answers(
        403,
        "text/xml",
        "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message></Error></ErrorResponse>",
    );
    let ended = imdsure(&[
        "audit",
        "--control",
        "instance-imdsv1-disabled",
        "-o",
        "json",
        "--endpoint-url",
        &url,
    ])
    .envs(KEYS)
    .ended();
    assert_eq!(ended.code, 2);
    assert_eq!(ended.json()["errors"][0]["code"], "ExpiredToken");
    assert_eq!(ended.json()["errors"][0]["kind"], "credentials");
}

#[test]
fn credentials_that_expire_in_the_middle_are_renewed() {
    let sessions = Arc::new(AtomicUsize::new(0));
    let assumed = Arc::clone(&sessions);
    let url = serve(move |request| {
        let ok = |body: String| (200, "text/xml", body);
        if request.contains("Action=GetCallerIdentity") {
            ok(IDENTITY.to_owned())
        } else if request.contains("Action=AssumeRole") {
            let number = assumed.fetch_add(1, Ordering::SeqCst) + 1;
            ok(format!(
                "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIASESSION{number}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
            ))
        } else if request.contains("Action=DescribeRegions") {
            ok(REGIONS.to_owned())
        } else if request.contains("Action=DescribeInstances") && request.contains("ASIASESSION2") {
            ok("<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>"
                .to_owned())
        } else if request.contains("Action=DescribeInstances") {
            let error = "<Response><Errors><Error><Code>RequestExpired</Code><Message>Request has expired.</Message></Error></Errors></Response>";
            (400, "text/xml", error.to_owned())
        } else {
            (
                403,
                "text/xml",
                "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
                    .to_owned(),
            )
        }
    });
    let role = "arn:aws:iam::222233334444:role/x";
    let arguments = [
        "audit",
        "--control",
        "instance-imdsv1-disabled",
        "-o",
        "json",
        "--role-arn",
        role,
        "--endpoint-url",
        &url,
    ];
    let ended = imdsure(&arguments).envs(KEYS).ended();
    assert_eq!((ended.code, &ended.json()["errors"]), (0, &json!([])), "{ended:?}");
    assert_eq!(sessions.load(Ordering::SeqCst), 2);
}

const REGIONS: &str = "<DescribeRegionsResponse><regionInfo><item><regionName>us-east-1</regionName><optInStatus>opt-in-not-required</optInStatus></item></regionInfo></DescribeRegionsResponse>";

#[test]
fn a_role_that_cannot_be_assumed_is_a_gap() {
    let server = world();
    let (code, report) =
        server.instances(&["--role-arn", "arn:aws:iam::999999999999:role/imdsure-read"]);
    assert_eq!((code, &report["errors"][0]["operation"]), (2, &json!("sts:AssumeRole")));
    assert_eq!(report["errors"][0]["account"], "999999999999");
}

#[test]
fn a_region_that_does_not_exist_is_named_with_those_that_do() {
    let ended = world()
        .imdsure(&[
            "audit",
            "--control",
            "instance-imdsv1-disabled",
            "--regions",
            "us-east-1,us-esat-2",
        ])
        .ended();
    says(&ended, 64, &["us-esat-2", "us-west-2"]);
}

#[test]
fn a_region_that_is_not_enabled_is_no_error() {
    let (code, report) = world().instances(&["--regions", "af-south-1,us-east-1"]);
    assert_eq!((code, &report["errors"]), (1, &json!([])));
    assert_eq!(report["scope"]["regions"], json!(["us-east-1"]));
}

#[test]
fn wrong_usage_is_64() {
    let server = world();
    let run = |arguments: &[&str]| server.imdsure(&[&["audit"], arguments].concat()).ended();
    says(&run(&["--account", "12345"]), 64, &["`12345`", "twelve digits"]);
    says(&run(&["--role-arn", "imdsure-read"]), 64, &["role ARN"]);
    says(&run(&["--role-arn", "arn:aws:iam::111122223333:role/x", "--org"]), 64, &["--org"]);
    says(&run(&["--org", "--account", "111122223333"]), 64, &["111122223333", "organization"]);
    says(&run(&["--endpoint-url", "localhost:1"]), 64, &["--endpoint-url"]);
    says(&run(&["--control", "EC2.9"]), 64, &["`EC2.9`", "did you mean"]);
    says(&run(&["--output", "yaml"]), 64, &["yaml", "jsonl"]);
    says(&run(&["--export", "report.doc"]), 64, &["FORMAT:FILE"]);
    says(&run(&["--concurrency", "0"]), 64, &["--concurrency"]);
    says(&run(&["--from", "x", "--org"]), 64, &["--org"]);
    says(&run(&["--nonsense"]), 64, &["--nonsense"]);
    says(&run(&["--role-name", "x"]), 64, &["--role-name", "--org"]);
    says(&run(&["--regions", "all,us-east-1"]), 64, &["`all`"]);
    says(&run(&["--export", "json:-"]), 64, &["--output"]);
    says(&run(&["--export", "json:x", "--export", "csv:x"]), 64, &["same file"]);
    let role = "arn:aws:iam::111122223333:role/x";
    says(&run(&["--role-arn", role, "--role-arn", role]), 64, &["111122223333"]);
    says(&run(&["--role-arn", role, "--profile", "a", "--profile", "b"]), 64, &["--profile"]);
    says(&imdsure(&["simulator", "serve", "--fault", "fire=1"]).ended(), 64, &["fire", "throttle"]);
    says(&imdsure(&["simulator", "serve", "--deny", "x"]).ended(), 64, &["x"]);
    says(&imdsure(&["control", "show", "nothing"]).ended(), 64, &["nothing"]);
}

#[test]
fn an_export_with_nowhere_to_go_is_refused_before_anything_is_read() {
    let server = world();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing/report.json");
    let ended = server
        .imdsure(&[
            "audit",
            "--control",
            "instance-imdsv1-disabled",
            "--export",
            missing.to_str().unwrap(),
        ])
        .ended();
    says(&ended, 64, &["missing/report.json"]);
    let ended = server
        .imdsure(&[
            "audit",
            "--control",
            "instance-imdsv1-disabled",
            "--export",
            &format!("json:{}", folder.path().display()),
        ])
        .ended();
    says(&ended, 64, &["directory"]);
    assert_eq!(server.stats()["calls"], json!({}));
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let ended = server
        .imdsure(&[
            "audit",
            "--control",
            "instance-imdsv1-disabled",
            "--save",
            file.to_str().unwrap(),
        ])
        .ended();
    says(&ended, 64, &["file"]);
}

#[test]
fn an_endpoint_that_is_none_is_refused_and_its_password_not_repeated() {
    for url in ["foo", "ftp://host", "http://user:s3cret@127.0.0.1:1", "http://u:s3cret pw@h"] {
        let ended = imdsure(&["audit"]).envs(KEYS).env("AWS_ENDPOINT_URL", url).ended();
        says(&ended, 64, &["endpoint"]);
        assert!(!ended.err.contains("s3cret"), "{}", ended.err);
    }
}

#[test]
fn one_report_that_fails_takes_no_other_with_it() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let arguments = [
        "audit",
        "--control",
        "instance-imdsv1-disabled",
        "--export",
        "csv:/dev/full",
        "-o",
        "json",
        "--save",
        store.to_str().unwrap(),
    ];
    let ended = world().imdsure(&arguments).ended();
    says(&ended, 2, &["/dev/full", "evidence kept in"]);
    assert_eq!(ended.json()["errors"], json!([]));
}

#[test]
fn a_full_disk_is_told() {
    if !std::path::Path::new("/dev/full").exists() {
        return;
    }
    let ended = world()
        .imdsure(&["audit", "--control", "instance-imdsv1-disabled", "--export", "json:/dev/full"])
        .ended();
    says(&ended, 2, &["/dev/full"]);
}

#[test]
fn nobody_listening_is_told() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let ended = imdsure(&[
        "audit",
        "--control",
        "instance-imdsv1-disabled",
        "-o",
        "json",
        "--endpoint-url",
        &url,
    ])
    .envs(KEYS)
    .ended();
    assert_eq!(ended.code, 2);
    assert_eq!(ended.json()["errors"][0]["code"], "Unreachable");
}

#[test]
fn an_endpoint_that_is_not_aws_is_told() {
    for status in [200, 404] {
        let url = answers(status, "text/html", "<html><body><p>It works!</body></html>");
        let ended = imdsure(&[
            "audit",
            "--control",
            "instance-imdsv1-disabled",
            "-o",
            "json",
            "--endpoint-url",
            &url,
        ])
        .envs(KEYS)
        .ended();
        assert_eq!(ended.code, 2);
        let report = ended.json();
        let message = report["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("AWS endpoint") && message.contains("It works!"), "{message}");
    }
}

/// Pages that real AWS may send one day, or that a proxy may mangle.
#[test]
fn pages_that_are_odd_or_broken() {
    let page = |options: &str| {
        format!(
            "<DescribeInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><new/><reservationSet><item><instancesSet>\
             <item>{options}<tagSet><item><value>a&#10;b&#27;[31m\u{202e}</value><key>Name</key></item></tagSet><instanceState><name>running</name>\
             </instanceState><instanceId>i-1</instanceId></item></instancesSet></item></reservationSet></DescribeInstancesResponse>"
        )
    };
    let options = |tokens: &str| {
        format!(
            "<metadataOptions><quantum>on</quantum><httpTokens>{tokens}</httpTokens><httpEndpoint>enabled</httpEndpoint><state>applied</state></metadataOptions>"
        )
    };
    let known = audit_page(&page(&options("optional")));
    assert_eq!((known.0, &known.1[0]["verdict"]), (1, &json!("fail")));
    assert_eq!(known.1[0]["name"], "a\nb\u{1b}[31m\u{202e}");
    let new = audit_page(&page(&options("sometimes")));
    assert_eq!((new.0, &new.1[0]["verdict"]), (0, &json!("unknown")));
    assert_eq!(new.1[0]["facts"]["http_tokens"], "sometimes");
    let none = audit_page(&page(""));
    assert_eq!(none.1[0]["verdict"], "unknown");
    let whole = page(&options("optional"));
    let cut = audit_page(&whole[..whole.len() - 30]);
    assert_eq!((cut.0, cut.1.as_array().unwrap().len()), (2, 0));
    assert_eq!(cut.2[0]["kind"], "malformed");
    let around = audit_page(&format!("junk{whole}junk"));
    assert_eq!((around.0, &around.2[0]["kind"]), (2, &json!("malformed")));
    let id = audit_page(&whole.replace("i-1<", "i-1&#27;[2J<"));
    assert_eq!((id.0, &id.1[0]["facts"]["instance_id"]), (1, &json!("i-1\u{1b}[2J")));
    let entity = audit_page(&page(&options("&nbsp;")));
    assert_eq!((entity.0, &entity.2[0]["code"]), (2, &json!("MalformedAnswer")));
}

/// Audits an account whose only page of instances is this; exit code, findings, errors.
fn audit_page(page: &str) -> (i32, Value, Value) {
    let url = aws_with_page(page.to_owned());
    let ended = imdsure(&[
        "audit",
        "--control",
        "instance-imdsv1-disabled",
        "-o",
        "json",
        "--endpoint-url",
        &url,
    ])
    .envs(KEYS)
    .ended();
    let report = ended.json();
    // The same page for people: nothing foreign may steer the terminal.
    let pretty = imdsure(&[
        "audit",
        "--control",
        "instance-imdsv1-disabled",
        "-o",
        "pretty",
        "--endpoint-url",
        &url,
    ])
    .envs(KEYS)
    .ended();
    assert!(!pretty.out.contains(['\u{1b}', '\u{202e}']), "{:?}", pretty.out);
    (
        ended.code,
        findings(&report, "instance-imdsv1-disabled").clone().into(),
        report["errors"].clone(),
    )
}

#[test]
fn an_account_without_regions_is_not_clean() {
    let url = serve(|request| {
        if request.contains("Action=GetCallerIdentity") {
            (200, "text/xml", IDENTITY.to_owned())
        } else {
            (200, "text/xml", "<DescribeRegionsResponse/>".to_owned())
        }
    });
    let ended = imdsure(&[
        "audit",
        "--control",
        "instance-imdsv1-disabled",
        "-o",
        "json",
        "--endpoint-url",
        &url,
    ])
    .envs(KEYS)
    .ended();
    assert_eq!((ended.code, &ended.json()["errors"][0]["kind"]), (2, &json!("malformed")));
}

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/a</Arn><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";

/// An AWS with one account, one region and that page of instances.
fn aws_with_page(page: String) -> String {
    serve(move |request| {
        if request.contains("Action=GetCallerIdentity") {
            (200, "text/xml", IDENTITY.to_owned())
        } else if request.contains("Action=DescribeRegions") {
            (200, "text/xml", REGIONS.to_owned())
        } else if request.contains("Action=DescribeInstances") {
            (200, "text/xml", page.clone())
        } else {
            (
                400,
                "text/xml",
                "<ErrorResponse><Error><Code>InvalidAction</Code></Error></ErrorResponse>"
                    .to_owned(),
            )
        }
    })
}

fn answers(status: u16, content_type: &'static str, body: &'static str) -> String {
    serve(move |_| (status, content_type, body.to_owned()))
}

/// A small HTTP server that lives as long as the test process. One request a connection.
fn serve(answer: impl Fn(&str) -> (u16, &'static str, String) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = stream;
            let request = read_request(&mut stream);
            let (status, content_type, body) = answer(&request);
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ =
                stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
        }
    });
    url
}

fn read_request(stream: &mut std::net::TcpStream) -> String {
    let (mut text, mut buffer) = (String::new(), [0; 8192]);
    loop {
        let read = stream.read(&mut buffer).unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if read == 0 {
                return text;
            }
            continue;
        };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
        });
        if read == 0 || body.len() >= length.unwrap_or(0usize) {
            return text;
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let server = Server::simulator(&["--accounts", "3", "--instances", "3000"]);
    for format in ["jsonl", "json", "csv", "brief", "pretty"] {
        let mut command = server.imdsure(&[
            "audit",
            "--control",
            "instance-imdsv1-disabled",
            "--org",
            "-o",
            format,
        ]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 10];
        process.stdout.take().unwrap().read_exact(&mut first).unwrap();
        // The pipe is closed now, with most of the report still to come.
        let ended = crate::harness::ended(process.wait_with_output().unwrap());
        assert_eq!(ended.code, 1, "{format}: {}", ended.err);
        assert_eq!(ended.err, "", "{format}");
    }
}
