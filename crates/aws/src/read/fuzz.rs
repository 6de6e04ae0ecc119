//! The fuzz targets of the page readers: real pages, mangled. Short in `cargo test`, as long as wanted with
//! `make fuzz` (`PROPTEST_CASES`). Nothing may panic, and a page that is read must have been whole.

use proptest::{prelude::*, sample::Index};

use super::{InstancePage, InstanceRow, scene::Scene};
use crate::{
    operation::{DESCRIBE_COMPUTE_ENVIRONMENTS, DESCRIBE_ENVIRONMENTS, Operation},
    tables::{AWS_BATCH_COMPUTE_ENVIRONMENT, AWS_ELASTIC_BEANSTALK_ENVIRONMENT},
    wire,
};

const PAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>8f77</requestId>
<reservationSet><item><reservationId>r-1</reservationId><ownerId>111122223333</ownerId><groupSet/><instancesSet>
<item><instanceId>i-0abc</instanceId><imageId>ami-1</imageId><instanceState><code>16</code><name>running</name></instanceState>
<dnsName/><launchTime>2019-06-01T00:00:00.000Z</launchTime><tagSet><item><key>Name</key><value>a &amp; &#233;</value></item></tagSet>
<iamInstanceProfile><arn>arn:aws:iam::1:instance-profile/p/web</arn><id>A</id></iamInstanceProfile>
<metadataOptions><state>applied</state><httpTokens>optional</httpTokens><httpPutResponseHopLimit>1</httpPutResponseHopLimit>
<httpEndpoint>enabled</httpEndpoint></metadataOptions></item></instancesSet></item></reservationSet><nextToken>t</nextToken>
</DescribeInstancesResponse>"#;

/// A page of a JSON service, for a reader that takes its members by name.
const ENVIRONMENTS: &str = r#"{"computeEnvironments":[{"type":"MANAGED","computeEnvironmentName":"a","computeEnvironmentArn":"arn:a",
"state":"ENABLED","status":"VALID","tags":{"k":"v"},"computeResources":{"type":"EC2","imageId":"ami-1",
"ec2Configuration":[{"imageType":"ECS_AL2","imageIdOverride":"ami-2"}],"launchTemplate":{"launchTemplateId":"lt-1",
"version":"$Latest","overrides":[{"launchTemplateName":"b","version":"7"}]}}}]}"#;

/// A page of the Query protocol, for the same.
const STACKS: &str = r#"<DescribeEnvironmentsResponse xmlns="http://elasticbeanstalk.amazonaws.com/docs/2010-12-01/">
<DescribeEnvironmentsResult><Environments><member><ApplicationName>my-app</ApplicationName><EnvironmentName>a &amp; b</EnvironmentName>
<EnvironmentId>e-1</EnvironmentId><Status>Ready</Status><Tier><Name>WebServer</Name><Version> </Version></Tier><EnvironmentLinks/>
</member></Environments></DescribeEnvironmentsResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
</DescribeEnvironmentsResponse>"#;

const SETTINGS: &str = "<DescribeConfigurationSettingsResponse><DescribeConfigurationSettingsResult><ConfigurationSettings>\
<member><DeploymentStatus>deployed</DeploymentStatus><OptionSettings/></member></ConfigurationSettings>\
</DescribeConfigurationSettingsResult></DescribeConfigurationSettingsResponse>";

/// One edit of a text, at a place that is found when its length is known.
#[derive(Debug, Clone)]
enum Edit {
    Replace(Index, u8),
    Insert(Index, String),
    Remove(Index, usize),
    Repeat(Index, usize, Index),
    Cut(Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = any::<Index>;
    let piece = prop_oneof![
        Just("<"),
        Just(">"),
        Just("</"),
        Just("/>"),
        Just("<!--"),
        Just("-->"),
        Just("<![CDATA["),
        Just("]]>"),
        Just("<?"),
        Just("?>"),
        Just("<!DOCTYPE x [<!ENTITY a 'b'>]>"),
        Just("&"),
        Just("&#0;"),
        Just("&#x110000;"),
        Just("\""),
        Just("'"),
        Just("="),
        Just("<item>"),
        Just("</item>"),
        Just("<item/>"),
        Just("<member/>"),
        Just("</member>"),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just("null"),
        Just("\\ud800"),
        Just(":1e999,"),
        Just("\0"),
    ];
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        (place(), piece.prop_map(str::to_owned)).prop_map(|(at, text)| Edit::Insert(at, text)),
        (place(), 1..40usize).prop_map(|(at, length)| Edit::Remove(at, length)),
        (place(), 1..200usize, place())
            .prop_map(|(from, length, to)| Edit::Repeat(from, length, to)),
        place().prop_map(Edit::Cut),
    ]
}

