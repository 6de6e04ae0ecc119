//! Launch configurations: `DescribeLaunchConfigurations`, `CreateLaunchConfiguration`, `DeleteLaunchConfiguration`.

use serde_json::{Map, Value};

use super::page::Page;
use super::{Call, answer, empty_answer, invalid, required, write_time};
use crate::error::ApiError;
use crate::hash;
use crate::world::configuration::Configuration;
use crate::world::group::Source;
use crate::world::launch::Wish;
use crate::world::launching::machine;
use crate::world::options::switch;
use crate::world::owner;
use crate::xml::Xml;

/// Parameters of `DescribeLaunchConfigurations`.
pub(crate) const DESCRIBE: &[&str] =
    &["LaunchConfigurationNames.member.N", "MaxRecords", "NextToken"];
/// Parameters of `DeleteLaunchConfiguration`.
pub(crate) const DELETE: &[&str] = &["LaunchConfigurationName"];
/// Parameters of `CreateLaunchConfiguration`.
pub(crate) const CREATE: &[&str] = &[
    "LaunchConfigurationName",
    "ImageId",
    "InstanceType",
    "IamInstanceProfile",
    "KeyName",
    "SecurityGroups.member.N",
    "UserData",
    "KernelId",
    "RamdiskId",
    "SpotPrice",
    "EbsOptimized",
    "AssociatePublicIpAddress",
    "PlacementTenancy",
    "InstanceMonitoring.Enabled",
    "BlockDeviceMappings.member.N.DeviceName",
    "BlockDeviceMappings.member.N.VirtualName",
    "BlockDeviceMappings.member.N.NoDevice",
    "BlockDeviceMappings.member.N.Ebs.SnapshotId",
    "BlockDeviceMappings.member.N.Ebs.VolumeSize",
    "BlockDeviceMappings.member.N.Ebs.VolumeType",
    "BlockDeviceMappings.member.N.Ebs.DeleteOnTermination",
    "BlockDeviceMappings.member.N.Ebs.Encrypted",
    "BlockDeviceMappings.member.N.Ebs.Iops",
    "BlockDeviceMappings.member.N.Ebs.Throughput",
    "MetadataOptions.HttpTokens",
    "MetadataOptions.HttpPutResponseHopLimit",
    "MetadataOptions.HttpEndpoint",
];

/// `DescribeLaunchConfigurations`: all, or those named; names that nobody has are left out.
pub(crate) fn describe_launch_configurations(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let named = call.parameters.list("LaunchConfigurationNames.member");
    let page = Page::usual(call, "DescribeLaunchConfigurations", &format!("{named:?}"))?;
    let stock = call.stock()?;
    Ok(answer(call, "DescribeLaunchConfigurations", |xml| {
        page.write(call, xml, "LaunchConfigurations", stock.configurations(), |xml, index| {
            let configuration = stock.configuration(index);
            let is_named = named.is_empty() || named.contains(&configuration.name.as_str());
            let wanted = is_named && !stock.is_deleted_configuration(index);
            if wanted {
                write(xml, call, &configuration);
            }
            wanted
        });
    }))
}

/// `CreateLaunchConfiguration`.
pub(crate) fn create_launch_configuration(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let name = required(call, "LaunchConfigurationName")?;
    let image = required(call, "ImageId")?;
    let instance_type = required(call, "InstanceType")?;
    if machine(instance_type).is_none() {
        return Err(invalid(format!("Invalid instance type: {instance_type}")));
    }
    let metadata = metadata(call)?;
    let mut stock = call.stock()?;
    if stock.find_configuration(name).is_some() {
        let text = format!(
            "Launch Configuration by this name already exists - A launch configuration already exists with the name {name}"
        );
        return Err(ApiError::new(400, "AlreadyExists", text));
    }
    let key = hash::join(hash::join(stock.seed.key, hash::text(name)), stock.configurations());
    stock.add_configuration(Configuration {
        name: name.to_owned(),
        key,
        image: image.to_owned(),
        instance_type: instance_type.to_owned(),
        profile: call.parameters.get("IamInstanceProfile").map(str::to_owned),
        metadata: (!metadata.is_empty()).then_some(metadata),
        created: call.now,
        more: more(call),
    });
    Ok(empty_answer(call, "CreateLaunchConfiguration"))
}

