//! The kinds of changes that are planned by name: made, seen by boto3, undone, and seen again. And `make verify-aws`, against the
//! simulator.

mod faults;
mod killed;
mod others;

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Stdio,
    time::Duration,
};

use serde_json::{Value, json};

use crate::harness::{Ended, Run as _, Server};

/// One region of one account, in which nothing launches but what a test makes there.
const WORLD: [&str; 10] =
    ["--accounts", "1", "--instances", "10", "--regions", "1", "--groups", "0", "--templates", "0"];

/// Half of the careful allowance of the other services is slow for a test.
const FAST: [&str; 2] = ["--rate-share", "100%"];

/// A server, and a folder for plan and journal.
struct Stage {
    server: Server,
    folder: tempfile::TempDir,
}

impl Stage {
    fn new(settle_seconds: &str) -> Self {
        Self::with(&["--settle-seconds", settle_seconds])
    }

    fn with(more: &[&str]) -> Self {
        let server = Server::simulator(&[&WORLD[..], more].concat());
        Self { server, folder: tempfile::tempdir().unwrap() }
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        self.server.imdsure(arguments).current_dir(self.folder.path()).ended()
    }

    fn try_plan(&self, kinds: &str, more: &[&str]) -> Ended {
        // All in one wave.
        let plan = ["plan", "--output", "none", "--include-unknown", "--canary", "100%"];
        let plan = [&plan[..], &["--kind", kinds]].concat();
        self.run(&[&plan[..], more].concat())
    }

