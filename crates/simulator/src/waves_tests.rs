//! Changing instances and watching them, as whole calls: what is refused, what falls ill of it, and what gets well again.

use serde_json::{Value, json};

use super::client::element;
use super::lab::{Lab, REGION, values};
use super::*;
use crate::workload::{Workload, WorkloadError};

const STEP: u64 = 300;

impl Lab {
    fn advance(&self, seconds: u64) {
        self.client.cloud.advance(seconds);
    }

    /// Gives an instance a workload, as of now.
    fn workload(&self, id: &str, workload: Workload) -> Result<(), WorkloadError> {
        let real = super::client::NOW + self.client.late;
        self.client.cloud.set_workload([self.client.account(0), REGION, id], workload, real)
    }

    fn balancing(&self, name: &str, form: &str) -> String {
        let reply = self.reply(Service::Balancing, name, form);
        assert_eq!(reply.status, 200, "{name} {form}: {}", reply.text());
        reply.text()
    }

    /// Target groups and their targets: ARN, instance, state.
    fn targets(&self) -> Vec<[String; 3]> {
        let groups = self.balancing("DescribeTargetGroups", "");
        let mut found = Vec::new();
        for arn in values(&groups, "TargetGroupArn") {
            let text = self.balancing("DescribeTargetHealth", &format!("TargetGroupArn={arn}"));
            let (ids, states) = (values(&text, "Id"), values(&text, "State"));
            assert_eq!(ids.len(), states.len());
            let both = ids.into_iter().zip(states);
            found.extend(both.map(|(id, state)| [arn, id, state].map(str::to_owned)));
        }
        found
    }

    /// `State` of one target.
    fn target(&self, arn: &str, id: &str) -> String {
        let form = format!("TargetGroupArn={arn}&Targets.member.1.Id={id}");
        element(&self.balancing("DescribeTargetHealth", &form), "State").to_owned()
    }

    fn modify(&self, id: &str, form: &str) -> String {
        self.ec2("ModifyInstanceMetadataOptions", &format!("InstanceId={id}&{form}"))
    }

    /// `systemStatus` and `instanceStatus` of an instance.
    fn status(&self, id: &str) -> (String, String) {
        let form = format!("InstanceId.1={id}&IncludeAllInstances=true");
        let text = self.ec2("DescribeInstanceStatus", &form);
        let of = |name| element(element(&text, name), "status").to_owned();
        (of("systemStatus"), of("instanceStatus"))
    }

    /// The sums of the last `steps` finished steps, oldest first; none without data.
    fn sums(&self, metric: &str, id: &str, steps: i64) -> Vec<f64> {
        let end = self.client.cloud.world_time(super::client::NOW + self.client.late);
        let input = json!({ "StartTime": end - steps * 300, "EndTime": end, "ScanBy": "TimestampAscending",
            "MetricDataQueries": [{ "Id": "a", "MetricStat": { "Stat": "Sum", "Period": 60, "Metric": {
                "Namespace": "AWS/EC2", "MetricName": metric,
                "Dimensions": [{ "Name": "InstanceId", "Value": id }],
            } } }] });
        let answer = self.client.document(Service::CloudWatch, "GetMetricData", &input).json();
        let result = &answer["MetricDataResults"][0];
        for time in result["Timestamps"].as_array().unwrap() {
            assert_eq!(time.as_i64().unwrap() % 300, 0, "basic monitoring has five-minute marks");
        }
        result["Values"].as_array().unwrap().iter().filter_map(Value::as_f64).collect()
    }

    /// An instance that is a healthy target and allows version 1, and its target group.
    fn healthy(&self) -> (String, String) {
        let optional = |id: &str| {
            let text = self.instance(id);
            text.contains("<state>applied</state><httpTokens>optional<")
                && text.contains("<httpEndpoint>enabled<")
        };
        let found = self.targets().into_iter();
        let mut found = found.filter(|[_, id, state]| state == "healthy" && optional(id));
        let [arn, id, _] = found.next().unwrap();
        (arn, id)
    }
}

