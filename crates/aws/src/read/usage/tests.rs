//! Asking CloudWatch, as far as a made-up CloudWatch can show it.

use serde_json::{Value, json};

use super::{points::Window, *};
use crate::{read::scene::Scene, tables::SCAN_ERROR};

// 2026-03-29T10:00:00Z, and the midnight two days before.
const END: i64 = 1_774_778_400;
const START: i64 = 1_774_569_600;
const DAY: i64 = 86_400;

fn window() -> Window {
    Window::before(END * 1000 + 59_000, 2)
}

fn instance(id: &str, tokens_required: bool) -> SeenInstance {
    SeenInstance { id: id.to_owned(), tokens_required, launch_time: Some((START + 60) * 1000) }
}

fn result(id: &str, status: &str, points: &[(i64, f64)]) -> Value {
    let times: Vec<i64> = points.iter().map(|(time, _)| *time).collect();
    let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
    json!({"Id": id, "Label": "x", "Timestamps": times, "Values": values, "StatusCode": status})
}

#[tokio::test]
async fn those_that_called_are_asked_about_by_the_hour() {
    let instances = [instance("i-1", false), instance("i-2", true), instance("i-3", false)];
    let scene = Scene::new()
        .on(&["GetMetricData", "\"Period\":86400", "NextToken"], &json!({"MetricDataResults": [
            result("m1", "Complete", &[(START, 1.0)]),
        ]}))
        .on(&["GetMetricData", "\"Period\":86400"], &json!({"NextToken": "t", "MetricDataResults": [
            result("m0", "Complete", &[(START + DAY, 0.0), (START, 0.0)]),
            result("m1", "PartialData", &[(START + DAY, 4.0)]),
            result("m2", "Complete", &[]),
        ]}))
        .on(&["GetMetricData", "\"Period\":3600"], &json!({"MetricDataResults": [
            result("m0", "Complete", &[(START + 3600, 1.0), (START + DAY, 4.0), (START + DAY + 3600, 0.0)]),
        ]}));
    let asked = usage(&scene.unit(), &instances, window()).await;
    assert_eq!(asked, 4);
    assert!(asked <= most_metrics(3));
    let (start, end) = ("2026-03-27T00:00:00Z", "2026-03-29T10:00:00Z");
    assert_eq!(
        scene.rows(&AWS_CLOUDWATCH_IMDS_USAGE),
        json!([
            {"instance_id": "i-1", "metric": "MetadataNoToken", "window_start": start, "window_end": end,
             "calls": 0, "days_with_data": 2, "covered_hours": 47, "hourly": false,
             "first_datapoint": start, "last_datapoint": "2026-03-28T00:00:00Z", "rebooted_in_window": true},
            {"instance_id": "i-2", "metric": "MetadataNoTokenRejected", "window_start": start, "window_end": end,
             "calls": 5, "days_with_data": 2, "covered_hours": 3, "hourly": true,
             "first_datapoint": "2026-03-27T01:00:00Z", "last_datapoint": "2026-03-28T01:00:00Z",
             "last_nonzero": "2026-03-28T00:00:00Z", "rebooted_in_window": true},
            {"instance_id": "i-3", "metric": "MetadataNoToken", "window_start": start, "window_end": end,
             "days_with_data": 0, "covered_hours": 0, "hourly": false, "rebooted_in_window": true},
        ])
    );
    assert_eq!(scene.rows(&SCAN_ERROR), json!([]));
    let first = scene.calls().remove(0);
    let body: Value = serde_json::from_str(first.split_once(' ').unwrap().1).unwrap();
    assert_eq!(body["StartTime"], START);
    assert_eq!(body["EndTime"], END);
    assert_eq!(
        body["MetricDataQueries"][1],
        json!({"Id": "m1", "ReturnData": true, "MetricStat": {"Period": 86400, "Stat": "Sum", "Metric": {
            "Namespace": "AWS/EC2", "MetricName": "MetadataNoTokenRejected",
            "Dimensions": [{"Name": "InstanceId", "Value": "i-2"}]}}})
    );
}

#[tokio::test]
async fn what_is_not_given_whole_is_a_gap_and_no_row() {
    let instances: Vec<SeenInstance> =
        ["i-1", "i-2", "i-3", "i-4"].map(|id| instance(id, false)).to_vec();
    let scene = Scene::new().on(
        &["GetMetricData"],
        &json!({"MetricDataResults": [
            result("m0", "InternalError", &[(START, 0.0)]),
            result("m1", "Forbidden", &[]),
            result("m2", "Complete", &[(START, 0.0)]),
        ]}),
    );
    assert_eq!(usage(&scene.unit(), &instances, window()).await, 4);
    let rows = scene.rows(&AWS_CLOUDWATCH_IMDS_USAGE);
    assert_eq!((rows.as_array().unwrap().len(), &rows[0]["instance_id"]), (1, &json!("i-3")));
    let errors = scene.rows(&SCAN_ERROR);
    let kinds: Vec<_> =
        errors.as_array().unwrap().iter().map(|e| (&e["code"], &e["kind"])).collect();
    assert_eq!(
        kinds,
        [
            (&json!("InternalError"), &json!("unavailable")),
            (&json!("Forbidden"), &json!("denied")),
            (&json!("NoResult"), &json!("unavailable"))
        ]
    );
}

#[tokio::test]
async fn without_hours_a_row_has_its_days() {
    let scene = Scene::new()
        .answers(&["\"Period\":3600"], 400, r#"{"__type":"AccessDeniedException","Message":"no"}"#)
        .on(
            &["\"Period\":86400"],
            &json!({"MetricDataResults": [result("m0", "Complete", &[(START + DAY, 4.0)])]}),
        );
    usage(&scene.unit(), &[instance("i-1", false)], window()).await;
    let rows = scene.rows(&AWS_CLOUDWATCH_IMDS_USAGE);
    assert_eq!((&rows[0]["calls"], &rows[0]["hourly"]), (&json!(4), &json!(false)));
    assert_eq!(scene.rows(&SCAN_ERROR)[0]["kind"], "denied");
}

#[tokio::test]
async fn a_call_asks_for_no_more_than_it_may() {
    let instances: Vec<SeenInstance> =
        (0..1001).map(|number| instance(&format!("i-{number}"), false)).collect();
    let results: Vec<Value> =
        (0..500).map(|id| result(&format!("m{id}"), "Complete", &[(START, 1.0)])).collect();
    let scene = Scene::new().on(&["GetMetricData"], &json!({"MetricDataResults": results}));
    // 14 days and ten hours: 346 points an instance, so that 291 fit into a call.
    let window = Window::before(END * 1000, 14);
    assert_eq!(usage(&scene.unit(), &instances, window).await, 2002);
    let sizes = |period: &str| -> Vec<usize> {
        let of = scene.calls().into_iter().filter(|call| call.contains(period));
        of.map(|call| call.matches("\"Id\"").count()).collect()
    };
    assert_eq!(sizes("\"Period\":86400"), [500, 500, 1]);
    assert_eq!(sizes("\"Period\":3600"), [291, 291, 291, 128]);
}
