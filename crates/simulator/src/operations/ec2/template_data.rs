//! `LaunchTemplateData`: from the parameters of a request to what is kept, and from there to XML.

use super::metadata;
use crate::error::ApiError;
use crate::request::{Parameters, spelled_with_n};
use crate::world::template::TemplateData;
use crate::xml::Xml;

/// Settings of a launch template besides image, type and metadata options: as requests spell them, and as answers nest them. A star marks the items of
/// a list, one for each `N`.
const SETTINGS: &[(&str, &str)] = &[
    ("EbsOptimized", "ebsOptimized"),
    ("IamInstanceProfile.Arn", "iamInstanceProfile.arn"),
    ("IamInstanceProfile.Name", "iamInstanceProfile.name"),
    ("KeyName", "keyName"),
    ("UserData", "userData"),
    ("Monitoring.Enabled", "monitoring.enabled"),
    ("DisableApiStop", "disableApiStop"),
    ("DisableApiTermination", "disableApiTermination"),
    ("InstanceInitiatedShutdownBehavior", "instanceInitiatedShutdownBehavior"),
    ("InstanceMarketOptions.MarketType", "instanceMarketOptions.marketType"),
    ("InstanceMarketOptions.SpotOptions.MaxPrice", "instanceMarketOptions.spotOptions.maxPrice"),
    ("KernelId", "kernelId"),
    ("RamDiskId", "ramDiskId"),
    ("Placement.AvailabilityZone", "placement.availabilityZone"),
    ("Placement.Tenancy", "placement.tenancy"),
    ("CreditSpecification.CpuCredits", "creditSpecification.cpuCredits"),
    ("SecurityGroupId.N", "securityGroupIdSet.item*"),
    ("SecurityGroup.N", "securityGroupSet.item*"),
    ("TagSpecification.N.ResourceType", "tagSpecificationSet.item*.resourceType"),
    ("TagSpecification.N.Tag.N.Key", "tagSpecificationSet.item*.tagSet.item*.key"),
    ("TagSpecification.N.Tag.N.Value", "tagSpecificationSet.item*.tagSet.item*.value"),
    ("BlockDeviceMapping.N.DeviceName", "blockDeviceMappingSet.item*.deviceName"),
    ("BlockDeviceMapping.N.VirtualName", "blockDeviceMappingSet.item*.virtualName"),
    ("BlockDeviceMapping.N.NoDevice", "blockDeviceMappingSet.item*.noDevice"),
    ("BlockDeviceMapping.N.Ebs.SnapshotId", "blockDeviceMappingSet.item*.ebs.snapshotId"),
    ("BlockDeviceMapping.N.Ebs.Iops", "blockDeviceMappingSet.item*.ebs.iops"),
    ("BlockDeviceMapping.N.Ebs.Throughput", "blockDeviceMappingSet.item*.ebs.throughput"),
    (
        "BlockDeviceMapping.N.Ebs.DeleteOnTermination",
        "blockDeviceMappingSet.item*.ebs.deleteOnTermination",
    ),
    ("BlockDeviceMapping.N.Ebs.Encrypted", "blockDeviceMappingSet.item*.ebs.encrypted"),
    ("BlockDeviceMapping.N.Ebs.VolumeSize", "blockDeviceMappingSet.item*.ebs.volumeSize"),
    ("BlockDeviceMapping.N.Ebs.VolumeType", "blockDeviceMappingSet.item*.ebs.volumeType"),
    (
        "NetworkInterface.N.AssociatePublicIpAddress",
        "networkInterfaceSet.item*.associatePublicIpAddress",
    ),
    ("NetworkInterface.N.DeviceIndex", "networkInterfaceSet.item*.deviceIndex"),
    ("NetworkInterface.N.SecurityGroupId.N", "networkInterfaceSet.item*.groupSet.groupId*"),
    ("NetworkInterface.N.SubnetId", "networkInterfaceSet.item*.subnetId"),
];

/// The members of the data that stand for themselves.
const IMAGE: &str = "ImageId";
const TYPE: &str = "InstanceType";
const METADATA: &str = "MetadataOptions.";

/// Reads the data of a request.
pub(super) fn read(parameters: &Parameters) -> Result<TemplateData, ApiError> {
    let mut data = TemplateData::default();
    let mut given = false;
    for (name, value) in parameters.below("LaunchTemplateData.") {
        given = true;
        let own = |text: &str| Some(text.to_owned());
        match name {
            IMAGE => data.image = own(value),
            TYPE => data.instance_type = own(value),
            _ if name.starts_with(METADATA) => {}
            _ if setting(name).is_some() => data.more.push((name.to_owned(), value.to_owned())),
            _ => {
                let text = format!("The parameter LaunchTemplateData.{name} is not recognized");
                return Err(ApiError::new(400, "UnknownParameter", text));
            }
        }
    }
    if !given {
        let text = "The request must contain the parameter LaunchTemplateData";
        return Err(ApiError::new(400, "MissingParameter", text));
    }
    let wish = metadata::read(parameters, "LaunchTemplateData.MetadataOptions.")?;
    data.metadata = (!wish.is_empty()).then_some(wish);
    Ok(data)
}

