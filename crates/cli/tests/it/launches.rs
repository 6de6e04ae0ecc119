//! What the audit says that a launch gets is what is born when it happens: another client launches from every
//! template and scales every group, and its instances are the judges.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Server, findings};

const TEMPLATES: &str = "launch-template-launches-imdsv2";
const GROUPS: &str = "autoscaling-group-launches-imdsv2";

fn by_resource<'a>(report: &'a Value, control: &str) -> BTreeMap<&'a str, &'a Value> {
    let findings = findings(report, control).iter();
    findings.map(|finding| (finding["resource"].as_str().unwrap(), finding)).collect()
}

#[test]
fn what_is_born_is_what_was_said() {
    let mut compared = [0, 0, 0];
    for seed in ["1", "2"] {
        let server = Server::simulator(&[
            "--accounts",
            "1",
            "--instances",
            "160",
            "--templates",
            "48",
            "--groups",
            "24",
            "--seed",
            seed,
        ]);
        let (_, report) = server.audit(&["--control", TEMPLATES, GROUPS]);
        assert_eq!(report["errors"], json!([]));
        let born = server.python("launch_everything.py", &[]);
        for (resource, finding) in by_resource(&report, TEMPLATES) {
            let facts = &finding["facts"];
            let instance = &born["templates"][resource.rsplit('/').next().unwrap()];
            if facts["effective_http_tokens"].is_null() {
                compared[2] += 1;
                continue;
            }
            if instance["error"] == "UnsupportedOperation" {
                assert_eq!(facts["effective_http_tokens"], "optional", "{finding}");
                assert_ne!(finding["verdict"], "fail", "{finding}");
                continue;
            }
            // A launch that fails for another reason (an image that is gone) gives birth to nothing.
            if instance["error"].is_string() {
                continue;
            }
            compared[0] += 1;
            let said = json!({
                "http_tokens": facts["effective_http_tokens"],
                "hop_limit": facts["effective_hop_limit"],
                "http_endpoint": facts["effective_http_endpoint"],
            });
            assert_eq!(said, *instance, "{finding}");
        }
        for (resource, finding) in by_resource(&report, GROUPS) {
            let instance = &born["groups"][resource];
            if finding["verdict"] == "pass" && instance["error"].is_null() {
                let safe = instance["http_tokens"] == "required"
                    || instance["http_endpoint"] == "disabled";
                assert!(safe, "{finding} {instance}");
                compared[1] += 1;
            }
        }
    }
    assert!(compared[0] > 50 && compared[1] > 8, "{compared:?}");
}

#[test]
fn the_simulators_launches_hold_for_another_client() {
    let server = Server::simulator(&["--seed", "5", "--accounts", "6", "--instances", "1200"]);
    server.python("launch_checks.py", &[]);
}

#[test]
fn the_simulators_services_hold_for_another_client() {
    let server = Server::simulator(&["--accounts", "12", "--instances", "2000"]);
    server.python("services_checks.py", &[]);
}