    fn plan(&self, kinds: &str, more: &[&str]) -> Value {
        let ended = self.try_plan(kinds, more);
        assert_eq!(ended.code, 0, "{}", ended.err);
        let text = std::fs::read(self.folder.path().join("plan.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// The arguments that apply a plan, as approved.
    fn applying(plan: &Value) -> Vec<&str> {
        let digest = plan["digest"].as_str().unwrap();
        let apply = ["apply", "plan.json", "--approve", digest, "--soak", "0", "--output", "json"];
        [&apply[..], &FAST].concat()
    }

    fn apply(&self, plan: &Value, code: i32) -> Value {
        let ended = self.run(&Self::applying(plan));
        assert_eq!(ended.code, code, "{} {}", ended.out, ended.err);
        ended.json()
    }

    /// The arguments that take a run up again, whatever a person would look at first.
    fn resuming(run: &str) -> Vec<&str> {
        let resume = ["apply", "--resume", run, "--soak", "0", "--ignore-breach"];
        [&resume[..], &["--output", "json"], &FAST].concat()
    }

    fn resume(&self, run: &str) -> Value {
        let ended = self.run(&Self::resuming(run));
        assert!(!ended.out.is_empty(), "{}", ended.err);
        ended.json()
    }

    /// The arguments that undo a run, as approved.
    fn undoing(run: &str) -> Vec<&str> {
        [&["undo", run, "--approve", run, "--output", "json"][..], &FAST].concat()
    }

    fn undo(&self, run: &Value, code: i32) -> Value {
        let ended = self.run(&Self::undoing(run.as_str().unwrap()));
        assert_eq!(ended.code, code, "{} {}", ended.out, ended.err);
        ended.json()
    }

    /// From now on these go wrong.
    fn faults(&self, faults: &[&str]) {
        self.server.simulator_says("faults", Some(&json!(faults)));
    }

    fn boto3(&self, arguments: &[&str]) -> Value {
        self.server.python("kinds.py", arguments)
    }

    /// What boto3 sees of these parts. Lightsail's options come without whether they are in force: those of a stopped instance
    /// are not waited for.
    fn read(&self, parts: &[&str]) -> Value {
        let mut reading = self.boto3(&[&["read"], parts].concat());
        for options in reading["lightsail"].as_object_mut().into_iter().flatten() {
            if let Some(options) = options.1.as_object_mut() {
                options.remove("state");
            }
        }
        reading
    }
}

/// What these kinds change, but for what cannot be put back: members of groups, and AMIs.
const PARTS: [&str; 6] =
    ["groups", "templates", "configurations", "notebooks", "environments", "lightsail"];

/// What is to be seen of some parts after these changes, where `before` was seen; `after` tells the ids of what was made.
fn changed(before: &Value, plan: &Value, after: &Value) -> Value {
    let mut expected = before.clone();
    for change in plan["changes"].as_array().unwrap() {
        let [kind, id, name] = ["kind", "id", "name"].map(|it| change[it].as_str().unwrap_or(""));
        match kind {
            "sagemaker-notebook" => expected["notebooks"][name]["minimum"] = "2".into(),
            "beanstalk-environment" => expected["environments"][name][1] = "true".into(),
            "lightsail-instance" => expected["lightsail"][name]["httpTokens"] = "required".into(),
            "image-imds-support" => expected["images"][id][1] = "v2.0".into(),
            "launch-configuration" => in_place_of_a_configuration(&mut expected, after),
            "launch-template" => with_a_new_version(&mut expected, after, id),
            _ => {}
        }
    }
    expected
}

/// The one template that was made is what the group launches from.
fn in_place_of_a_configuration(expected: &mut Value, after: &Value) {
    let made = |(_, template): &(&String, &Value)| {
        template["name"].as_str().unwrap().starts_with("old-web-imdsv2-")
    };
    let made: Vec<_> = after["templates"].as_object().unwrap().iter().filter(made).collect();
    let [(id, template)] = made[..] else { panic!("{} templates in its place", made.len()) };
    assert_eq!(template["versions"].as_object().unwrap().len(), 1);
    assert_eq!(template["versions"]["1"]["MetadataOptions"]["HttpTokens"], "required");
    expected["templates"][id] = template.clone();
    expected["groups"]["by-configuration"] = json!({
        "LaunchConfigurationName": null,
        "LaunchTemplate": {"LaunchTemplateId": id, "LaunchTemplateName": template["name"], "Version": "$Default"},
        "MixedInstancesPolicy": null,
    });
}

/// A second version, which is the default, and which a group that names versions by number is led to. Numbers are not given twice.
fn with_a_new_version(expected: &mut Value, after: &Value, id: &str) {
    let (id, _) = id.split_once(':').unwrap();
    let versions = after["templates"][id]["versions"].as_object().unwrap();
    assert_eq!(versions.len(), 2);
    let number = versions.keys().find(|number| *number != "1").unwrap();
    let template = &mut expected["templates"][id];
    let mut version = template["versions"]["1"].clone();
    version["MetadataOptions"]["HttpTokens"] = "required".into();
    template["versions"][number] = version;
    template["default"] = number.parse::<u64>().unwrap().into();
    expected["groups"]["by-number"]["LaunchTemplate"]["Version"] = number.as_str().into();
}

/// The changes of a plan, by id.
fn changes(plan: &Value) -> BTreeMap<String, Value> {
    let changes = plan["changes"].as_array().unwrap().iter();
    changes.map(|change| (change["id"].as_str().unwrap().to_owned(), change.clone())).collect()
}

/// How one target ended, and why, in what `apply` or `undo` tells of those that were not simply done.
fn told<'a>(ended: &'a Value, id: &str) -> (&'a str, &'a str) {
    let skipped = ended["skipped"].as_array().unwrap();
    let found = skipped.iter().find(|skipped| skipped["id"] == id);
    let found = found.unwrap_or_else(|| panic!("{id}: {ended}"));
    (found["ending"].as_str().unwrap(), found["why"].as_str().unwrap())
}

#[test]
fn a_configuration_gets_a_template_in_its_place_and_back() {
    let stage = Stage::new("1");
    stage.boto3(&["make"]);
    let parts = ["groups", "configurations", "templates"];
    let before = stage.read(&parts);
    let plan = stage.plan("launch-configuration", &[]);
    assert_eq!(changes(&plan)["old web"]["effect"], "new configuration");
    let applied = stage.apply(&plan, 0);
    let after = stage.read(&parts);
    let group = &after["groups"]["by-configuration"];
    assert_eq!(group["LaunchConfigurationName"], Value::Null);
    let template = group["LaunchTemplate"]["LaunchTemplateId"].as_str().unwrap();
    let data = &after["templates"][template]["versions"]["1"];
    let expected = json!({
        "ImageId": before["configurations"].as_array().unwrap().iter()
            .find(|it| it["LaunchConfigurationName"] == "old web").unwrap()["ImageId"],
        "InstanceType": "m5.large", "KeyName": "key", "UserData": "ZWNobyBoaQ==", "EbsOptimized": true,
        "IamInstanceProfile": {"Name": "web"}, "Monitoring": {"Enabled": false},
        "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": true, "Groups": ["sg-1", "sg-2"]}],
        "BlockDeviceMappings": [
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 9, "VolumeType": "gp3", "Encrypted": true}},
            {"DeviceName": "/dev/xvdb", "VirtualName": "ephemeral0"}],
        "MetadataOptions": {"State": "applied", "HttpTokens": "required", "HttpEndpoint": "enabled",
            "HttpPutResponseHopLimit": 2},
    });
    assert_eq!(*data, expected);
    assert_eq!(after["configurations"], before["configurations"]);
    assert_eq!(stage.boto3(&["launch", "by-configuration"]), json!(["required"]));
    // What user data holds may be secret: no journal keeps it.
    let run = applied["run"].as_str().unwrap();
    let shown = stage.run(&["journal", "show", run, "--output", "json"]).out;
    assert!(shown.contains("create-template") && !shown.contains("ZWNobyBoaQ=="), "{shown}");
    stage.undo(&applied["run"], 0);
    assert_eq!(stage.read(&parts), before);
}

