//! CloudWatch, from the signature to the answer, in each of its protocols.

use serde_json::{Value, json};

use super::client::{Client, NOW};
use super::*;
use crate::cbor;
use crate::config::Config;
use crate::document::Document;
use crate::world::Unit;
use crate::world::usage::{HOUR, Metric};

const REGION: &str = "us-east-1";
const UNIT: Unit = Unit { account: 0, region: 0 };
const DAY: i64 = 86_400;

fn client() -> Client {
    Client::new(Config { instances: 6_000, ..Config::default() })
}

fn refused(code: &str) -> (u16, String) {
    (400, code.to_owned())
}

/// The id of an instance that has counted calls without tokens since long.
fn counting(client: &Client) -> String {
    let stock = client.cloud.world.stock(UNIT, NOW);
    let index = (0..stock.instances())
        .find(|index| {
            let usage = stock.usage(*index);
            let counted = usage.counted(Metric::NoToken, NOW - 90 * DAY, NOW);
            counted.is_some_and(|counted| counted.samples > 89 * 288 && counted.least > 0)
        })
        .unwrap();
    crate::world::ids::text("i-", stock.instance(index).id)
}

fn query(id: &str, instance: &str, period: i64) -> Value {
    json!({ "Id": id, "MetricStat": { "Stat": "Sum", "Period": period, "Metric": {
        "Namespace": "AWS/EC2",
        "MetricName": "MetadataNoToken",
        "Dimensions": [{ "Name": "InstanceId", "Value": instance }],
    } } })
}

fn data(client: &Client, queries: &[Value], days: i64, more: &[(&str, Value)]) -> Reply {
    let mut input = json!({
        "MetricDataQueries": queries,
        "StartTime": NOW - days * DAY,
        "EndTime": NOW,
    });
    for (name, value) in more {
        input[*name] = value.clone();
    }
    client.document(Service::CloudWatch, "GetMetricData", &input)
}

/// The times of the first query's points, newest first.
fn times(reply: &Reply) -> Vec<i64> {
    let answer = reply.json();
    let times = answer["MetricDataResults"][0]["Timestamps"].as_array().unwrap();
    times.iter().map(|time| time.as_i64().unwrap()).collect()
}

#[test]
fn points_are_kept_as_long_as_their_period_is_long() {
    let client = client();
    let instance = counting(&client);
    let oldest = |period| {
        let times = times(&data(&client, &[query("a", &instance, period)], 85, &[]));
        assert!(times.is_sorted_by(|left, right| left > right));
        NOW - times.last().unwrap()
    };
    assert!((15 * DAY - 300..=15 * DAY).contains(&oldest(60)));
    assert!((63 * DAY - HOUR..=63 * DAY).contains(&oldest(300)));
    assert_eq!(oldest(3_600), 85 * DAY);
    // Half an hour more is a start that is rounded down; the hour that runs has no data.
    let now = times(&data(&client, &[query("a", &instance, 3_600)], 1, &[]));
    assert_eq!((now.len(), now[0]), (24, NOW - HOUR));
}

#[test]
fn data_comes_in_pages_that_make_the_whole() {
    let client = client();
    let instance = counting(&client);
    let queries: Vec<Value> =
        (0..5).map(|number| query(&format!("q{number}"), &instance, 3_600)).collect();
    let mut more = vec![("MaxDatapoints", json!(50))];
    let mut merged = vec![Vec::new(); 5];
    let mut pages = 0;
    loop {
        let answer = data(&client, &queries, 3, &more).json();
        pages += 1;
        let results = answer["MetricDataResults"].as_array().unwrap();
        let points: usize =
            results.iter().map(|result| result["Values"].as_array().unwrap().len()).sum();
        assert!(points <= 50);
        for result in results {
            let number: usize = result["Id"].as_str().unwrap()[1..].parse().unwrap();
            merged[number].extend(result["Timestamps"].as_array().unwrap().iter().cloned());
        }
        let (last, complete) = results.split_last().unwrap();
        assert!(complete.iter().all(|result| result["StatusCode"] == "Complete"));
        let number: usize = last["Id"].as_str().unwrap()[1..].parse().unwrap();
        assert_eq!(last["StatusCode"] == "PartialData", merged[number].len() < 72);
        if answer["NextToken"].is_null() {
            break;
        }
        more.truncate(1);
        more.push(("NextToken", answer["NextToken"].clone()));
    }
    assert_eq!(pages, (5 * 72_usize).div_ceil(50));
    assert!(merged.iter().all(|times| times.len() == 72 && *times == merged[0]));
    // The token is good for these queries alone.
    let reply = data(&client, &queries[1..], 3, &more);
    assert_eq!(reply.error(), refused("InvalidNextToken"));
}

