//! What a wave of templates changes shows on what is launched since; and what groups do to members that were changed.

use serde_json::{Value, json};

use crate::{harness::Run as _, stage::Stage};

const WORLD: [&str; 8] =
    ["--accounts", "1", "--instances", "160", "--regions", "1", "--settle-seconds", "0"];

/// What the AWS CLI says.
fn aws(stage: &Stage, region: &str, words: &[&str]) -> Value {
    let more = ["--region", region, "--output", "json"];
    let ended = stage.server.awscli(&[words, &more].concat());
    assert_eq!(ended.code, 0, "{}", ended.err);
    if ended.out.is_empty() { Value::Null } else { ended.json() }
}

fn group(stage: &Stage, region: &str, name: &str) -> Value {
    let words = ["autoscaling", "describe-auto-scaling-groups", "--auto-scaling-group-names", name];
    aws(stage, region, &words)["AutoScalingGroups"][0].clone()
}

fn members(group: &Value) -> Vec<String> {
    let members = group["Instances"].as_array().unwrap().iter();
    members.map(|member| member["InstanceId"].as_str().unwrap().to_owned()).collect()
}

fn scale(stage: &Stage, region: &str, group: &Value, by: i64) {
    let size = (group["DesiredCapacity"].as_i64().unwrap() + by).to_string();
    let name = group["AutoScalingGroupName"].as_str().unwrap();
    let words = ["autoscaling", "set-desired-capacity", "--auto-scaling-group-name", name];
    aws(stage, region, &[&words[..], &["--desired-capacity", &size]].concat());
}

fn resumed(stage: &Stage, run: &str) -> (Value, Value) {
    let resume = ["apply", "--resume", run, "--soak", "0", "--output", "json"];
    let ended = stage.command_after(25, &resume).ended();
    assert!(!ended.out.is_empty(), "{}", ended.err);
    let journal = stage.journal(run);
    let looked = journal.iter().rfind(|event| event["type"] == "checked").unwrap();
    (ended.json(), looked.clone())
}

#[test]
fn what_is_launched_from_a_changed_template_is_looked_at() {
    let stage = Stage::new(&[&WORLD[..], &["--groups", "10", "--templates", "14"]].concat());
    let plan = stage.plan(&["--kind", "launch-template"]);
    let (_, applied) = stage.apply(&plan, &[]);
    assert_eq!(applied["state"], "soaking", "{applied}");
    let run = applied["run"].as_str().unwrap();
    // A group that launches version 2 by now launches one more.
    let changes = plan["changes"].as_array().unwrap().iter();
    let groups = changes.flat_map(|change| {
        let region = change["region"].as_str().unwrap();
        let groups = change["blast"]["groups"].as_array().into_iter().flatten();
        groups.map(move |group| (region, group.as_str().unwrap()))
    });
    let launched = groups.into_iter().find_map(|(region, name)| {
        let before = group(&stage, region, name);
        scale(&stage, region, &before, 1);
        let known = members(&before);
        let new =
            members(&group(&stage, region, name)).into_iter().find(|id| !known.contains(id))?;
        let today = format!("{}*", &jiff::Timestamp::now().to_string()[..8]);
        let words = ["ec2", "describe-instances", "--filters"];
        let filters = [
            format!("Name=launch-time,Values={today}"),
            format!("Name=instance-id,Values={new}"),
            "Name=metadata-options.http-tokens,Values=required".to_owned(),
        ];
        let filters: Vec<&str> = filters.iter().map(String::as_str).collect();
        let found = aws(&stage, region, &[&words[..], &filters].concat());
        let instance = found.pointer("/Reservations/0/Instances/0")?.clone();
        let account = plan["changes"][0]["account_id"].clone();
        Some((json!({"account_id": account, "region": region, "id": new}), instance))
    });
    let (place, instance) = launched.unwrap_or_else(|| panic!("nothing is launched: {plan}"));
    called_and_noticed(&stage, run, &place);
    assert_eq!(instance["MetadataOptions"]["HttpTokens"], "required");
}

