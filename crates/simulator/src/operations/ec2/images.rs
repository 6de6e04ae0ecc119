//! Images: `DescribeImages`, `ModifyImageAttribute` (IMDS support), `RegisterImage` and `DeregisterImage`.

use super::filters::Filters;
use super::page::Page;
use super::templates::time_text;
use super::{Call, answer, missing, open_answer, stop_dry_run, write_id};
use crate::error::{ApiError, auth_failure};
use crate::hash;
use crate::world::accounts::Account;
use crate::world::ids::{self, Parsed};
use crate::world::image::{AMAZON, Image, System};
use crate::world::stock::Stock;
use crate::xml::Xml;

/// Parameters of `DescribeImages`.
pub(crate) const DESCRIBE: &[&str] = &[
    "DryRun",
    "ImageId.N",
    "Owner.N",
    "ExecutableBy.N",
    "Filter.N.Name",
    "Filter.N.Value.N",
    "IncludeDeprecated",
    "IncludeDisabled",
    "MaxResults",
    "NextToken",
];
/// Parameters of `ModifyImageAttribute`.
pub(crate) const MODIFY: &[&str] =
    &["DryRun", "ImageId", "Attribute", "Value", "ImdsSupport.Value"];
/// Parameters of `DeregisterImage`.
pub(crate) const DEREGISTER: &[&str] = &["DryRun", "ImageId"];
/// Parameters of `RegisterImage`.
pub(crate) const REGISTER: &[&str] = &[
    "DryRun",
    "Name",
    "Description",
    "Architecture",
    "ImdsSupport",
    "RootDeviceName",
    "VirtualizationType",
    "EnaSupport",
    "BlockDeviceMapping.*",
];

/// Filters of `DescribeImages` that are simulated.
const FILTERS: &[&str] = &[
    "architecture",
    "creation-date",
    "description",
    "image-id",
    "image-type",
    "is-public",
    "name",
    "owner-alias",
    "owner-id",
    "platform",
    "root-device-type",
    "state",
    "virtualization-type",
];

/// `DescribeImages`: those of Amazon and of the account. Deprecated ones of others and all disabled ones come only when they are asked for.
pub(crate) fn describe_images(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let parameters = &call.parameters;
    let filters = Filters::named(parameters, FILTERS)?;
    let (ids, owners) = (parameters.list("ImageId"), parameters.list("Owner"));
    let users = parameters.list("ExecutableBy");
    let deprecated = parameters.flag("IncludeDeprecated")?;
    let disabled = parameters.flag("IncludeDisabled")?;
    let subject = format!("{}{ids:?}{owners:?}{users:?}{deprecated}{disabled}", filters.written);
    let page = Page::read(call, "DescribeImages", &subject, &(1..=1000))?;
    let stock = call.stock()?;
    let named = find_named(&stock, &ids)?;
    stop_dry_run(call)?;
    let account = call.account;
    let owned = |image: &Image, owner: &str| match owner {
        "self" => !image.amazon,
        "amazon" => image.amazon,
        id => id == owner_id(image, account),
    };
    let shown = |image: &Image| {
        let by_owner = owners.is_empty() || owners.iter().any(|owner| owned(image, owner));
        let public = |user: &&str| if image.amazon { *user == "all" } else { *user == "self" };
        let by_user = users.is_empty() || users.iter().any(public);
        let is_named = named.is_empty() || named.contains(&image.id);
        // One's own deprecated images are always listed.
        let current =
            !image.amazon || deprecated || image.deprecated.is_none_or(|end| end > call.now);
        let enabled = disabled || !image.disabled;
        by_owner && by_user && is_named && current && enabled
    };
    let images: Vec<Image> = stock
        .images()
        .into_iter()
        .filter(shown)
        .filter(|image| filters.admit(&[], |name| vec![value(image, account, name)]))
        .collect();
    let mut xml = open_answer(call, "DescribeImages", 16_384);
    page.write(call, &mut xml, "imagesSet", images.len() as u64, |xml, place| {
        let image = images.get(place as usize);
        image.inspect(|image| write(xml, image, account)).is_some()
    });
    xml.put(&["</DescribeImagesResponse>"]);
    Ok(xml.into_bytes())
}

