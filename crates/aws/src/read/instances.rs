//! EC2 instances: pages of DescribeInstances, from XML to rows of `aws_ec2_instance`.
//!
//! The hot path of an audit. A row borrows from its page and lives as long as it; only what becomes a
//! column is looked at, the rest of an instance (interfaces, volumes, groups) is skipped unread.

use std::{borrow::Cow, fmt::Write as _};

use crate::{
    builder::{TableBuilder, Value},
    client::{Client, Place, endless},
    error::{CallError, Failure},
    operation::DESCRIBE_INSTANCES,
    partition::Partition,
    tables::{AWS_CLOUDWATCH_IMDS_USAGE, AWS_EC2_AMI, AWS_EC2_INSTANCE},
    unit::{INCLUDE_MANAGED, SeenInstance, UNKNOWN_PARAMETER, Unit},
    xml::{Cursor, XmlError},
};

type Text<'a> = Option<Cow<'a, str>>;
/// Keys and values, in AWS's order.
type Tags<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// One page of DescribeInstances.
#[derive(Debug, Default)]
pub struct InstancePage<'a> {
    /// Its instances.
    pub rows: Vec<InstanceRow<'a>>,
    /// The token of the next page; none on the last.
    pub next_token: Option<String>,
}

/// What imdsure keeps of one instance. Values are AWS's, verbatim; what AWS does not report is none.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each field is the column of the same name, documented with the table"
)]
pub struct InstanceRow<'a> {
    pub instance_id: Cow<'a, str>,
    pub instance_state: Text<'a>,
    pub instance_type: Text<'a>,
    pub instance_lifecycle: Text<'a>,
    pub image_id: Text<'a>,
    pub platform: Text<'a>,
    pub key_name: Text<'a>,
    pub launch_time: Option<i64>,
    pub availability_zone: Text<'a>,
    pub vpc_id: Text<'a>,
    pub subnet_id: Text<'a>,
    pub private_ip_address: Text<'a>,
    pub public_ip_address: Text<'a>,
    pub public_dns_name: Text<'a>,
    pub iam_instance_profile_arn: Text<'a>,
    pub metadata_options: Option<MetadataOptions<'a>>,
    pub tags: Tags<'a>,
}

/// The metadata options of an instance, verbatim.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each field is the column of the same name, documented with the table"
)]
pub struct MetadataOptions<'a> {
    pub http_tokens: Text<'a>,
    pub http_endpoint: Text<'a>,
    pub http_protocol_ipv6: Text<'a>,
    pub instance_metadata_tags: Text<'a>,
    pub hop_limit: Option<i64>,
    pub state: Text<'a>,
}

/// Reads all instances of the unit.
pub(crate) async fn instances(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let Unit { client, sink, progress, account, region, wanted, found } = unit;
    let place = Place { access: &account.access, account_id: Some(&account.id), region };
    let mut writer = InstanceWriter::new(&account.id, region);
    let images = wanted.has(&AWS_EC2_AMI);
    let usage = wanted.has(&AWS_CLOUDWATCH_IMDS_USAGE);
    describe_instances(client, &place, |page| {
        sink.append(&AWS_EC2_INSTANCE, &mut |table| {
            for row in &page.rows {
                writer.write(row, table);
            }
        });
        let living = page.rows.iter().filter(|row| !row.is_terminated());
        if images {
            let names = living.clone().filter_map(|row| row.image_id.as_deref());
            found.images.extend(names.map(str::to_owned));
        }
        if usage {
            found.instances.extend(page.rows.iter().map(InstanceRow::seen));
        }
        progress.instances.add(page.rows.len() as u64);
    })
    .await
}

