//! Usage evidence: what CloudWatch counted is what an independent client reads; it is asked only when somebody
//! said so, for no more than they said, in as few calls as can be.

use serde_json::{Value, json};

use crate::harness::{Run as _, Server, findings};

const CONTROL: &str = "instance-imdsv1-unused";

#[test]
fn calls_are_those_that_boto3_counts() {
    let server = Server::simulator(&["--accounts", "1", "--instances", "80", "--regions", "2"]);
    let (code, report) = server.audit(&["--usage", "--control", CONTROL]);
    assert_eq!((code, &report["errors"]), (1, &json!([])));
    let found = findings(&report, CONTROL);
    let window = |end: &str| {
        let mut times = found.iter().filter_map(|finding| finding["facts"][end].as_str());
        times.next_back().unwrap().to_owned()
    };
    let (start, end) = (window("window_start"), window("window_end"));
    let witness = server.python("read_usage.py", &[&start, &end]);
    assert_eq!(found.len(), 80);
    let (mut used, mut unused, mut without) = (0, 0, 0);
    for finding in found {
        let facts = &finding["facts"];
        let expected = &witness[facts["instance_id"].as_str().unwrap()];
        assert_eq!(
            (&facts["metric"], &facts["calls"]),
            (&expected["metric"], &expected["calls"]),
            "{finding}"
        );
        match expected["calls"].as_u64() {
            None => without += 1,
            Some(0) => unused += 1,
            Some(_) => {
                // Hours were asked for where there were calls.
                assert_eq!(facts["covered_hours"], expected["hours"], "{finding}");
                used += 1;
            }
        }
    }
    assert!(used > 5 && unused > 5 && without > 3, "{used} {unused} {without}");
}

#[test]
fn five_hundred_instances_are_one_call_and_hours_follow_calls_alone() {
    let server = Server::simulator(&["--accounts", "2", "--instances", "2600", "--regions", "2"]);
    let (_, report) = server.audit(&["--org", "--usage", "--control", CONTROL]);
    let found = findings(&report, CONTROL);
    let mut expected = 0;
    for account in report["scope"]["accounts"].as_array().unwrap() {
        for region in ["us-east-1", "us-west-2"] {
            let here =
                found.iter().filter(|f| f["account_id"] == *account && f["region"] == region);
            let here: Vec<&Value> = here.collect();
            let callers = here.iter().filter(|f| f["facts"]["calls"].as_u64() > Some(0)).count();
            assert_eq!(here.len(), 650);
            // 100,800 datapoints a call, and up to 15 days of hours each.
            expected += here.len().div_ceil(500) + callers.div_ceil(280);
        }
    }
    let calls = server.stats()["calls"]["cloudwatch:GetMetricData"].as_u64().unwrap();
    assert!(calls <= expected as u64, "{calls} calls, at most {expected}");
    assert!(calls >= 8, "{calls}");
}

#[test]
fn nobody_pays_without_having_said_so() {
    let server = Server::simulator(&["--accounts", "1", "--instances", "60", "--regions", "1"]);
    let ended = server.imdsure(&["audit", "--control", CONTROL]).ended();
    assert_eq!(ended.code, 64);
    assert!(ended.err.contains("add --usage"), "{}", ended.err);
    let control = ["--control", CONTROL, "instance-imdsv1-disabled"];
    let limited =
        [&["audit", "-o", "json", "--usage", "--max-cost", "0.0001"], &control[..]].concat();
    let ended = server.imdsure(&limited).ended();
    let report = ended.json();
    assert_eq!(ended.code, 2, "{}", ended.err);
    let [error] = &report["errors"].as_array().unwrap()[..] else { panic!("{}", report["errors"]) };
    assert_eq!(
        (&error["operation"], &error["code"]),
        (&json!("cloudwatch:GetMetricData"), &json!("CostLimit"))
    );
    assert!(error["message"].as_str().unwrap().contains("--max-cost is $0.0001"), "{error}");
    assert_eq!(server.stats()["calls"]["cloudwatch:GetMetricData"], Value::Null);
    let verdicts = findings(&report, CONTROL).iter().filter(|f| f["verdict"] == "pass");
    assert_eq!(verdicts.count(), 0);
    let ended =
        server.imdsure(&[&["audit", "-o", "json", "--usage"], &control[..]].concat()).ended();
    assert!(ended.err.contains("asking CloudWatch about 60 instances"), "{}", ended.err);
    let usage = &ended.json()["questions"]["instances_allowing_imdsv1"]["usage"];
    let number = |name: &str| usage[name].as_u64().unwrap();
    let allow = &ended.json()["questions"]["instances_allowing_imdsv1"]["allow_imdsv1"];
    assert_eq!(json!(number("used") + number("silent") + number("no_data")), *allow);
}