#[test]
fn a_group_of_mixed_instances_is_led_and_led_back() {
    let stage = Stage::new("0");
    let made = stage.boto3(&["make"]);
    stage.boto3(&["mix", made["template"].as_str().unwrap()]);
    let parts = ["groups", "templates"];
    let before = stage.read(&parts);
    let plan = stage.plan("launch-template", &[]);
    let applied = stage.apply(&plan, 0);
    let policy = &stage.read(&parts)["groups"]["mixed"]["MixedInstancesPolicy"];
    assert_eq!(policy["LaunchTemplate"]["LaunchTemplateSpecification"]["Version"], "2", "{policy}");
    stage.undo(&applied["run"], 0);
    assert_eq!(stage.read(&parts), before);
}

#[test]
fn what_is_refused_at_a_later_step_is_not_called_untouched() {
    // Auto Scaling has no dry runs: that a group cannot be led shows once the version is made and the default moved.
    let denied = ["--settle-seconds", "0", "--deny", "*:*:autoscaling:UpdateAutoScalingGroup"];
    let stage = Stage::with(&denied);
    let made = stage.boto3(&["make"]);
    stage.boto3(&["mix", made["template"].as_str().unwrap()]);
    let parts = ["groups", "templates"];
    let before = stage.read(&parts);
    let plan = stage.plan("launch-template", &[]);
    let applied = stage.apply(&plan, 5);
    assert_eq!(applied["endings"], json!({"failed": 1}), "{applied}");
    let why = applied["skipped"][0]["why"].as_str().unwrap();
    let halfway = "refused after an earlier step was made: autoscaling:UpdateAutoScalingGroup";
    assert!(why.starts_with(halfway), "{why}");
    // The way back asks the group again, which is refused too; the default goes back all the same.
    stage.undo(&applied["run"], 5);
    let after = stage.read(&parts);
    assert_eq!(after["groups"], before["groups"]);
    let template = made["template"].as_str().unwrap();
    assert_eq!(after["templates"][template]["default"], before["templates"][template]["default"]);
}

