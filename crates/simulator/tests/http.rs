//! The server as a client on the network sees it.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::TcpStream;

use imdsure_simulator::{Config, Running, Simulator, Workload, WorkloadError};

async fn start() -> Running {
    let simulator = Simulator::new(Config::default()).unwrap();
    simulator.serve(([127, 0, 0, 1], 0).into()).await.unwrap()
}

fn connect(running: &Running) -> TcpStream {
    TcpStream::connect(running.endpoint_url().trim_start_matches("http://")).unwrap()
}

/// Sends a request and reads one answer: head, and as much body as the head announces.
fn exchange(stream: &mut TcpStream, request: &[u8]) -> (String, String) {
    stream.write_all(request).unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.extend_from_slice(&byte);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.split_once("content-length: ").unwrap().1.split_once('\r').unwrap().0;
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_serves_many_requests() {
    let running = start().await;
    let mut stream = connect(&running);
    let form = "Action=DescribeInstances&Version=2016-11-15";
    let unsigned =
        format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{form}", form.len());
    for _ in 0..3 {
        let (head, body) = exchange(&mut stream, unsigned.as_bytes());
        assert!(head.starts_with("HTTP/1.1 401"), "{head}");
        assert!(
            head.contains("x-amzn-requestid: ")
                && head.contains("content-type: text/xml;charset=UTF-8")
        );
        assert!(body.contains("<Code>AuthFailure</Code>"));
    }
    let (_, body) = exchange(&mut stream, b"GET /_simulator/stats HTTP/1.1\r\nhost: x\r\n\r\n");
    let stats: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&stats["connections"], &stats["requests"]), (&1.into(), &3.into()));
    assert_eq!(running.stats().errors["AuthFailure"], 3);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_have_a_limit() {
    let running = start().await;
    let head = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", (1 << 20) + 1);
    let mut request = head.into_bytes();
    request.resize(request.len() + (1 << 20) + 1, b'x');
    let (head, _) = exchange(&mut connect(&running), &request);
    assert!(head.starts_with("HTTP/1.1 413"), "{head}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_connections_and_frees_the_port() {
    let running = start().await;
    let url = running.endpoint_url();
    let mut stream = connect(&running);
    exchange(&mut stream, b"GET /_simulator/stats HTTP/1.1\r\nhost: x\r\n\r\n");
    running.stop().await;
    assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    assert!(TcpStream::connect(url.trim_start_matches("http://")).is_err());
}

#[tokio::test]
async fn the_environment_is_complete() {
    let running = start().await;
    let environment = running.environment();
    let names: Vec<&str> = environment.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"]
    );
    assert!(environment[1].1.starts_with("AKIA") && environment[1].1.len() == 20);
    assert_eq!((environment[2].1.len(), environment[3].1.as_str()), (40, "us-east-1"));
    assert_eq!(running.management_account().len(), 12);
}

/// Sends a request to the simulator itself; the status, and the answer if it is JSON.
fn control(running: &Running, method: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
    let length = body.len();
    let request = format!(
        "{method} /_simulator/{path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let (head, body) = exchange(&mut connect(running), request.as_bytes());
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(&body).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn time_goes_by_on_demand() {
    let running = start().await;
    let seconds = |answer: (u16, serde_json::Value)| {
        assert_eq!(answer.0, 200);
        answer.1["seconds"].as_i64().unwrap()
    };
    let before = seconds(control(&running, "GET", "time", ""));
    let later = control(&running, "POST", "advance?seconds=3600", "");
    let text = later.1["time"].as_str().unwrap().to_owned();
    assert!(text.ends_with('Z') && text.len() == 20, "{text}");
    assert!((3_600..3_660).contains(&(seconds(later) - before)));
    assert!((7_200..7_260).contains(&(running.advance(3_600) - before)));
    assert!((7_200..7_260).contains(&(running.world_time() - before)));
    assert_eq!(control(&running, "GET", "advance?seconds=1", "").0, 405);
    for path in ["advance", "advance?seconds=-1", "advance?seconds=soon"] {
        assert_eq!(control(&running, "POST", path, "").0, 400, "{path}");
    }
    assert_eq!(control(&running, "GET", "drifted", ""), (200, serde_json::json!([])));
    assert_eq!(control(&running, "GET", "nothing", "").0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn workloads_are_for_instances_that_exist() {
    let running = start().await;
    let account = running.management_account().to_owned();
    let stranger = "i-00000000000000001";
    let refused = running.set_workload(&account, "us-east-1", stranger, Workload::Never);
    assert_eq!(refused, Err(WorkloadError::Instance(stranger.into())));
    let refused = running.set_workload("1", "us-east-1", stranger, Workload::Never);
    assert_eq!(refused, Err(WorkloadError::Account("1".into())));
    let body = format!(
        r#"{{"account_id":"{account}","region":"us-east-1","instance_id":"{stranger}","workload":"never"}}"#
    );
    for body in [body.as_str(), "", "{}", "[1]"] {
        assert_eq!(control(&running, "POST", "workload", body).0, 400, "{body}");
    }
}
