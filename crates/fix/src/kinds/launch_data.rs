//! What a launch configuration says, as the data of a launch template; and the same read back from a template, to compare.
//!
//! Both are lists of settings by EC2's names of requests. A configuration that says anything that is not carried over is refused:
//! a template that launches something else is worse than none.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::text;

/// Settings of a launch template by EC2's names of requests (`BlockDeviceMapping.1.Ebs.VolumeSize`).
pub(crate) type Data = BTreeMap<String, String>;

/// Settings that stand in both alike: in a configuration's answer, in requests for a template, in a template's answer.
const SAME: [(&str, &str, &str); 9] = [
    ("ImageId", "ImageId", "imageId"),
    ("InstanceType", "InstanceType", "instanceType"),
    ("KeyName", "KeyName", "keyName"),
    ("UserData", "UserData", "userData"),
    ("KernelId", "KernelId", "kernelId"),
    ("RamdiskId", "RamDiskId", "ramDiskId"),
    ("InstanceMonitoring/Enabled", "Monitoring.Enabled", "monitoring/enabled"),
    ("PlacementTenancy", "Placement.Tenancy", "placement/tenancy"),
    (
        "SpotPrice",
        "InstanceMarketOptions.SpotOptions.MaxPrice",
        "instanceMarketOptions/spotOptions/maxPrice",
    ),
];
/// Settings of an answer's template that a configuration has elsewhere.
const OF_TEMPLATE: [(&str, &str); 5] = [
    ("IamInstanceProfile.Arn", "iamInstanceProfile/arn"),
    ("IamInstanceProfile.Name", "iamInstanceProfile/name"),
    ("EbsOptimized", "ebsOptimized"),
    ("InstanceMarketOptions.MarketType", "instanceMarketOptions/marketType"),
    ("NetworkInterface.1.DeviceIndex", "networkInterfaceSet/0/deviceIndex"),
];
const PUBLIC: (&str, &str) = (
    "NetworkInterface.1.AssociatePublicIpAddress",
    "networkInterfaceSet/0/associatePublicIpAddress",
);
/// A volume's settings, in a configuration and requests, and in a template's answer.
const VOLUME: [(&str, &str); 7] = [
    ("SnapshotId", "snapshotId"),
    ("VolumeSize", "volumeSize"),
    ("VolumeType", "volumeType"),
    ("DeleteOnTermination", "deleteOnTermination"),
    ("Encrypted", "encrypted"),
    ("Iops", "iops"),
    ("Throughput", "throughput"),
];
const OPTIONS: [(&str, &str); 5] = [
    ("HttpTokens", "httpTokens"),
    ("HttpPutResponseHopLimit", "httpPutResponseHopLimit"),
    ("HttpEndpoint", "httpEndpoint"),
    ("HttpProtocolIpv6", "httpProtocolIpv6"),
    ("InstanceMetadataTags", "instanceMetadataTags"),
];
/// Members of a configuration that are carried over, or that say nothing of a launch.
const KNOWN: [&str; 18] = [
    "LaunchConfigurationName",
    "LaunchConfigurationARN",
    "CreatedTime",
    "MetadataOptions",
    "ImageId",
    "InstanceType",
    "KeyName",
    "UserData",
    "KernelId",
    "RamdiskId",
    "InstanceMonitoring",
    "PlacementTenancy",
    "SpotPrice",
    "IamInstanceProfile",
    "EbsOptimized",
    "AssociatePublicIpAddress",
    "SecurityGroups",
    "BlockDeviceMappings",
];