/// What was launched calls version 1 an hour later: the run stops, and says so.
fn called_and_noticed(stage: &Stage, run: &str, place: &Value) {
    stage.set_workload(place, &json!({"every": {"seconds": 21_600, "next_in": 3_600}}));
    stage.advance(90_000);
    let (stopped, looked) = resumed(stage, run);
    let breaches = stopped["breaches"].as_array().unwrap();
    let breach = breaches.iter().find(|breach| breach["instance_id"] == place["id"]);
    let breach = breach.unwrap_or_else(|| panic!("{stopped}"));
    assert_eq!(breach["check"], "MetadataNoTokenRejected");
    let found = breach["found"].as_str().unwrap();
    assert!(found.contains("were refused since it was launched"), "{found}");
    assert!(looked["instances"].as_u64() > Some(0), "{looked}");
}

#[test]
fn what_is_launched_under_a_changed_default_is_looked_at() {
    let stage = Stage::new(&WORLD);
    let words = ["ec2", "modify-instance-metadata-defaults", "--http-tokens", "no-preference"];
    aws(&stage, "us-east-1", &words);
    let plan = stage.plan(&["--kind", "account-defaults"]);
    let change = &plan["changes"][0];
    let [account, region] = ["account_id", "region"].map(|name| change[name].as_str().unwrap());
    let (_, applied) = stage.apply(&plan, &[]);
    // Something runs there: whatever is launched from now on is another thing than before.
    assert_eq!(applied["state"], "soaking", "{applied}");
    let words = ["ec2", "describe-images", "--filters", "Name=architecture,Values=x86_64"];
    let images = aws(&stage, region, &words);
    let images = images["Images"].as_array().unwrap().iter();
    let silent = images.filter(|image| image["ImdsSupport"].is_null()).find_map(|image| {
        let words = ["ec2", "run-instances", "--image-id", image["ImageId"].as_str()?];
        let ended = stage.server.awscli(&[&words[..], &["--region", region]].concat());
        (ended.code == 0).then(|| ended.json()["Instances"][0]["InstanceId"].clone())
    });
    let place = json!({"account_id": account, "region": region, "id": silent.unwrap()});
    called_and_noticed(&stage, applied["run"].as_str().unwrap(), &place);
}

#[test]
fn a_changed_member_that_its_group_replaced_is_noticed() {
    let stage = Stage::new(&WORLD);
    let plan = stage.plan(&["--kind", "group-member", "--canary", "100%"]);
    let (_, applied) = stage.apply(&plan, &[]);
    assert_eq!(applied["state"], "soaking", "{applied}");
    let run = applied["run"].as_str().unwrap();
    let changed: Vec<&Value> = plan["changes"].as_array().unwrap().iter().collect();
    let of = |change: &Value| change["blast"]["groups"][0].as_str().unwrap().to_owned();
    let sick = changed[0];
    let region = sick["region"].as_str().unwrap();
    let id = sick["id"].as_str().unwrap();
    // Another group grows smaller by one of its changed members: that is its daily business.
    let smaller = changed.iter().find(|change| {
        let now = group(&stage, region, &of(change));
        let [size, least] = ["DesiredCapacity", "MinSize"].map(|name| now[name].as_u64().unwrap());
        of(change) != of(sick) && size > least
    });
    let smaller = of(smaller.unwrap());
    let before = group(&stage, region, &smaller);
    scale(&stage, region, &before, -1);
    let after = members(&group(&stage, region, &smaller));
    let shrunk = members(&before).into_iter().find(|id| !after.contains(id)).unwrap();
    assert!(changed.iter().any(|change| change["id"] == shrunk.as_str()), "{shrunk}");
    let words = ["autoscaling", "set-instance-health", "--health-status", "Unhealthy"];
    aws(&stage, region, &[&words[..], &["--instance-id", id]].concat());
    assert!(!members(&group(&stage, region, &of(sick))).contains(&id.to_owned()));

    stage.advance(90_000);
    let (stopped, looked) = resumed(&stage, run);
    assert_eq!(stopped["state"], "stopped", "{stopped}");
    let breaches = stopped["breaches"].as_array().unwrap().iter();
    let replaced: Vec<&Value> = breaches
        .filter(|breach| {
            breach["found"].as_str().unwrap().contains(" replaced it after it was changed")
        })
        .collect();
    let [breach] = replaced[..] else { panic!("{stopped}") };
    assert_eq!(
        (&breach["instance_id"], &breach["check"]),
        (&sick["id"], &json!("instance status"))
    );
    let found = breach["found"].as_str().unwrap();
    assert!(found.contains(&of(sick)) && found.contains("health-check"), "{found}");
    assert_eq!(looked["gone"], 1, "{looked}");
}