#[test]
fn who_is_refused_falls_ill_and_gets_well_again() {
    let lab = Lab::new(800);
    let (arn, id) = lab.healthy();
    lab.workload(&id, Workload::Every { seconds: 3_600, next_in: 900 }).unwrap();
    let before = lab.sums("MetadataNoToken", &id, 24);
    assert_eq!((before.len(), before.iter().sum::<f64>()), (24, 2.0));
    let sick_members = || {
        let text = lab.scaling("DescribeAutoScalingGroups", "MaxRecords=100");
        text.matches("<HealthStatus>Unhealthy<").count()
    };
    let sick = sick_members();
    assert!(lab.modify(&id, "HttpTokens=required").contains("<state>pending</state>"));
    lab.advance(STEP);
    assert!(lab.instance(&id).contains("<state>applied</state><httpTokens>required<"));
    assert_eq!(lab.target(&arn, &id), "healthy", "nobody has called yet");
    lab.advance(2 * STEP);
    assert_eq!(lab.target(&arn, &id), "unhealthy");
    let text = lab.balancing("DescribeTargetHealth", &format!("TargetGroupArn={arn}"));
    assert!(text.contains("<Reason>Target.ResponseCodeMismatch</Reason><Description>Health"));
    // Auto Scaling looks at EC2 alone.
    assert_eq!(sick_members(), sick);
    lab.advance(3 * STEP);
    assert_eq!(lab.sums("MetadataNoTokenRejected", &id, 3), [1.0, 1.0, 1.0]);
    assert_eq!(lab.sums("MetadataNoToken", &id, 3), [0.0; 0]);
    lab.modify(&id, "HttpTokens=optional");
    assert_eq!(lab.target(&arn, &id), "unhealthy");
    lab.advance(STEP);
    assert_eq!(lab.target(&arn, &id), "healthy");
    lab.advance(STEP);
    assert_eq!(lab.sums("MetadataNoToken", &id, 1), [1.0]);
}

#[test]
fn who_never_calls_stays_well_and_a_hop_limit_changes_nothing() {
    let lab = Lab::new(800);
    let (arn, id) = lab.healthy();
    lab.workload(&id, Workload::Never).unwrap();
    lab.modify(&id, "HttpTokens=required");
    lab.modify(&id, "HttpPutResponseHopLimit=2");
    lab.advance(30 * 86_400);
    assert_eq!(lab.target(&arn, &id), "healthy");
    assert_eq!(lab.sums("MetadataNoTokenRejected", &id, 3), [0.0; 3]);
    let refused = |id, workload| lab.workload(id, workload).unwrap_err().to_string();
    let every = |seconds| Workload::Every { seconds, next_in: 0 };
    assert!(refused(&id, every(0)).contains("every 1 to"));
    assert!(refused("i-00000000000000001", every(60)).contains("i-00000000000000001"));
}

#[test]
fn status_checks_see_only_what_keeps_the_host_going() {
    let lab = Lab::new(2_000);
    let all = lab.ec2("DescribeInstances", "");
    let ids: Vec<&str> = all
        .split("<instanceId>")
        .skip(1)
        .filter(|item| item.contains("<name>running</name>"))
        .filter(|item| item.contains("<state>applied</state><httpTokens>optional<"))
        .filter(|item| item.contains("<httpEndpoint>enabled<"))
        .map(|item| &item[..19])
        .take(60)
        .collect();
    let well = ("ok".to_owned(), "ok".to_owned());
    for id in &ids {
        lab.workload(id, Workload::Every { seconds: 300, next_in: 0 }).unwrap();
        lab.modify(id, "HttpTokens=required");
    }
    let form = "Filter.1.Name=instance-status.status&Filter.1.Value.1=impaired";
    assert!(!lab.ec2("DescribeInstanceStatus", form).contains("<item>"));
    lab.advance(STEP + 2);
    let listed = lab.ec2("DescribeInstanceStatus", form);
    let impaired = values(&listed, "instanceId");
    assert!((2..15).contains(&impaired.len()), "{impaired:?}");
    assert!(impaired.iter().all(|id| ids.contains(id) && lab.status(id).1 == "impaired"));
    assert_eq!(lab.status(impaired[0]).0, "ok");
    lab.modify(impaired[0], "HttpTokens=optional");
    lab.advance(STEP + 2);
    assert_eq!(lab.status(impaired[0]), well);
}