/// The settings of a template that launches what a configuration does, with these metadata options; or what stands in the way.
pub(crate) fn of_configuration(
    configuration: &Value,
    options: &Map<String, Value>,
) -> Result<Data, String> {
    let members = configuration.as_object().into_iter().flatten();
    for (name, value) in members {
        if !is_silent(value) && !KNOWN.contains(&name.as_str()) {
            return Err(format!("it sets {name}, which is not carried over to a template"));
        }
    }
    let mut data = Data::new();
    for (member, name, _) in SAME {
        if let Some(value) = text(configuration, &format!("/{member}")) {
            data.insert(name.to_owned(), value.to_owned());
        }
    }
    if let Some(profile) = text(configuration, "/IamInstanceProfile") {
        let by = if profile.starts_with("arn:") { "Arn" } else { "Name" };
        data.insert(format!("IamInstanceProfile.{by}"), profile.to_owned());
    }
    if text(configuration, "/EbsOptimized") == Some("true") {
        data.insert("EbsOptimized".to_owned(), "true".to_owned());
    }
    if data.contains_key("InstanceMarketOptions.SpotOptions.MaxPrice") {
        data.insert("InstanceMarketOptions.MarketType".to_owned(), "spot".to_owned());
    }
    network(configuration, &mut data)?;
    for (device, number) in items(configuration, "/BlockDeviceMappings").zip(1..) {
        let place = format!("BlockDeviceMapping.{number}");
        for name in ["DeviceName", "VirtualName"] {
            insert(&mut data, format!("{place}.{name}"), text(device, &format!("/{name}")));
        }
        if text(device, "/NoDevice") == Some("true") {
            // EC2 takes it as a text that is empty.
            data.insert(format!("{place}.NoDevice"), String::new());
        }
        for (name, _) in VOLUME {
            insert(&mut data, format!("{place}.Ebs.{name}"), text(device, &format!("/Ebs/{name}")));
        }
    }
    for (name, value) in options {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        data.insert(format!("MetadataOptions.{name}"), value);
    }
    Ok(data)
}

/// Security groups and the public address: with the latter they belong to the network interface.
fn network(configuration: &Value, data: &mut Data) -> Result<(), String> {
    let groups: Vec<&str> =
        items(configuration, "/SecurityGroups").filter_map(Value::as_str).collect();
    let by_id = groups.iter().all(|group| group.starts_with("sg-"));
    if !by_id && groups.iter().any(|group| group.starts_with("sg-")) {
        return Err("it names security groups by id and by name".to_owned());
    }
    let list = match text(configuration, "/AssociatePublicIpAddress") {
        Some(_) if !by_id => {
            return Err(
                "it names security groups by name, and a network interface takes ids".to_owned()
            );
        }
        Some(public) => {
            data.insert("NetworkInterface.1.DeviceIndex".to_owned(), "0".to_owned());
            data.insert(PUBLIC.0.to_owned(), public.to_owned());
            "NetworkInterface.1.SecurityGroupId"
        }
        None if by_id => "SecurityGroupId",
        None => "SecurityGroup",
    };
    for (group, number) in groups.iter().zip(1..) {
        data.insert(format!("{list}.{number}"), (*group).to_owned());
    }
    Ok(())
}

/// The settings of a template's version as AWS shows them (`launchTemplateData`).
pub(crate) fn of_template(shown: &Value) -> Data {
    let mut data = Data::new();
    let plain = SAME.iter().map(|(_, name, path)| (*name, *path));
    for (name, path) in plain.chain(OF_TEMPLATE).chain([PUBLIC]) {
        insert(&mut data, name.to_owned(), text(shown, &format!("/{path}")));
    }
    let lists = [
        ("SecurityGroupId", "/securityGroupIdSet"),
        ("SecurityGroup", "/securityGroupSet"),
        ("NetworkInterface.1.SecurityGroupId", "/networkInterfaceSet/0/groupSet/groupId"),
        ("NetworkInterface.1.SecurityGroupId", "/networkInterfaceSet/0/groupSet"),
    ];
    for (name, path) in lists {
        for (group, number) in items(shown, path).zip(1..) {
            insert(&mut data, format!("{name}.{number}"), group.as_str());
        }
        // A list of one whose items have a name of their own.
        insert(&mut data, format!("{name}.1"), text(shown, path));
    }
    for (device, number) in items(shown, "/blockDeviceMappingSet").zip(1..) {
        let place = format!("BlockDeviceMapping.{number}");
        for (name, member) in [("DeviceName", "deviceName"), ("VirtualName", "virtualName")] {
            insert(&mut data, format!("{place}.{name}"), text(device, &format!("/{member}")));
        }
        if device.get("noDevice").is_some() {
            data.insert(format!("{place}.NoDevice"), String::new());
        }
        for (name, member) in VOLUME {
            let value = text(device, &format!("/ebs/{member}"));
            insert(&mut data, format!("{place}.Ebs.{name}"), value);
        }
    }
    for (name, member) in OPTIONS {
        let value = text(shown, &format!("/metadataOptions/{member}"));
        insert(&mut data, format!("MetadataOptions.{name}"), value);
    }
    data
}