#[test]
fn other_services_are_changed_and_changed_back() {
    let stage = Stage::new("0");
    let parts = ["notebooks", "environments", "lightsail"];
    let before = stage.read(&parts);
    let kinds = "sagemaker-notebook,beanstalk-environment,lightsail-instance";
    let without = stage.plan(kinds, &[]);
    let blocked = without["total_unplanned"]["blocked"].as_u64().unwrap_or_default();
    let plan = stage.plan(kinds, &["--restart"]);
    let planned = changes(&plan);
    assert_eq!(planned.len() as u64, changes(&without).len() as u64 + blocked);
    assert!(blocked > 0);
    for change in planned.values().filter(|change| change["kind"] == "sagemaker-notebook") {
        let runs = change["send"]["Restart"] == true;
        assert_eq!(change["effect"], if runs { "restart" } else { "in place" });
    }
    let applied = stage.apply(&plan, 0);
    assert_eq!(
        applied["endings"]["done"].as_u64().unwrap_or_default()
            + applied["endings"]["deferred"].as_u64().unwrap_or_default(),
        planned.len() as u64,
        "{applied}"
    );
    let after = stage.read(&parts);
    let expected = |part: &str, changed: &dyn Fn(&mut Value)| {
        let mut expected = before[part].clone();
        for (name, state) in expected.as_object_mut().unwrap() {
            let of_part = planned.values().any(|change| change["name"] == name.as_str());
            if of_part {
                changed(state);
            }
        }
        assert_eq!(after[part], expected, "{part}");
    };
    expected("notebooks", &|state| state["minimum"] = "2".into());
    expected("environments", &|state| state[1] = "true".into());
    expected("lightsail", &|state| state["httpTokens"] = "required".into());
    stage.undo(&applied["run"], 0);
    assert_eq!(stage.read(&parts), before);
}

#[test]
fn what_was_carried_out_without_an_answer_is_not_made_twice() {
    let stage = Stage::with(&["--settle-seconds", "1", "--fault", "lost-reply=0.3"]);
    stage.boto3(&["make"]);
    let parts = ["groups", "notebooks", "environments", "lightsail"];
    let before = stage.read(&parts);
    let kinds = "launch-configuration,sagemaker-notebook,beanstalk-environment,lightsail-instance";
    let plan = stage.plan(kinds, &["--restart"]);
    let applied = stage.apply(&plan, 0);
    stage.undo(&applied["run"], 0);
    assert_eq!(stage.read(&parts), before);
}

#[test]
fn what_aws_refuses_leaves_everything_as_it_was() {
    let denied = [
        "*:*:autoscaling:UpdateAutoScalingGroup",
        "*:*:sagemaker:UpdateNotebookInstance",
        "*:*:elasticbeanstalk:UpdateEnvironment",
        "*:*:lightsail:UpdateInstanceMetadataOptions",
    ];
    let denied = denied.map(|denied| ["--deny", denied]).concat();
    let stage = Stage::with(&[&["--settle-seconds", "0"], &denied[..]].concat());
    stage.boto3(&["make"]);
    let parts = ["groups", "templates", "notebooks", "environments", "lightsail"];
    let before = stage.read(&parts);
    let kinds = "launch-configuration,sagemaker-notebook,beanstalk-environment,lightsail-instance";
    let plan = stage.plan(kinds, &["--restart"]);
    let applied = stage.apply(&plan, 5);
    let expected = json!({"refused": changes(&plan).len()});
    assert_eq!(applied["endings"], expected, "{applied}");
    // A template that was made goes again, and notebooks that were stopped run again.
    assert_eq!(stage.read(&parts), before);
    let run = applied["run"].as_str().unwrap();
    let shown = stage.run(&["journal", "show", run, "--output", "json"]).out;
    for step in ["delete-template", r#""step":"start""#] {
        assert!(shown.contains(step), "{step}");
    }
}