#[test]
fn statuses_come_in_pages_and_of_running_instances() {
    let lab = Lab::new(300);
    let pages = |more: &str| {
        let (mut found, mut next) = (Vec::new(), String::new());
        loop {
            let form = format!("MaxResults=20&NextToken={}{more}", next.replace('+', "%2B"));
            let text = lab.ec2("DescribeInstanceStatus", &form);
            found.extend(values(&text, "instanceId").into_iter().map(str::to_owned));
            next = element(&text, "nextToken").to_owned();
            if next.is_empty() {
                return found;
            }
        }
    };
    let running = lab.ec2("DescribeInstances", "").matches("<name>running</name>").count();
    assert_eq!((pages("").len(), pages("&IncludeAllInstances=true").len()), (running, 300));
    let stopped =
        "&IncludeAllInstances=true&Filter.1.Name=instance-state-name&Filter.1.Value.1=stopped";
    let stopped = pages(stopped);
    assert_eq!(lab.status(&stopped[0]).1, "not-applicable");
    lab.ec2("StartInstances", &format!("InstanceId.1={}", stopped[0]));
    assert_eq!(lab.status(&stopped[0]).1, "initializing");
    lab.advance(30);
    assert_eq!(lab.status(&stopped[0]).1, "initializing");
    lab.advance(60);
    assert_eq!(lab.status(&stopped[0]).1, "ok");
    for (form, code) in [
        ("MaxResults=4", "InvalidParameterValue"),
        ("InstanceId.1=i-00000000000000001", "InvalidInstanceID.NotFound"),
        ("MaxResults=5&InstanceId.1=i-00000000000000001", "InvalidParameterCombination"),
        ("Filter.1.Name=colour&Filter.1.Value.1=red", "InvalidParameterValue"),
        ("DryRun=true", "DryRunOperation"),
    ] {
        assert_eq!(lab.refused(Service::Ec2, "DescribeInstanceStatus", form), code, "{form}");
    }
}

#[test]
fn half_of_the_groups_have_targets_and_a_few_were_never_well() {
    let lab = Lab::new(4_000);
    let groups = lab.client.cloud.world.seed(crate::world::Unit { account: 0, region: 0 }).groups;
    let mut listed = 0;
    let mut next = String::new();
    loop {
        let form = format!("PageSize=30&Marker={}", next.replace('+', "%2B"));
        let text = lab.balancing("DescribeTargetGroups", &form);
        listed += values(&text, "TargetGroupArn").len();
        next = element(&text, "NextMarker").to_owned();
        if next.is_empty() {
            break;
        }
    }
    assert!((groups as usize * 35 / 100..groups as usize * 60 / 100).contains(&(listed - 2)));
    let mut named = 0;
    let mut token = String::new();
    loop {
        let form = format!("MaxRecords=100&NextToken={}", token.replace('+', "%2B"));
        let text = lab.scaling("DescribeAutoScalingGroups", &form);
        named += text.matches("<TargetGroupARNs><member>").count();
        token = element(&text, "NextToken").to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(named, listed - 2);
    let targets = lab.targets();
    let count = |state: &str| targets.iter().filter(|[_, _, found]| found == state).count();
    assert!(count("unhealthy") * 100 / targets.len() < 6 && count("unhealthy") > 5);
    assert!(count("healthy") * 100 / targets.len() > 85 && count("unused") > 5);
    let arn = &targets[0][0];
    assert_eq!(lab.target(arn, "i-00000000000000001"), "unused");
    let by_name =
        |name: &str| lab.balancing("DescribeTargetGroups", &format!("Names.member.1={name}"));
    assert_eq!(values(&by_name("tg-standalone-1"), "TargetGroupArn").len(), 1);
    let group = by_name("tg-standalone-1");
    let balancer = element(element(&group, "LoadBalancerArns"), "member");
    let form = format!("LoadBalancerArn={balancer}");
    assert!(lab.balancing("DescribeTargetGroups", &form).contains("tg-standalone-1"));
    for (name, form, code) in [
        ("DescribeTargetGroups", "Names.member.1=nobody", "TargetGroupNotFound"),
        ("DescribeTargetGroups", "LoadBalancerArn=nobody", "LoadBalancerNotFound"),
        ("DescribeTargetGroups", "PageSize=401", "ValidationError"),
        ("DescribeTargetGroups", "Marker=AAAA", "ValidationError"),
        ("DescribeTargetGroups", "Names.member.1=a&LoadBalancerArn=b", "ValidationError"),
        ("DescribeTargetHealth", "TargetGroupArn=nobody", "TargetGroupNotFound"),
        ("DescribeTargetHealth", "", "ValidationError"),
    ] {
        assert_eq!(lab.refused(Service::Balancing, name, form), code, "{name} {form}");
    }
}

#[test]
fn only_the_worlds_time_goes_on() {
    let lab = Lab::new(100);
    let client = crate::dispatch::client::Client::new(crate::config::Config::default());
    let member = client.assume(1, "");
    client.cloud.advance(86_400);
    let reply = client.call(&member, Service::Ec2, REGION, "DescribeRegions", "");
    assert_eq!(reply.status, 200, "a day of the world ends no session");
    // Nor does it fill a bucket.
    lab.defaults("HttpTokens=required");
    lab.advance(86_400);
    let code = lab.refused(Service::Ec2, "ModifyInstanceMetadataDefaults", "HttpTokens=optional");
    assert_eq!(code, "RequestLimitExceeded");
    client.cloud.advance(u64::MAX);
    client.cloud.advance(u64::MAX);
    assert!(client.cloud.world_time(0) < 4_000_000_000);
}