/// The first setting in which two differ.
pub(crate) fn difference<'a>(wanted: &'a Data, found: &'a Data) -> Option<&'a str> {
    let names = wanted.keys().chain(found.keys());
    names.map(String::as_str).find(|name| wanted.get(*name) != found.get(*name))
}

fn insert(data: &mut Data, name: String, value: Option<&str>) {
    if let Some(value) = value {
        data.insert(name, value.to_owned());
    }
}

fn items<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(path).and_then(Value::as_array).into_iter().flatten()
}

fn is_silent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn options() -> Map<String, Value> {
        json!({"HttpTokens": "required", "HttpPutResponseHopLimit": 2}).as_object().unwrap().clone()
    }

    #[test]
    fn everything_is_carried_over_and_found_again() {
        let configuration = json!({
            "LaunchConfigurationName": "lc", "LaunchConfigurationARN": "arn", "CreatedTime": "2019",
            "ImageId": "ami-1", "InstanceType": "m5.large", "KeyName": "k", "UserData": "YQ==",
            "KernelId": null, "RamdiskId": null, "ClassicLinkVPCSecurityGroups": [], "SpotPrice": "0.1",
            "IamInstanceProfile": "arn:aws:iam::111122223333:instance-profile/web", "EbsOptimized": "true",
            "InstanceMonitoring": {"Enabled": "false"}, "PlacementTenancy": "default",
            "AssociatePublicIpAddress": "true", "SecurityGroups": ["sg-1", "sg-2"],
            "BlockDeviceMappings": [
                {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": "9", "VolumeType": "gp3", "Encrypted": "true"}},
                {"DeviceName": "/dev/xvdb", "NoDevice": "true"}, {"DeviceName": "/dev/xvdc", "VirtualName": "ephemeral0"}],
            "MetadataOptions": {"HttpTokens": "optional"}
        });
        let data = of_configuration(&configuration, &options()).unwrap();
        let shown = json!({
            "imageId": "ami-1", "instanceType": "m5.large", "keyName": "k", "userData": "YQ==",
            "iamInstanceProfile": {"arn": "arn:aws:iam::111122223333:instance-profile/web"}, "ebsOptimized": "true",
            "monitoring": {"enabled": "false"}, "placement": {"tenancy": "default"},
            "instanceMarketOptions": {"marketType": "spot", "spotOptions": {"maxPrice": "0.1"}},
            "networkInterfaceSet": [{"deviceIndex": "0", "associatePublicIpAddress": "true",
                "groupSet": {"groupId": ["sg-1", "sg-2"]}}],
            "blockDeviceMappingSet": [
                {"deviceName": "/dev/xvda", "ebs": {"volumeSize": "9", "volumeType": "gp3", "encrypted": "true"}},
                {"deviceName": "/dev/xvdb", "noDevice": null}, {"deviceName": "/dev/xvdc", "virtualName": "ephemeral0"}],
            "metadataOptions": {"state": "applied", "httpTokens": "required", "httpPutResponseHopLimit": "2"}
        });
        assert_eq!(of_template(&shown), data);
        assert_eq!(difference(&data, &of_template(&shown)), None);
        let mut other = shown;
        other["keyName"] = "other".into();
        assert_eq!(difference(&data, &of_template(&other)), Some("KeyName"));
        other["networkInterfaceSet"][0]["groupSet"] = json!({"groupId": "sg-1"});
        assert!(difference(&data, &of_template(&other)).is_some());
    }

    #[test]
    fn what_cannot_be_carried_over_is_refused() {
        let of = |configuration: Value| of_configuration(&configuration, &options());
        assert!(of(json!({"ClassicLinkVPCId": "vpc-1"})).is_err());
        assert!(of(json!({"SecurityGroups": ["sg-1", "default"]})).is_err());
        assert!(
            of(json!({"SecurityGroups": ["web"], "AssociatePublicIpAddress": "true"})).is_err()
        );
        let by_name = of(json!({"SecurityGroups": ["web"], "ClassicLinkVPCId": null})).unwrap();
        assert_eq!(by_name.get("SecurityGroup.1").map(String::as_str), Some("web"));
        let by_id = of(json!({"SecurityGroups": ["sg-1"], "IamInstanceProfile": "web"})).unwrap();
        assert_eq!(by_id.get("SecurityGroupId.1").map(String::as_str), Some("sg-1"));
        assert_eq!(by_id.get("IamInstanceProfile.Name").map(String::as_str), Some("web"));
    }
}
