//! Choosing accounts as an organization needs it: by unit, by exclusion, from a file, with an external id,
//! from a delegated administrator; and the configuration that says who owns what.

use std::{collections::BTreeSet, io::Write as _};

use serde_json::{Value, json};

use crate::harness::{Run as _, Server, findings};

const CONTROL: &str = "instance-imdsv1-disabled";
const WORLD: [&str; 6] = ["--accounts", "12", "--instances", "240", "--regions", "2"];
const ONLY: [&str; 3] = ["--org", "--control", CONTROL];

fn audit(server: &Server, more: &[&str]) -> (i32, Value) {
    server.audit(&[&ONLY[..], more].concat())
}

fn accounts(report: &Value) -> BTreeSet<String> {
    let accounts = report["scope"]["accounts"].as_array().unwrap();
    accounts.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn units_are_read_with_all_below_them() {
    let server = Server::simulator(&WORLD);
    let tree = server.python("read_tree.py", &[]);
    let (code, all) = audit(&server, &[]);
    assert_eq!(code, 1);
    for finding in findings(&all, CONTROL) {
        let account = finding["account_id"].as_str().unwrap();
        assert_eq!(finding["organizational_unit"], tree["accounts"][account]["names"]);
    }
    let mut nested = 0;
    for unit in tree["units"].as_object().unwrap().keys() {
        let below = |ids: &Value| ids["ids"].as_str().unwrap().split('/').any(|id| id == unit);
        let members = tree["accounts"].as_object().unwrap().iter();
        let expected: BTreeSet<String> =
            members.filter(|(_, ids)| below(ids)).map(|(id, _)| id.clone()).collect();
        if expected.is_empty() {
            continue;
        }
        let (_, report) = server.audit(&["--ou", unit, "--control", CONTROL]);
        assert_eq!(accounts(&report), expected, "{unit}");
        assert_eq!(report["errors"], json!([]));
        let names = tree["units"][unit].as_str().unwrap();
        let (_, by_names) = server.audit(&["--ou", names, "--control", CONTROL]);
        assert_eq!(accounts(&by_names), expected, "{names}");
        nested += usize::from(expected.len() < accounts(&all).len());
    }
    assert!(nested > 2, "{tree}");
}

#[test]
fn accounts_are_left_out_and_taken_from_a_file() {
    let server = Server::simulator(&WORLD);
    let (_, all) = audit(&server, &[]);
    let all = accounts(&all);
    let mut ids = all.iter().map(String::as_str);
    let (one, two) = (ids.next().unwrap(), ids.next().unwrap());
    let (_, rest) = audit(&server, &["--exclude-account", &format!("{one},{two}")]);
    let expected: BTreeSet<String> =
        all.iter().filter(|id| ![one, two].contains(&id.as_str())).cloned().collect();
    assert_eq!(accounts(&rest), expected);
    let listed = file(&format!("# two of them\n{one}  # the first\n\n{two}\r\n"));
    let (_, two_of_them) = audit(&server, &["--accounts-file", listed.path().to_str().unwrap()]);
    assert_eq!(accounts(&two_of_them), BTreeSet::from([one.to_owned(), two.to_owned()]));
}

#[test]
fn what_cannot_be_chosen_is_refused() {
    let server = Server::simulator(&WORLD);
    let (_, all) = audit(&server, &[]);
    let every = accounts(&all).into_iter().collect::<Vec<_>>().join(",");
    let bad = file("123456789012\nnot-an-id\n");
    let empty = file("# nobody\n");
    let [bad_path, empty_path] = [&bad, &empty].map(|file| file.path().to_str().unwrap());
    let table: [(&[&str], &str); 11] = [
        (
            &["--ou", "Workloads"],
            "the organization has no unit `Workloads`; there are, by names: Root",
        ),
        (&["--ou", "ou-zzzz-11112222"], "the organization has no unit `ou-zzzz-11112222`"),
        (&["--exclude-account", "123456789012"], "--exclude-account goes with --org"),
        (&["--org", "--account", "123456789012"], "123456789012 is not an active account"),
        (&["--org", "--exclude-account", &every], "no account is left to read"),
        (&["--org", "--accounts-file", bad_path], ":2:1: `not-an-id` is no account id"),
        (&["--org", "--accounts-file", empty_path], "names no account"),
        (&["--accounts-file", "/nonexistent"], "/nonexistent cannot be read"),
        (&["--external-id", "x"], "--external-id goes with"),
        (&["--org", "--role-name", "arn:aws:iam::111122223333:role/x"], "--role-arn takes ARNs"),
        (
            &["--usage", "--control", "organization-guardrail"],
            "nothing that was chosen reads instances",
        ),
    ];
    for (arguments, words) in table {
        let ended = server.imdsure(&[&["audit"], arguments].concat()).ended();
        assert_eq!(ended.code, 64, "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(words), "{arguments:?}: {}", ended.err);
        assert_eq!(ended.out, "");
    }
}

#[test]
fn roles_that_ask_for_an_external_id_get_it() {
    let server = Server::simulator(&[&WORLD[..], &["--external-id", "shop-42"]].concat());
    let (code, refused) = audit(&server, &[]);
    assert_eq!(code, 2);
    let errors = refused["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 11);
    assert!(errors.iter().all(|error| error["operation"] == "sts:AssumeRole"), "{errors:?}");
    assert_eq!(audit(&server, &["--external-id", "other"]).0, 2);
    let (code, report) = audit(&server, &["--external-id", "shop-42"]);
    assert_eq!((code, &report["errors"]), (1, &json!([])));
}

#[test]
fn owners_are_read_from_the_tags_that_the_configuration_names() {
    let server = Server::simulator(&WORLD);
    let config = file("owner_tags = [\"Owner\", \"Team\", \"team\", \"owner\"]\n");
    let (_, report) = audit(&server, &["--config", config.path().to_str().unwrap()]);
    let owned = findings(&report, CONTROL).iter().filter(|finding| finding["owner"].is_string());
    assert!(owned.count() > 0);
    let (_, unowned) = audit(&server, &[]);
    assert!(findings(&unowned, CONTROL).iter().all(|finding| finding["owner"].is_null()));
}

#[test]
fn an_accepted_gap_does_not_make_a_run_incomplete() {
    let server =
        Server::simulator(&[&WORLD[..], &["--deny-by-policy", "*:us-west-2:ec2:*"]].concat());
    let accept = |region: &str, expires: &str| {
        file(&format!(
            "[[accept_unread]]\nregion = \"{region}\"\nreason = \"closed on purpose\"\nexpires = {expires}\n"
        ))
    };
    let run = |config: &tempfile::NamedTempFile| {
        audit(&server, &["--config", config.path().to_str().unwrap()])
    };
    let (code, report) = run(&accept("us-west-2", "2999-12-31"));
    assert_eq!(code, 1);
    assert_eq!(report["scope"]["incomplete"], false);
    let errors = report["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 12);
    for error in errors {
        assert_eq!(
            error["accepted"],
            json!({"reason": "closed on purpose", "expires": "2999-12-31"})
        );
    }
    // Not judged all the same: an accepted gap passes nothing.
    assert!(findings(&report, CONTROL).iter().all(|finding| finding["region"] != "us-west-2"));
    assert_eq!(report["controls"][0]["summary"]["unread"], 12);
    for (region, expires) in [("us-west-2", "2020-01-31"), ("eu-west-1", "2999-12-31")] {
        let (code, report) = run(&accept(region, expires));
        assert_eq!((code, &report["scope"]["incomplete"]), (2, &json!(true)), "{region} {expires}");
    }
}

#[test]
fn an_outage_is_accepted_by_nobody() {
    let server =
        Server::simulator(&[&WORLD[..], &["--deny", "*:*:ec2:DescribeInstances"]].concat());
    let config =
        file("[[accept_unread]]\nservice = \"ec2\"\nreason = \"known\"\nexpires = 2999-01-01\n");
    let path = config.path().to_str().unwrap().to_owned();
    // Denied: somebody may answer for that.
    assert_eq!(audit(&server, &["--config", &path]).0, 0);
    let dead = ["--endpoint-url", "http://127.0.0.1:9", "--config", &path];
    let (code, report) = audit(&server, &dead);
    assert_eq!(code, 2, "{report}");
}

#[test]
fn what_the_organization_does_not_list_is_not_read_instead_of_what_was_named() {
    let deny = ["--deny", "*:*:organizations:ListAccounts"];
    let server = Server::simulator(&[&WORLD[..], &deny].concat());
    let (_, all) = audit(&Server::simulator(&WORLD), &[]);
    let member = accounts(&all).into_iter().next().unwrap();
    let (code, report) = audit(&server, &["--account", &member]);
    assert_eq!((code, accounts(&report)), (2, BTreeSet::from([member])));
    let own = server.instances(&[]).1["scope"]["accounts"][0].as_str().unwrap().to_owned();
    let left_out = [&["audit", "--exclude-account", &own][..], &ONLY].concat();
    let ended = server.imdsure(&left_out).ended();
    assert_eq!(ended.code, 64, "{}", ended.err);
}

#[test]
fn a_configuration_that_cannot_be_meant_is_refused_with_its_place() {
    let table = [
        ("owner_tag = []", ":1:1: unknown field `owner_tag`"),
        ("\nowner_tags = \"team\"", ":2:14: "),
        ("max_hop_limit = 65", ":1:17: a hop limit is 1 to 64, not 65"),
        (
            "[[accept_unread]]\nregion = \"x\"\nreason = \"\"\nexpires = 2999-01-01",
            ":3:10: a reason has words",
        ),
        ("[[accept_unread]]\nreason = \"x\"\nexpires = \"soon\"", ":3:11: `soon` is no day"),
        ("[[accept_unread]]\nreason = \"x\"", ": missing field `expires`"),
        ("owner_tags = [", ":1:1"),
        ("[[accept_unread]]\nreason = \"x\"\nexpires = 2999-01-01", "name what is accepted"),
        (
            "[[accept_unread]]\naccount = \"42\"\nreason = \"x\"\nexpires = 2999-01-01",
            "`42` is no account id",
        ),
        (
            "[[accept_unread]]\nservice = \"EC2\"\nreason = \"x\"\nexpires = 2999-01-01",
            "`EC2` is no service",
        ),
    ];
    for (text, words) in table {
        let config = file(text);
        let path = config.path().to_str().unwrap();
        let ended = crate::harness::imdsure(&["audit", "--config", path]).ended();
        assert_eq!(ended.code, 64, "{text}: {}", ended.err);
        assert!(ended.err.contains(words) && ended.err.contains(path), "{text}: {}", ended.err);
    }
    let ended = crate::harness::imdsure(&["audit", "--config", "/nonexistent.toml"]).ended();
    assert_eq!(ended.code, 64);
    assert!(ended.err.contains("/nonexistent.toml cannot be read"), "{}", ended.err);
}