/// The ids of the images that are named; one that does not exist spoils the whole call, as it does in AWS.
fn find_named(stock: &Stock<'_>, ids: &[&str]) -> Result<Vec<u64>, ApiError> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for id in ids {
        match ids::parse("ami-", id) {
            Parsed::Malformed => return Err(malformed(id)),
            Parsed::Id(number) if stock.find_image(number).is_some() => found.push(number),
            _ => missing.push(*id),
        }
    }
    if missing.is_empty() { Ok(found) } else { Err(not_found(&missing)) }
}

/// An image id that is none.
pub(super) fn malformed(id: &str) -> ApiError {
    ApiError::new(400, "InvalidAMIID.Malformed", format!("Invalid id: \"{id}\""))
}

/// Images that do not exist.
pub(super) fn not_found(ids: &[&str]) -> ApiError {
    let (noun, verb) = if ids.len() == 1 { ("id", "does") } else { ("IDs", "do") };
    let text = format!("The image {noun} '[{}]' {verb} not exist", ids.join(", "));
    ApiError::new(400, "InvalidAMIID.NotFound", text)
}

/// `ModifyImageAttribute`: from then on `ImdsSupport` is `v2.0`, and stays so.
pub(crate) fn modify_image_attribute(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let parameters = &call.parameters;
    let id = parameters.get("ImageId").ok_or_else(|| missing("ImageId"))?;
    let value = match parameters.get("Attribute") {
        None | Some("imdsSupport") => {
            parameters.get("ImdsSupport.Value").or(parameters.get("Value"))
        }
        Some(other) => {
            let text = format!("The attribute '{other}' is not simulated");
            return Err(ApiError::invalid_value(text));
        }
    };
    match value {
        None => return Err(missing("ImdsSupport")),
        Some("v2.0") => {}
        Some(other) => {
            let text = format!(
                "Value ( {other} ) for parameter imdsSupport is invalid. Valid value: v2.0"
            );
            return Err(ApiError::invalid_value(text));
        }
    }
    let mut stock = call.stock()?;
    let wanted = find_named(&stock, &[id])?;
    let mut images = stock.images();
    let Some(image) = images.iter_mut().find(|image| wanted.contains(&image.id)) else {
        return Err(not_found(&[id]));
    };
    if image.amazon {
        let text = format!("Not authorized for image:{id}");
        return Err(ApiError { message: text, ..auth_failure() });
    }
    image.v2 = true;
    stop_dry_run(call)?;
    stock.put_images(images);
    Ok(answer(call, "ModifyImageAttribute", |xml| {
        xml.element("return", "true");
    }))
}

/// `DeregisterImage`: one of the account's own.
pub(crate) fn deregister_image(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let id = call.parameters.get("ImageId").ok_or_else(|| missing("ImageId"))?;
    let mut stock = call.stock()?;
    let wanted = find_named(&stock, &[id])?;
    let mut images = stock.images();
    if images.iter().any(|image| image.amazon && wanted.contains(&image.id)) {
        let text = format!("Not authorized for image:{id}");
        return Err(ApiError { message: text, ..auth_failure() });
    }
    images.retain(|image| !wanted.contains(&image.id));
    stop_dry_run(call)?;
    stock.put_images(images);
    Ok(answer(call, "DeregisterImage", |xml| {
        xml.element("return", "true");
    }))
}