/// Reads all instances of one account and region and hands them on page by page.
async fn describe_instances(
    client: &Client,
    place: &Place<'_>,
    mut hand_on: impl FnMut(&InstancePage<'_>) + Send,
) -> Result<(), CallError> {
    let mut token: Option<String> = None;
    let mut managed = true;
    loop {
        let mut parameters = DESCRIBE_INSTANCES.page(token.as_deref());
        if managed {
            parameters = parameters.with(INCLUDE_MANAGED.0, INCLUDE_MANAGED.1);
        }
        let answer = client
            .call(&DESCRIBE_INSTANCES, place, &parameters, |body| {
                let page = InstancePage::read(body)?;
                // A page is handed on only when it was read to its end: cut short, it adds nothing.
                hand_on(&page);
                Ok::<_, Failure>(page.next_token)
            })
            .await;
        let next = match answer {
            // Where the parameter is not known yet, nothing can be hidden.
            Err(error) if managed && error.code == UNKNOWN_PARAMETER => {
                managed = false;
                continue;
            }
            answer => answer?,
        };
        if next.is_none() {
            return Ok(());
        }
        if next == token {
            return Err(endless(&DESCRIBE_INSTANCES, place));
        }
        token = next;
    }
}

impl<'a> InstancePage<'a> {
    /// Reads a whole page. Elements that are not known are passed over, their order does not matter.
    pub fn read(page: &'a [u8]) -> Result<Self, XmlError> {
        let mut xml = Cursor::new(page)?;
        xml.root("DescribeInstancesResponse")?;
        // An instance is 3 to 8 KB of XML.
        let mut read = Self { rows: Vec::with_capacity(page.len() / 4096), next_token: None };
        while let Some(name) = xml.child()? {
            match name {
                "reservationSet" => {
                    while xml.child()?.is_some() {
                        read.reservation(&mut xml)?;
                    }
                }
                "nextToken" => {
                    let token = xml.text()?;
                    read.next_token = (!token.is_empty()).then(|| token.into_owned());
                }
                _ => xml.skip()?,
            }
        }
        xml.end()?;
        Ok(read)
    }

    fn reservation(&mut self, xml: &mut Cursor<'a>) -> Result<(), XmlError> {
        while let Some(name) = xml.child()? {
            match name {
                "instancesSet" => {
                    while xml.child()?.is_some() {
                        self.rows.push(InstanceRow::read(xml)?);
                    }
                }
                _ => xml.skip()?,
            }
        }
        Ok(())
    }
}

impl<'a> InstanceRow<'a> {
    fn read(xml: &mut Cursor<'a>) -> Result<Self, XmlError> {
        let mut row = Self::default();
        while let Some(name) = xml.child()? {
            match name {
                "instanceId" => row.instance_id = xml.text()?,
                "instanceState" => row.instance_state = only(xml, "name")?,
                "instanceType" => row.instance_type = text(xml)?,
                "instanceLifecycle" => row.instance_lifecycle = text(xml)?,
                "imageId" => row.image_id = text(xml)?,
                "platform" => row.platform = text(xml)?,
                "keyName" => row.key_name = text(xml)?,
                "launchTime" => row.launch_time = milliseconds(&xml.text()?),
                "placement" => row.availability_zone = only(xml, "availabilityZone")?,
                "vpcId" => row.vpc_id = text(xml)?,
                "subnetId" => row.subnet_id = text(xml)?,
                "privateIpAddress" => row.private_ip_address = text(xml)?,
                "ipAddress" => row.public_ip_address = text(xml)?,
                "dnsName" => row.public_dns_name = text(xml)?,
                "iamInstanceProfile" => row.iam_instance_profile_arn = only(xml, "arn")?,
                "metadataOptions" => row.metadata_options = Some(MetadataOptions::read(xml)?),
                "tagSet" => row.tags = tags(xml)?,
                _ => xml.skip()?,
            }
        }
        Ok(row)
    }

    /// The `Name` tag.
    pub fn name(&self) -> Option<&str> {
        self.tag("Name")
    }

    fn tag(&self, key: &str) -> Option<&str> {
        let (_, value) = self.tags.iter().find(|(known, _)| known == key)?;
        (!value.is_empty()).then_some(&**value)
    }

    fn is_terminated(&self) -> bool {
        self.instance_state.as_deref() == Some("terminated")
    }

    /// What asking for its metrics takes.
    fn seen(&self) -> SeenInstance {
        let tokens = self.metadata_options.as_ref().and_then(|o| o.http_tokens.as_deref());
        SeenInstance {
            id: self.instance_id.clone().into_owned(),
            tokens_required: tokens == Some("required"),
            launch_time: self.launch_time,
        }
    }
}

impl<'a> MetadataOptions<'a> {
    fn read(xml: &mut Cursor<'a>) -> Result<Self, XmlError> {
        let mut options = Self::default();
        while let Some(name) = xml.child()? {
            match name {
                "httpTokens" => options.http_tokens = text(xml)?,
                "httpEndpoint" => options.http_endpoint = text(xml)?,
                "httpProtocolIpv6" => options.http_protocol_ipv6 = text(xml)?,
                "instanceMetadataTags" => options.instance_metadata_tags = text(xml)?,
                "httpPutResponseHopLimit" => options.hop_limit = xml.text()?.trim().parse().ok(),
                "state" => options.state = text(xml)?,
                _ => xml.skip()?,
            }
        }
        Ok(options)
    }

    fn write_json(&self, json: &mut String) {
        let members = [
            ("HttpEndpoint", &self.http_endpoint),
            ("HttpProtocolIpv6", &self.http_protocol_ipv6),
            ("HttpTokens", &self.http_tokens),
            ("InstanceMetadataTags", &self.instance_metadata_tags),
            ("State", &self.state),
        ];
        json.push('{');
        for (name, value) in members {
            if let Some(value) = value {
                member(json, name, value);
            }
        }
        if let Some(limit) = self.hop_limit {
            separate(json);
            // Writing to a string cannot fail.
            let _ = write!(json, "\"HttpPutResponseHopLimit\":{limit}");
        }
        json.push('}');
    }
}

/// Text that is empty is text that AWS does not report.
fn text<'a>(xml: &mut Cursor<'a>) -> Result<Text<'a>, XmlError> {
    xml.text().map(|text| (!text.is_empty()).then_some(text))
}