#[test]
fn an_ami_is_changed_by_name_and_for_ever() {
    let stage = Stage::new("1");
    let made = stage.boto3(&["make"]);
    let image = made["image"].as_str().unwrap();
    for (more, word) in [
        (&[][..], "--image"),
        (&["--image", "nobody's"], "nobody's"),
        (&["--image", "kinds", "--restart"], "--restart"),
    ] {
        let refused = stage.try_plan("image-imds-support", more);
        assert_eq!(refused.code, 64, "{more:?}");
        assert!(refused.err.contains(word), "{more:?}: {}", refused.err);
    }
    assert_eq!(stage.try_plan("instance", &["--image", "kinds"]).code, 64);
    let plan = stage.plan("image-imds-support", &["--image", "kinds"]);
    assert_eq!(changes(&plan).keys().collect::<Vec<_>>(), [image]);
    let before = stage.read(&["images"])["images"].clone();
    let applied = stage.apply(&plan, 0);
    let mut expected = before;
    expected[image][1] = "v2.0".into();
    assert_eq!(stage.read(&["images"])["images"], expected);
    let undone = stage.undo(&applied["run"], 5);
    let (ending, why) = told(&undone, image);
    assert!(ending == "irreversible" && why.contains("from no AMI"), "{ending} {why}");
    assert_eq!(stage.try_plan("image-imds-support", &["--image", image]).code, 64);
}

#[test]
fn a_refresh_replaces_members_and_does_not_bring_them_back() {
    let stage = Stage::new("1");
    stage.boto3(&["make"]);
    let before = stage.read(&["members"])["members"]["by-template"].clone();
    // While the group would launch the same again, nothing is replaced.
    let alone = stage.plan("instance-refresh", &[]);
    assert!(!changes(&alone).contains_key("by-template"));
    let plan = stage.plan("launch-template,instance-refresh", &[]);
    assert_eq!(changes(&plan)["by-template"]["effect"], "replacement");
    let applied = stage.apply(&plan, 0);
    let after = stage.read(&["members", "refreshes"]);
    assert_eq!(after["refreshes"]["by-template"], json!(["Successful"]));
    let members = after["members"]["by-template"].as_object().unwrap();
    assert!(members.values().all(|tokens| tokens == "required"), "{members:?}");
    assert!(members.keys().all(|id| before.get(id).is_none()));
    let undone = stage.undo(&applied["run"], 5);
    let (ending, why) = told(&undone, "by-template");
    assert_eq!(ending, "irreversible");
    assert!(why.contains("5 of 5 members are gone"), "{why}");
}

#[test]
fn a_refresh_that_was_cut_off_is_cancelled() {
    let stage = Stage::new("3");
    stage.boto3(&["make"]);
    let plan = stage.plan("launch-template,instance-refresh", &[]);
    let digest = plan["digest"].as_str().unwrap();
    let apply = ["apply", "plan.json", "--approve", digest, "--soak", "0"];
    let mut command = stage.server.imdsure(&apply);
    command.current_dir(stage.folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut running = command.spawn().unwrap();
    let journal = || {
        let mut runs = std::fs::read_dir(stage.folder.path().join(".imdsure/runs")).ok()?;
        let run = runs.find_map(Result::ok)?.path();
        let text = std::fs::read_to_string(run.join("journal.jsonl")).ok()?;
        let started = text.lines().any(|line| line.contains("InstanceRefreshId"));
        started.then(|| run.file_name().unwrap().to_string_lossy().into_owned())
    };
    let run = (0..600).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        journal()
    });
    running.kill().unwrap();
    running.wait().unwrap();
    let run = run.expect("a refresh begins");
    let undone = stage.undo(&json!(run), 0);
    let seen = stage.read(&["refreshes"]);
    assert_eq!(seen["refreshes"]["by-template"], json!(["Cancelled"]), "{undone}");
    let (ending, why) = told(&undone, "by-template");
    assert!(ending == "done" && why.contains("no member was replaced"), "{ending} {why}");
}