/// `DeleteLaunchConfiguration`: one that no group launches from.
pub(crate) fn delete_launch_configuration(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let name = required(call, "LaunchConfigurationName")?;
    let mut stock = call.stock()?;
    let Some((index, _)) = stock.find_configuration(name) else {
        return Err(invalid(format!(
            "Launch configuration name not found - Launch configuration {name} not found"
        )));
    };
    for group in 0..stock.groups() {
        let group = stock.group(group);
        if !group.is_deleted && group.source == Source::Configuration(name.to_owned()) {
            let text = format!(
                "Cannot delete launch configuration {name} because it is attached to AutoScalingGroup {}",
                group.name
            );
            return Err(ApiError::new(400, "ResourceInUse", text));
        }
    }
    stock.delete_configuration(index);
    Ok(empty_answer(call, "DeleteLaunchConfiguration"))
}

/// Settings that are shown as they were given, and what an answer says where nobody gave them.
const MORE: [(&str, &str); 12] = [
    ("KeyName", ""),
    ("SecurityGroups", ""),
    ("ClassicLinkVPCSecurityGroups", ""),
    ("UserData", ""),
    ("KernelId", ""),
    ("RamdiskId", ""),
    ("BlockDeviceMappings", ""),
    ("InstanceMonitoring", "<Enabled>true</Enabled>"),
    ("EbsOptimized", "false"),
    ("SpotPrice", ""),
    ("AssociatePublicIpAddress", ""),
    ("PlacementTenancy", ""),
];

fn more(call: &Call<'_>) -> Map<String, Value> {
    let Value::Object(mut given) = call.parameters.document() else { return Map::new() };
    given.retain(|name, _| MORE.iter().any(|(known, _)| known == name));
    given
}

fn write_value(xml: &mut Xml, value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                xml.put(&["<", name, ">"]);
                write_value(xml, value);
                xml.put(&["</", name, ">"]);
            }
        }
        Value::Array(items) => {
            for item in items {
                xml.put(&["<member>"]);
                write_value(xml, item);
                xml.put(&["</member>"]);
            }
        }
        other => drop(xml.escaped(other.as_str().unwrap_or_default())),
    }
}

fn metadata(call: &Call<'_>) -> Result<Wish, ApiError> {
    let get = |name: &str| call.parameters.get(&format!("MetadataOptions.{name}"));
    let choice = |name: &str, words: [&str; 2]| match get(name) {
        None => Ok(None),
        Some(text) if words.contains(&text) => Ok(Some(text == words[1])),
        Some(text) => Err(invalid(format!(
            "1 validation error detected: Value '{text}' at 'metadataOptions.{name}' failed to satisfy constraint: \
             Member must satisfy enum value set: [{}, {}]",
            words[0], words[1]
        ))),
    };
    let hop_limit = match get("HttpPutResponseHopLimit").map(str::parse) {
        None => None,
        Some(Ok(hops @ 1..=64)) => Some(hops),
        Some(_) => return Err(invalid("HttpPutResponseHopLimit must be a number from 1 to 64")),
    };
    Ok(Wish {
        tokens: choice("HttpTokens", ["optional", "required"])?,
        hop_limit,
        endpoint: choice("HttpEndpoint", ["disabled", "enabled"])?,
        ..Wish::default()
    })
}

fn write(xml: &mut Xml, call: &Call<'_>, configuration: &Configuration) {
    let name = &configuration.name;
    xml.put(&["<member>"]).element("LaunchConfigurationName", name);
    let uuid = owner::uuid(configuration.key);
    let (region, account) = (call.region, &call.account.id);
    let arn = format!(
        "arn:aws:autoscaling:{region}:{account}:launchConfiguration:{uuid}:launchConfigurationName/{name}"
    );
    xml.element("LaunchConfigurationARN", &arn);
    xml.element("ImageId", &configuration.image);
    xml.element("InstanceType", &configuration.instance_type);
    for (name, otherwise) in MORE {
        xml.put(&["<", name, ">"]);
        match configuration.more.get(name) {
            Some(value) => write_value(xml, value),
            None => drop(xml.put(&[otherwise])),
        }
        xml.put(&["</", name, ">"]);
    }
    if let Some(profile) = &configuration.profile {
        xml.element("IamInstanceProfile", profile);
    }
    write_time(xml, "CreatedTime", configuration.created);
    if let Some(wish) = configuration.metadata {
        xml.put(&["<MetadataOptions>"]);
        if let Some(required) = wish.tokens {
            xml.element("HttpTokens", if required { "required" } else { "optional" });
        }
        if let Some(hops) = wish.hop_limit {
            xml.element("HttpPutResponseHopLimit", &hops.to_string());
        }
        if let Some(on) = wish.endpoint {
            xml.element("HttpEndpoint", switch(on));
        }
        xml.put(&["</MetadataOptions>"]);
    }
    xml.put(&["</member>"]);
}