/// The text of one child; the others are passed over.
fn only<'a>(xml: &mut Cursor<'a>, wanted: &str) -> Result<Text<'a>, XmlError> {
    let mut found = None;
    while let Some(name) = xml.child()? {
        if name == wanted {
            found = text(xml)?;
        } else {
            xml.skip()?;
        }
    }
    Ok(found)
}

fn tags<'a>(xml: &mut Cursor<'a>) -> Result<Tags<'a>, XmlError> {
    let mut tags = Vec::new();
    while xml.child()?.is_some() {
        let (mut key, mut value) = (Cow::Borrowed(""), Cow::Borrowed(""));
        while let Some(name) = xml.child()? {
            match name {
                "key" => key = xml.text()?,
                "value" => value = xml.text()?,
                _ => xml.skip()?,
            }
        }
        tags.push((key, value));
    }
    Ok(tags)
}

fn milliseconds(text: &str) -> Option<i64> {
    text.trim().parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// Writes instances of one account and region as rows of `aws_ec2_instance`, with the texts that have to
/// be built in buffers that live from row to row.
#[derive(Debug)]
pub(crate) struct InstanceWriter<'a> {
    account_id: &'a str,
    region: &'a str,
    partition: &'static str,
    arn: String,
    options: String,
    tags: String,
}

impl<'a> InstanceWriter<'a> {
    pub(crate) fn new(account_id: &'a str, region: &'a str) -> Self {
        let partition = Partition::of_region(region).name();
        let (arn, options, tags) = (String::new(), String::new(), String::new());
        Self { account_id, region, partition, arn, options, tags }
    }

    pub(crate) fn write(&mut self, row: &InstanceRow<'_>, table: &mut TableBuilder) {
        self.build_texts(row);
        let none = MetadataOptions::default();
        let options = row.metadata_options.as_ref().unwrap_or(&none);
        let profile = row.iam_instance_profile_arn.as_deref();
        let cells: [Value<'_>; COLUMNS] = [
            Value::Text(Some(self.account_id)),
            Value::Text(Some(self.region)),
            Value::Text(Some(self.partition)),
            Value::Text(Some(&self.arn)),
            Value::Text(Some(&row.instance_id)),
            Value::Text(Some(row.name().unwrap_or(&row.instance_id))),
            Value::Text(row.name()),
            Value::Text(row.instance_state.as_deref()),
            Value::Text(row.instance_type.as_deref()),
            Value::Text(row.instance_lifecycle.as_deref()),
            Value::Text(row.image_id.as_deref()),
            Value::Text(row.platform.as_deref()),
            Value::Text(row.key_name.as_deref()),
            Value::Time(row.launch_time),
            Value::Text(row.availability_zone.as_deref()),
            Value::Text(row.vpc_id.as_deref()),
            Value::Text(row.subnet_id.as_deref()),
            Value::Text(row.private_ip_address.as_deref()),
            Value::Text(row.public_ip_address.as_deref()),
            Value::Text(row.public_dns_name.as_deref()),
            Value::Text(profile),
            Value::Text(profile.map(|arn| arn.rsplit('/').next().unwrap_or(arn))),
            Value::Text(options.http_tokens.as_deref()),
            Value::Text(options.http_endpoint.as_deref()),
            Value::Text(options.http_protocol_ipv6.as_deref()),
            Value::Text(options.instance_metadata_tags.as_deref()),
            Value::Integer(options.hop_limit),
            Value::Text(options.state.as_deref()),
            Value::Text(row.tag("aws:autoscaling:groupName")),
            Value::Text(row.tag("aws:ec2launchtemplate:id")),
            Value::Text(row.tag("aws:ec2launchtemplate:version")),
            Value::Text(row.metadata_options.is_some().then_some(&self.options)),
            Value::Text(Some(&self.tags)),
        ];
        table.push(&cells);
    }