#[test]
fn what_others_changed_meanwhile_is_left_alone() {
    let stage = Stage::new("1");
    stage.boto3(&["make"]);
    let kinds = "launch-template,launch-configuration,instance-refresh,sagemaker-notebook,beanstalk-environment,lightsail-instance";
    let plan = stage.plan(kinds, &[]);
    let kinds: BTreeSet<String> =
        changes(&plan).into_values().map(|change| change["kind"].to_string()).collect();
    assert_eq!(kinds.len(), 6, "{kinds:?}");
    stage.boto3(&["drift"]);
    std::thread::sleep(Duration::from_secs(2));
    let parts = [
        "groups",
        "templates",
        "configurations",
        "members",
        "notebooks",
        "environments",
        "lightsail",
    ];
    let before = stage.read(&parts);
    let applied = stage.apply(&plan, 5);
    assert_eq!(stage.read(&parts), before);
    for id in changes(&plan).keys() {
        assert_eq!(told(&applied, id).0, "drifted", "{id}: {}", told(&applied, id).1);
    }
    // Nothing was sent.
    let run = applied["run"].as_str().unwrap();
    let shown = stage.run(&["journal", "show", run, "--output", "json"]).out;
    assert!(shown.contains("drifted") && !shown.contains(r#""type":"call""#), "{shown}");
}

#[test]
fn nothing_is_called_that_the_printed_policy_does_not_name() {
    let stage = Stage::new("0");
    stage.boto3(&["make"]);
    let kinds = "launch-template,launch-configuration,instance-refresh,image-imds-support,sagemaker-notebook,beanstalk-environment,lightsail-instance";
    let plan = stage.plan(kinds, &["--image", "kinds", "--restart"]);
    let planned = changes(&plan).into_values().map(|change| change["kind"].to_string());
    assert_eq!(planned.collect::<BTreeSet<_>>().len(), kinds.split(',').count());
    let calls = || stage.server.stats()["calls"].as_object().unwrap().clone();
    let before = calls();
    let applied = stage.apply(&plan, 0);
    // Neither the AMI nor the replaced members go back.
    stage.undo(&applied["run"], 5);
    let called: BTreeSet<String> = calls()
        .into_iter()
        .filter(|(name, number)| before.get(name) != Some(number))
        .map(|(name, _)| name)
        .collect();
    let policy = stage.run(&["permissions", "enforce", "--kind", kinds]).json();
    let actions = policy["Statement"].as_array().unwrap().iter();
    let actions = actions.flat_map(|statement| statement["Action"].as_array().unwrap());
    let mut named: BTreeSet<String> =
        actions.map(|action| action.as_str().unwrap().to_owned()).collect();
    // AWS asks for no permission for it.
    named.insert("sts:GetCallerIdentity".to_owned());
    let unnamed: Vec<_> = called.difference(&named).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    for change in ["ec2:DeleteLaunchTemplate", "sagemaker:StartNotebookInstance"] {
        assert!(called.contains(change), "{called:?}");
    }
}

#[test]
fn what_verify_aws_looks_at_is_so_in_the_simulator() {
    let stage = Stage::new("1");
    let before = stage.server.python("read_options.py", &[]);
    let ended = stage.server.script("tests/verify_aws.py", &[]);
    assert_eq!(ended.code, 0, "{} {}", ended.out, ended.err);
    assert!(ended.out.contains("17 of 17 beliefs seen"), "{}", ended.out);
    // It cleans up after itself: what is left is an instance that is terminated.
    let after = stage.server.python("read_options.py", &[]);
    for (place, unit) in before.as_object().unwrap() {
        for part in ["templates", "defaults"] {
            assert_eq!(after[place][part], unit[part], "{place} {part}");
        }
    }
}