#[test]
fn cloudwatch_refuses_what_it_documents() {
    let client = client();
    let one = query("a", "i-0123456789abcdef0", 60);
    let with = |pointer: &str, value: Value| {
        let mut changed = one.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        data(&client, &[changed], 1, &[])
    };
    let many: Vec<Value> = (0..501).map(|number| query(&format!("q{number}"), "i-0", 60)).collect();
    let cases = [
        data(&client, &many, 1, &[]),
        data(&client, &[], 1, &[]),
        data(&client, &[one.clone(), one.clone()], 1, &[]),
        data(&client, std::slice::from_ref(&one), 0, &[]),
        data(&client, std::slice::from_ref(&one), 1, &[("ScanBy", json!("Sideways"))]),
        data(&client, std::slice::from_ref(&one), 1, &[("MaxDatapoints", json!(100_801))]),
        with("/MetricStat/Period", json!(90)),
        with("/MetricStat/Stat", json!("p99")),
        with("/Id", json!("A")),
    ];
    for reply in cases {
        assert_eq!(reply.error(), refused("ValidationException"));
        assert_eq!(reply.header("x-amzn-query-error"), Some("ValidationError;Sender"));
    }
    let found = data(&client, &[one], 1, &[]).json();
    assert_eq!(found["MetricDataResults"][0]["StatusCode"], "Complete");
    assert_eq!(found["MetricDataResults"][0]["Values"], json!([]));
    let wrong =
        client.document(Service::CloudWatch, "ListMetrics", &json!({ "RecentlyActive": "PT1H" }));
    assert_eq!(wrong.header("x-amzn-query-error"), Some("InvalidParameterValue;Sender"));
}

#[test]
fn the_three_protocols_of_cloudwatch_tell_the_same() {
    let client = client();
    let instance = counting(&client);
    let user = client.user();
    let json = data(&client, &[query("a", &instance, 300)], 1, &[]).json();
    let values: Vec<f64> = json["MetricDataResults"][0]["Values"]
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_f64().unwrap())
        .collect();
    assert_eq!(values.len(), 288);

    let text = |text: &str| Document::text(text);
    let dimension = vec![("Name", text("InstanceId")), ("Value", text(&instance))];
    let metric = vec![
        ("Namespace", text("AWS/EC2")),
        ("MetricName", text("MetadataNoToken")),
        ("Dimensions", Document::List(vec![Document::Structure(dimension)])),
    ];
    let statistic = vec![
        ("Metric", Document::Structure(metric)),
        ("Period", Document::Integer(300)),
        ("Stat", text("Sum")),
    ];
    let query = vec![("Id", text("a")), ("MetricStat", Document::Structure(statistic))];
    let input = Document::Structure(vec![
        ("MetricDataQueries", Document::List(vec![Document::Structure(query)])),
        ("StartTime", Document::Time(NOW - DAY)),
        ("EndTime", Document::Time(NOW)),
    ]);
    let mut body = Vec::new();
    input.push_cbor(&mut body);
    let reply = client.rpc(&user, Service::CloudWatch, "GetMetricData", body);
    assert_eq!(reply.header("smithy-protocol"), Some("rpc-v2-cbor"));
    let cbor = cbor::read(&reply.body).unwrap();
    assert_eq!(cbor["MetricDataResults"][0]["Values"], json["MetricDataResults"][0]["Values"]);

    let metric = "MetricDataQueries.member.1.MetricStat";
    let form = format!(
        "Action=GetMetricData&Version=2010-08-01&MetricDataQueries.member.1.Id=a&{metric}.Metric.Namespace=AWS%2FEC2\
         &{metric}.Metric.MetricName=MetadataNoToken&{metric}.Metric.Dimensions.member.1.Name=InstanceId\
         &{metric}.Metric.Dimensions.member.1.Value={instance}&{metric}.Period=300&{metric}.Stat=Sum\
         &StartTime=2026-06-14T12%3A00%3A00Z&EndTime=2026-06-15T12%3A00%3A00Z"
    );
    let line = ["POST", "/", ""];
    let reply = client.signed(&user, Service::CloudWatch, REGION, line, &[], form.into());
    let text = reply.text();
    let listed = text.split_once("<Values>").unwrap().1.split_once("</Values>").unwrap().0;
    let listed: Vec<f64> = listed
        .split("<member>")
        .skip(1)
        .map(|value| value.trim_end_matches("</member>").parse().unwrap())
        .collect();
    assert_eq!(listed, values);
}

#[test]
fn metrics_are_listed_by_five_hundred() {
    let client = Client::new(Config { accounts: 1, instances: 8_000, ..Config::default() });
    let list = ["Metrics", "NextToken", "NextToken"];
    let input = json!({ "Namespace": "AWS/EC2" });
    let (metrics, pages) = client.all(Service::CloudWatch, "ListMetrics", &input, list);
    assert_eq!(pages, metrics.len().div_ceil(500));
    assert!(pages > 2);
    let listed = |input: Value| client.all(Service::CloudWatch, "ListMetrics", &input, list).0;
    assert!(listed(json!({ "RecentlyActive": "PT3H" })).len() < metrics.len());
    let one = listed(json!({ "Dimensions": metrics[700]["Dimensions"] }));
    assert_eq!(one, metrics[700..=700]);
    assert!(listed(json!({ "MetricName": "CPUUtilization" })).is_empty());
    assert!(listed(json!({ "Dimensions": [{ "Name": "ImageId" }] })).is_empty());
}

#[test]
fn metrics_have_buckets_of_their_own() {
    let client = client();
    let list = || client.document(Service::CloudWatch, "ListMetrics", &json!({})).error();
    let answered = (0..30).filter(|_| list() == (200, String::new())).count();
    assert_eq!((answered, list()), (25, refused("ThrottlingException")));
}