    fn build_texts(&mut self, row: &InstanceRow<'_>) {
        self.arn.clear();
        let (partition, region, account) = (self.partition, self.region, self.account_id);
        // Writing to a string cannot fail.
        let _ =
            write!(self.arn, "arn:{partition}:ec2:{region}:{account}:instance/{}", row.instance_id);
        self.options.clear();
        if let Some(options) = &row.metadata_options {
            options.write_json(&mut self.options);
        }
        self.tags.clear();
        self.tags.push('{');
        for (key, value) in &row.tags {
            member(&mut self.tags, key, value);
        }
        self.tags.push('}');
    }
}

const COLUMNS: usize = AWS_EC2_INSTANCE.columns.len();

fn member(json: &mut String, name: &str, value: &str) {
    separate(json);
    quote(json, name);
    json.push(':');
    quote(json, value);
}

fn separate(json: &mut String) {
    if !json.ends_with('{') {
        json.push(',');
    }
}

/// A JSON string. Most texts need no escape and are copied at once.
fn quote(json: &mut String, text: &str) {
    let plain = |b: u8| b >= 0x20 && b != b'"' && b != b'\\';
    if text.bytes().all(plain) {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        json.push_str(&serde_json::Value::from(text).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The shape of the API reference's example, with elements that no version has, in another order.
    const PAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
 <requestId>8f7724cf</requestId><fromTheFuture><a><b/></a></fromTheFuture>
 <nextToken>abc==</nextToken>
 <reservationSet><item><instancesSet>
  <item><metadataOptions><newOption>x</newOption><state>pending</state><httpTokens>sometimes</httpTokens>
    <httpPutResponseHopLimit>2</httpPutResponseHopLimit></metadataOptions>
   <tagSet><item><value>a &amp; "b"&#10;</value><key>Name</key></item><item><key>empty</key><value/></item></tagSet>
   <instanceId>i-0abc</instanceId><launchTime>2019-06-01T00:00:00.000Z</launchTime>
   <instanceState><code>16</code><name>running</name></instanceState><dnsName/>
   <networkInterfaceSet><item><privateIpAddress>10.0.0.1</privateIpAddress></item></networkInterfaceSet>
   <iamInstanceProfile><id>A</id><arn>arn:aws:iam::111122223333:instance-profile/path/web</arn></iamInstanceProfile>
  </item>
  <item><instanceId>i-0def</instanceId></item>
 </instancesSet><reservationId>r-1</reservationId></item></reservationSet>
</DescribeInstancesResponse>"#;

    #[test]
    fn a_page_is_read_whatever_the_order_and_whatever_is_new() {
        let page = InstancePage::read(PAGE.as_bytes()).unwrap();
        assert_eq!(page.next_token.as_deref(), Some("abc=="));
        let [web, bare] = &page.rows[..] else { panic!("{:?}", page.rows) };
        let options = web.metadata_options.as_ref().unwrap();
        assert_eq!(options.http_tokens.as_deref(), Some("sometimes"));
        assert_eq!((options.hop_limit, options.http_endpoint.as_deref()), (Some(2), None));
        assert_eq!(web.name(), Some("a & \"b\"\n"));
        assert_eq!(web.private_ip_address, None);
        assert_eq!(web.launch_time, Some(1_559_347_200_000));
        assert_eq!((web.public_dns_name.as_deref(), &*bare.instance_id), (None, "i-0def"));
        assert_eq!(bare.metadata_options, None);
    }

    #[test]
    fn json_columns_are_json() {
        let page = InstancePage::read(PAGE.as_bytes()).unwrap();
        let mut writer = InstanceWriter::new("111122223333", "eu-west-1");
        writer.build_texts(&page.rows[0]);
        let tags: serde_json::Value = serde_json::from_str(&writer.tags).unwrap();
        assert_eq!(tags, serde_json::json!({"Name": "a & \"b\"\n", "empty": ""}));
        let options: serde_json::Value = serde_json::from_str(&writer.options).unwrap();
        let expected = serde_json::json!({"HttpTokens": "sometimes", "State": "pending", "HttpPutResponseHopLimit": 2});
        assert_eq!(options, expected);
        assert_eq!(writer.arn, "arn:aws:ec2:eu-west-1:111122223333:instance/i-0abc");
    }

    #[test]
    fn a_page_cut_short_is_no_page() {
        for length in 0..PAGE.trim_end().len() {
            assert!(InstancePage::read(&PAGE.as_bytes()[..length]).is_err(), "cut at {length}");
        }
    }
}