impl Edit {
    fn apply(&self, page: &mut Vec<u8>) {
        if page.is_empty() {
            return;
        }
        let size = page.len();
        match self {
            Self::Replace(at, byte) => page[at.index(size)] = *byte,
            Self::Insert(at, text) => {
                let at = at.index(size);
                page.splice(at..at, text.bytes());
            }
            Self::Remove(at, length) => {
                let at = at.index(size);
                page.drain(at..(at + length).min(size));
            }
            Self::Repeat(from, length, to) => {
                let from = from.index(size);
                let piece = page[from..(from + length).min(size)].to_vec();
                let to = to.index(size);
                page.splice(to..to, piece);
            }
            Self::Cut(at) => page.truncate(at.index(size)),
        }
    }
}

/// Whatever was read can be written as a row.
fn use_all(rows: &[InstanceRow<'_>]) {
    let mut writer = super::InstanceWriter::new("111122223333", "us-east-1");
    let mut table = crate::builder::TableBuilder::new(&crate::tables::AWS_EC2_INSTANCE);
    for row in rows {
        writer.write(row, &mut table);
    }
    let batch = table.take().unwrap();
    assert_eq!(batch.num_rows(), rows.len());
}

fn mangled(page: &str, edits: &[Edit]) -> Vec<u8> {
    let mut page = page.as_bytes().to_vec();
    for edit in edits {
        edit.apply(&mut page);
    }
    page
}

/// Whether a reader would take the page: others it asks for again, with pauses that a test has no time for.
fn is_readable(operation: &Operation, page: &[u8], list: &str) -> bool {
    wire::decode(operation, page)
        .is_ok_and(|page| page.get(list).is_some_and(|list| list.is_array() || list.is_null()))
}

fn run<T>(reading: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(reading)
}

proptest! {
    #[test]
    fn fuzz_json_pages(edits in prop::collection::vec(edit(), 1..6)) {
        let page = mangled(ENVIRONMENTS, &edits);
        if is_readable(&DESCRIBE_COMPUTE_ENVIRONMENTS, &page, "computeEnvironments") {
            let text = String::from_utf8(page).unwrap();
            let scene = Scene::new().answers(&[], 200, &text);
            let mut unit = scene.unit();
            if run(super::compute_environments(&mut unit)).is_ok() {
                let listed: serde_json::Value = serde_json::from_str(&text).unwrap();
                let listed = listed["computeEnvironments"].as_array().map_or(0, Vec::len);
                let rows = scene.rows(&AWS_BATCH_COMPUTE_ENVIRONMENT);
                prop_assert_eq!(rows.as_array().unwrap().len(), listed);
            }
        }
    }

    #[test]
    fn fuzz_query_pages(edits in prop::collection::vec(edit(), 1..6)) {
        let page = mangled(STACKS, &edits);
        if is_readable(&DESCRIBE_ENVIRONMENTS, &page, "Environments") {
            let text = String::from_utf8(page).unwrap();
            let scene = Scene::new()
                .answers(&["Action=DescribeConfigurationSettings"], 200, SETTINGS)
                .answers(&[], 200, &text);
            if run(super::environments(&mut scene.unit())).is_ok() {
                prop_assert!(text.trim_end().ends_with('>'), "a page that was read did not end");
                let rows = scene.rows(&AWS_ELASTIC_BEANSTALK_ENVIRONMENT);
                prop_assert!(rows.as_array().unwrap().iter().all(|row| row["settings_read"] == true));
            }
        }
    }

    #[test]
    fn fuzz_mangled_pages(edits in prop::collection::vec(edit(), 1..6)) {
        let page = mangled(PAGE, &edits);
        if let Ok(read) = InstancePage::read(&page) {
            let text = std::str::from_utf8(&page).unwrap();
            prop_assert!(text.trim_end().ends_with('>'), "a page that was read did not end");
            use_all(&read.rows);
        }
    }

    #[test]
    fn fuzz_any_bytes(page in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = InstancePage::read(&page);
    }
}
