//! `RunInstances`, and how EC2 words the refusal of a launch.

use super::instances::INSTANCE_BYTES;
use super::render::Scene;
use super::templates::{named_by, no_version, number_of};
use super::{Call, given_tags, images, metadata, missing, open_answer, stop_dry_run};
use crate::error::ApiError;
use crate::world::ids::{self, Parsed};
use crate::world::instance::{Instance, subnet_id};
use crate::world::launching::{Order, Refusal, profile, template_tags};
use crate::world::stock::Stock;

const ACTION: &str = "RunInstances";

/// Parameters of `RunInstances`.
pub(crate) const PARAMETERS: &[&str] = &[
    "DryRun",
    "ClientToken",
    "ImageId",
    "InstanceType",
    "MinCount",
    "MaxCount",
    "SubnetId",
    "IamInstanceProfile.Arn",
    "IamInstanceProfile.Name",
    "InstanceMarketOptions.MarketType",
    "LaunchTemplate.LaunchTemplateId",
    "LaunchTemplate.LaunchTemplateName",
    "LaunchTemplate.Version",
    "MetadataOptions.*",
    "TagSpecification.N.ResourceType",
    "TagSpecification.N.Tag.N.Key",
    "TagSpecification.N.Tag.N.Value",
];

/// Instances that one call may launch; AWS's own limit is the account's quota.
const MOST: u64 = 1_000;

/// What AWS says while `HttpTokensEnforced` is enabled, about a launch as about a change of options (EC2 User Guide, both pages' troubleshooting).
pub(super) const ENFORCED: &str = "You can't launch instances with IMDSv1 because httpTokensEnforced is enabled for this account. \
    Either launch the instance with httpTokens=required or contact your account owner to disable httpTokensEnforced \
    using the ModifyInstanceMetadataDefaults API or the account settings in the EC2 console.";

/// `RunInstances`: as many as `MaxCount` says; what the call names wins over the template, each metadata option by itself.
pub(crate) fn run_instances(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let mut stock = call.stock()?;
    let token = call.parameters.get("ClientToken");
    if let Some(made) = stock.made_before(ACTION, token) {
        let made: Vec<Instance> = made.into_iter().map(|index| stock.instance(index)).collect();
        return Ok(show(call, &made));
    }
    let order = order(call, &stock)?;
    let (least, most) = (count(call, "MinCount")?, count(call, "MaxCount")?);
    if least > most {
        let text = format!(
            "Value ( {least} ) for parameter minCount is invalid. Expecting a value of at most maxCount."
        );
        return Err(ApiError::invalid_value(text));
    }
    stock.check(&order).map_err(|refusal| refused(&refusal))?;
    stop_dry_run(call)?;
    let launched = stock.launch(&order, most).map_err(|refusal| refused(&refusal))?;
    stock.remember(ACTION, token, launched.iter().map(|instance| instance.index).collect());
    Ok(show(call, &launched))
}

fn show(call: &Call<'_>, launched: &[Instance]) -> Vec<u8> {
    let mut xml = open_answer(call, "RunInstances", launched.len() * INSTANCE_BYTES);
    let mut scene = Scene::new(call.account, call.region, &mut xml);
    scene.launched(launched);
    xml.put(&["</RunInstancesResponse>"]);
    xml.into_bytes()
}

pub(super) fn order(call: &Call<'_>, stock: &Stock<'_>) -> Result<Order, ApiError> {
    let parameters = &call.parameters;
    let get = |name: &str| parameters.get(name).map(str::to_owned);
    let (id, name) = (
        parameters.get("LaunchTemplate.LaunchTemplateId"),
        parameters.get("LaunchTemplate.LaunchTemplateName"),
    );
    let mut order = Order::default();
    if id.is_some() || name.is_some() {
        let (_, template) = named_by(stock, id, name)?;
        let wanted = parameters.get("LaunchTemplate.Version").unwrap_or("$Default");
        let number = number_of(&template, wanted)?;
        let version = template.version(number).ok_or_else(|| no_version(&template, number))?;
        order = Order::of_template(&template, number, &version.data);
    }
    order.image = get("ImageId").or(order.image);
    order.instance_type = get("InstanceType").or(order.instance_type);
    order.wish = metadata::read(parameters, "MetadataOptions.")?.or(order.wish);
    order.spot |= parameters.get("InstanceMarketOptions.MarketType") == Some("spot");
    let profile = profile(
        parameters.get("IamInstanceProfile.Name"),
        parameters.get("IamInstanceProfile.Arn"),
    );
    order.profile = profile.or(order.profile);
    if let Some(id) = parameters.get("SubnetId") {
        (order.network, order.zone) = subnet(stock, id)?;
    }
    order.tags.extend(template_tags(order.from));
    for (key, value) in given_tags(parameters, "instance") {
        order.tags.retain(|(known, _)| *known != key);
        order.tags.push((key, value));
    }
    Ok(order)
}

/// The network and the zone of a subnet.
fn subnet(stock: &Stock<'_>, id: &str) -> Result<(u64, u64), ApiError> {
    let is_it = |(network, zone): &(u64, u64)| {
        ids::parse("subnet-", id) == Parsed::Id(subnet_id(stock.seed.key, *network, *zone))
    };
    (0..2).flat_map(|network| (0..3).map(move |zone| (network, zone))).find(is_it).ok_or_else(
        || {
            let text = format!("The subnet ID '{id}' does not exist");
            ApiError::new(400, "InvalidSubnetID.NotFound", text)
        },
    )
}

fn count(call: &Call<'_>, name: &str) -> Result<u64, ApiError> {
    let text = call.parameters.get(name).ok_or_else(|| missing(name))?;
    text.parse().ok().filter(|count| (1..=MOST).contains(count)).ok_or_else(|| {
        ApiError::invalid_value(format!(
            "Value ( {text} ) for parameter {name} is invalid. Expecting a value from 1 to {MOST}."
        ))
    })
}

/// How EC2 words the refusal of a launch.
pub(super) fn refused(refusal: &Refusal) -> ApiError {
    match refusal {
        Refusal::NoImage => missing("ImageId"),
        Refusal::ImageMalformed(id) => images::malformed(id),
        Refusal::ImageNotFound(id) => images::not_found(&[id]),
        Refusal::ImageDisabled(id) => ApiError::new(
            400,
            "InvalidAMIID.Unavailable",
            format!("The image ID '{id}' is disabled"),
        ),
        Refusal::UnknownType(name) => ApiError::invalid_value(format!(
            "Value ( {name} ) for parameter InstanceType is invalid. The simulator does not know this instance type."
        )),
        Refusal::Architecture(machine, image) => ApiError::invalid_value(format!(
            "The architecture '{machine}' of the specified instance type does not match the architecture '{image}' of the specified AMI. \
             Specify an instance type and an AMI that have matching architectures, and try again."
        )),
        Refusal::Version1 => ApiError::new(400, "UnsupportedOperation", ENFORCED),
    }
}