/// `RegisterImage`.
pub(crate) fn register_image(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let parameters = &call.parameters;
    let name = parameters.get("Name").ok_or_else(|| missing("Name"))?;
    let system = match parameters.get("Architecture") {
        None | Some("x86_64") => System::LinuxX86,
        Some("arm64") => System::LinuxArm,
        Some(other) => {
            let text = format!("Value ( {other} ) for parameter architecture is invalid.");
            return Err(ApiError::invalid_value(text));
        }
    };
    let v2 = match parameters.get("ImdsSupport") {
        None => false,
        Some("v2.0") => true,
        Some(other) => {
            let text = format!("Value ( {other} ) for parameter imdsSupport is invalid.");
            return Err(ApiError::invalid_value(text));
        }
    };
    let mut stock = call.stock()?;
    let mut images = stock.images();
    if images.iter().any(|image| !image.amazon && image.name == name) {
        let text = format!("AMI name {name} is already in use by another of your AMIs");
        return Err(ApiError::new(400, "InvalidAMIName.Duplicate", text));
    }
    stop_dry_run(call)?;
    let image = Image {
        id: hash::join(stock.seed.key, hash::text(name)),
        name: name.to_owned(),
        description: parameters.get("Description").unwrap_or_default().to_owned(),
        amazon: false,
        system,
        v2,
        created: call.now,
        deprecated: None,
        disabled: false,
    };
    let id = image.id;
    images.push(image);
    stock.put_images(images);
    Ok(answer(call, "RegisterImage", |xml| write_id(xml, "imageId", "ami-", id)))
}

fn owner_id<'a>(image: &Image, account: &'a Account) -> &'a str {
    if image.amazon { AMAZON } else { &account.id }
}

const fn state(image: &Image) -> &'static str {
    if image.disabled { "disabled" } else { "available" }
}

fn value(image: &Image, account: &Account, filter: &str) -> String {
    let text = match filter {
        "architecture" => image.system.architecture(),
        "creation-date" => return time_text(image.created),
        "description" => &image.description,
        "image-id" => return ids::text("ami-", image.id),
        "image-type" => "machine",
        "is-public" => return image.amazon.to_string(),
        "name" => &image.name,
        "owner-alias" => {
            if image.amazon {
                "amazon"
            } else {
                ""
            }
        }
        "owner-id" => owner_id(image, account),
        "platform" => {
            if image.system == System::Windows {
                "windows"
            } else {
                ""
            }
        }
        "root-device-type" => "ebs",
        "state" => state(image),
        _ => "hvm",
    };
    text.to_owned()
}

fn write(xml: &mut Xml, image: &Image, account: &Account) {
    let owner = owner_id(image, account);
    xml.put(&["<item>"]);
    write_id(xml, "imageId", "ami-", image.id);
    let alias = if image.amazon { "amazon" } else { owner };
    xml.element("imageLocation", &format!("{alias}/{}", image.name));
    xml.element("imageState", state(image)).element("imageOwnerId", owner);
    xml.put(&["<creationDate>"]).time(image.created).put(&["</creationDate>"]);
    xml.element("isPublic", if image.amazon { "true" } else { "false" });
    xml.element("architecture", image.system.architecture()).element("imageType", "machine");
    if image.amazon {
        xml.element("imageOwnerAlias", "amazon");
    }
    let (platform, usage, root) = if image.system == System::Windows {
        xml.element("platform", "windows");
        ("Windows", "RunInstances:0002", "/dev/sda1")
    } else {
        ("Linux/UNIX", "RunInstances", "/dev/xvda")
    };
    xml.element("platformDetails", platform).element("usageOperation", usage);
    xml.element("name", &image.name).element("description", &image.description);
    xml.element("rootDeviceType", "ebs").element("rootDeviceName", root);
    xml.put(&["<enaSupport>true</enaSupport><virtualizationType>hvm</virtualizationType><hypervisor>xen</hypervisor>"]);
    if image.v2 {
        xml.element("imdsSupport", "v2.0");
    }
    if let Some(end) = image.deprecated {
        xml.put(&["<deprecationTime>"]).time(end).put(&["</deprecationTime>"]);
    }
    xml.put(&["</item>"]);
}