/// The data of a new version made from an older one: each member that is given replaces the older one as a whole, as `CreateLaunchTemplateVersion` does.
pub(super) fn inherit(older: &TemplateData, given: TemplateData) -> TemplateData {
    let member = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let replaced: Vec<String> = given.more.iter().map(|(name, _)| member(name)).collect();
    let kept = older.more.iter().filter(|(name, _)| !replaced.contains(&member(name))).cloned();
    TemplateData {
        image: given.image.or_else(|| older.image.clone()),
        instance_type: given.instance_type.or_else(|| older.instance_type.clone()),
        metadata: given.metadata.or(older.metadata),
        more: kept.chain(given.more.iter().cloned()).collect(),
    }
}

/// Writes the data: only what was set.
pub(super) fn write(xml: &mut Xml, data: &TemplateData) {
    xml.put(&["<launchTemplateData>"]);
    if let Some(image) = &data.image {
        xml.element("imageId", image);
    }
    if let Some(name) = &data.instance_type {
        xml.element("instanceType", name);
    }
    if let Some(wish) = data.metadata {
        xml.put(&["<metadataOptions><state>applied</state>"]);
        metadata::write_wish(xml, wish);
        xml.put(&["</metadataOptions>"]);
    }
    write_settings(xml, &data.more);
    xml.put(&["</launchTemplateData>"]);
}

fn setting(name: &str) -> Option<&'static str> {
    let spelled = spelled_with_n(name);
    SETTINGS.iter().find(|(request, _)| *request == spelled).map(|(_, answer)| *answer)
}

/// An element on the way to a value, and its number if it is an item of a list.
type Step = (&'static str, u32);

/// The elements around a setting's value.
fn path(name: &str) -> Option<Vec<Step>> {
    let mut numbers = name.split('.').filter_map(|part| part.parse().ok());
    let step = |part: &'static str| match part.strip_suffix('*') {
        Some(item) => Some((item, numbers.next()?)),
        None => Some((part, 0)),
    };
    setting(name)?.split('.').map(step).collect()
}

fn write_settings(xml: &mut Xml, settings: &[(String, String)]) {
    let mut paths: Vec<(Vec<Step>, &str)> =
        settings.iter().filter_map(|(name, value)| Some((path(name)?, value.as_str()))).collect();
    paths.sort();
    let mut open: Vec<Step> = Vec::new();
    for (path, value) in paths {
        let common = open.iter().zip(&path).take_while(|(left, right)| left == right).count();
        close(xml, &mut open, common);
        for step in path.into_iter().skip(common) {
            xml.put(&["<", step.0, ">"]);
            open.push(step);
        }
        xml.escaped(value);
    }
    close(xml, &mut open, 0);
}

fn close(xml: &mut Xml, open: &mut Vec<Step>, keep: usize) {
    while open.len() > keep {
        if let Some((name, _)) = open.pop() {
            xml.put(&["</", name, ">"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::launch::Wish;

    fn data(form: &str) -> TemplateData {
        read(&Parameters::of(form)).unwrap()
    }

    #[test]
    fn settings_nest_as_answers_do() {
        let data = data(
            "LaunchTemplateData.TagSpecification.1.ResourceType=instance\
             &LaunchTemplateData.TagSpecification.1.Tag.1.Key=a&LaunchTemplateData.TagSpecification.1.Tag.1.Value=1\
             &LaunchTemplateData.TagSpecification.1.Tag.2.Key=b&LaunchTemplateData.KeyName=k",
        );
        let mut xml = Xml::with_capacity(0);
        write(&mut xml, &data);
        assert_eq!(
            String::from_utf8(xml.into_bytes()).unwrap(),
            "<launchTemplateData><keyName>k</keyName><tagSpecificationSet><item><resourceType>instance</resourceType>\
             <tagSet><item><key>a</key><value>1</value></item><item><key>b</key></item></tagSet></item></tagSpecificationSet>\
             </launchTemplateData>"
        );
    }

    #[test]
    fn given_members_replace_older_ones_as_a_whole() {
        let older = data(
            "LaunchTemplateData.ImageId=ami-1&LaunchTemplateData.SecurityGroupId.1=a&LaunchTemplateData.SecurityGroupId.2=b\
             &LaunchTemplateData.MetadataOptions.HttpTokens=optional&LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit=3",
        );
        let given = data(
            "LaunchTemplateData.SecurityGroupId.1=c&LaunchTemplateData.MetadataOptions.HttpTokens=required",
        );
        let made = inherit(&older, given);
        assert_eq!(made.image.as_deref(), Some("ami-1"));
        assert_eq!(made.more, [("SecurityGroupId.1".to_owned(), "c".to_owned())]);
        // The hop limit of the older version is gone with its metadata options.
        assert_eq!(made.metadata, Some(Wish::tokens(true)));
    }

    #[test]
    fn what_is_unknown_or_missing_is_refused() {
        let code = |form| read(&Parameters::of(form)).unwrap_err().code;
        assert_eq!(code("LaunchTemplateData.Colour=red"), "UnknownParameter");
        assert_eq!(code(""), "MissingParameter");
        assert_eq!(
            code("LaunchTemplateData.MetadataOptions.HttpTokens=perhaps"),
            "InvalidParameterValue"
        );
    }
}
