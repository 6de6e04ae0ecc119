//! Launch templates themselves: `DescribeLaunchTemplates`, `CreateLaunchTemplate`, `ModifyLaunchTemplate`, `DeleteLaunchTemplate`.

use super::filters::Filters;
use super::page::Page;
use super::{
    Call, answer, given_tags, made_before, missing, open_answer, remember, stop_dry_run,
    template_data, write_id, write_number, write_tags, write_time,
};
use crate::error::ApiError;
use crate::world::ids::{self, Parsed};
use crate::world::owner::Owner;
use crate::world::stock::Stock;
use crate::world::template::{Template, Version};
use crate::xml::Xml;

/// Parameters of `DescribeLaunchTemplates`.
pub(crate) const DESCRIBE: &[&str] = &[
    "DryRun",
    "LaunchTemplateId.N",
    "LaunchTemplateName.N",
    "Filter.N.Name",
    "Filter.N.Value.N",
    "MaxResults",
    "NextToken",
    "IncludeManagedResources",
];
/// Parameters of `CreateLaunchTemplate`.
pub(crate) const CREATE: &[&str] = &[
    "DryRun",
    "ClientToken",
    "LaunchTemplateName",
    "VersionDescription",
    "LaunchTemplateData.*",
    "TagSpecification.N.ResourceType",
    "TagSpecification.N.Tag.N.Key",
    "TagSpecification.N.Tag.N.Value",
];
/// Parameters of `ModifyLaunchTemplate`.
pub(crate) const MODIFY: &[&str] =
    &["DryRun", "ClientToken", "LaunchTemplateId", "LaunchTemplateName", "SetDefaultVersion"];
/// Parameters of `DeleteLaunchTemplate`.
pub(crate) const DELETE: &[&str] = &["DryRun", "LaunchTemplateId", "LaunchTemplateName"];

const ACTION: &str = "CreateLaunchTemplate";
const SET_DEFAULT: &str = "ModifyLaunchTemplate";

/// What one answer of a listing of templates or versions holds at most, also when nobody asks for pages.
pub(super) const PAGE: usize = 200;

/// `DescribeLaunchTemplates`: all, or those named by id or name.
pub(crate) fn describe_launch_templates(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let filters =
        Filters::named(&call.parameters, &["create-time", "launch-template-name", "tag-key"])?;
    let (ids, names) =
        (call.parameters.list("LaunchTemplateId"), call.parameters.list("LaunchTemplateName"));
    let subject = format!("{}{ids:?}{names:?}", filters.written);
    let mut page = Page::read(call, "DescribeLaunchTemplates", &subject, &(1..=200))?;
    page.size.get_or_insert(PAGE);
    let stock = call.stock()?;
    let mut chosen = Vec::new();
    for id in ids {
        chosen.push(by_id(&stock, id)?.1);
    }
    for name in names {
        chosen.push(by_name(&stock, name)?.1);
    }
    stop_dry_run(call)?;
    let all = chosen.is_empty();
    let end = if all { stock.templates() } else { chosen.len() as u64 };
    let mut xml = open_answer(call, "DescribeLaunchTemplates", 4096);
    page.write(call, &mut xml, "launchTemplates", end, |xml, place| {
        let template = match chosen.get(place as usize) {
            Some(template) if !all => template.clone(),
            _ => stock.template(place),
        };
        let admitted = filters.admit(&template.tags, |name| match name {
            "create-time" => vec![time_text(template.created)],
            _ => vec![template.name.clone()],
        });
        let wanted = admitted && !template.is_deleted;
        if wanted {
            xml.put(&["<item>"]);
            write(xml, &template);
            xml.put(&["</item>"]);
        }
        wanted
    });
    xml.put(&["</DescribeLaunchTemplatesResponse>"]);
    Ok(xml.into_bytes())
}

/// `CreateLaunchTemplate`: the first version of a new template, which is its default.
pub(crate) fn create_launch_template(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let name =
        call.parameters.get("LaunchTemplateName").ok_or_else(|| missing("LaunchTemplateName"))?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"().-/_".contains(&byte);
    if !(3..=128).contains(&name.len()) || !name.bytes().all(allowed) {
        let text = format!(
            "Launch template name '{name}' must have 3 to 128 characters: letters, digits and ().-/_"
        );
        return Err(ApiError::new(400, "InvalidLaunchTemplateName.MalformedException", text));
    }
    let data = template_data::read(&call.parameters)?;
    let mut stock = call.stock()?;
    let token = call.parameters.get("ClientToken");
    if let Some([index]) = stock.made_before(ACTION, token).as_deref() {
        let template = stock.template(*index);
        return Ok(answer(call, ACTION, |xml| one(xml, &template)));
    }
    if stock.find_template_named(name).is_some() {
        let text = "Launch template name already in use.";
        return Err(ApiError::new(400, "InvalidLaunchTemplateName.AlreadyExistsException", text));
    }
    stop_dry_run(call)?;
    let index = stock.templates();
    let version = Version {
        number: 1,
        created: call.now,
        description: call.parameters.get("VersionDescription").map(str::to_owned),
        data,
    };
    let template = Template {
        id: stock.seed.templates.id(index),
        name: name.to_owned(),
        owner: Owner::Nobody,
        created: call.now,
        created_by: call.caller.arn.clone(),
        default: 1,
        latest: 1,
        given: 1,
        versions: vec![version],
        tags: given_tags(&call.parameters, "launch-template"),
        is_deleted: false,
    };
    stock.put_template(index, template.clone());
    stock.remember(ACTION, token, vec![index]);
    Ok(answer(call, ACTION, |xml| one(xml, &template)))
}

/// `ModifyLaunchTemplate`: another default version.
pub(crate) fn modify_launch_template(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let mut stock = call.stock()?;
    let (index, mut template) = named(call, &stock)?;
    let wanted =
        call.parameters.get("SetDefaultVersion").ok_or_else(|| missing("SetDefaultVersion"))?;
    let number = number_of(&template, wanted)?;
    if template.version(number).is_none() {
        return Err(no_version(&template, number));
    }
    if made_before(call, &stock, SET_DEFAULT)?.is_some() {
        return Ok(answer(call, SET_DEFAULT, |xml| one(xml, &template)));
    }
    stop_dry_run(call)?;
    template.default = number;
    stock.put_template(index, template.clone());
    remember(call, &mut stock, SET_DEFAULT, number);
    Ok(answer(call, SET_DEFAULT, |xml| one(xml, &template)))
}

/// `DeleteLaunchTemplate`: with all its versions, also while a group names it, as AWS does it.
pub(crate) fn delete_launch_template(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let mut stock = call.stock()?;
    let (index, mut template) = named(call, &stock)?;
    stop_dry_run(call)?;
    template.is_deleted = true;
    stock.put_template(index, template.clone());
    Ok(answer(call, "DeleteLaunchTemplate", |xml| one(xml, &template)))
}

/// The template that a call names by id or by name; it must be one of both.
pub(super) fn named(call: &Call<'_>, stock: &Stock<'_>) -> Result<(u64, Template), ApiError> {
    named_by(
        stock,
        call.parameters.get("LaunchTemplateId"),
        call.parameters.get("LaunchTemplateName"),
    )
}

/// The template of an id or of a name; it must be one of both.
pub(super) fn named_by(
    stock: &Stock<'_>,
    id: Option<&str>,
    name: Option<&str>,
) -> Result<(u64, Template), ApiError> {
    match (id, name) {
        (Some(id), None) => by_id(stock, id),
        (None, Some(name)) => by_name(stock, name),
        (None, None) => Err(ApiError::new(
            400,
            "MissingParameter",
            "Either a launch template ID or a launch template name must be specified in the request",
        )),
        (Some(_), Some(_)) => Err(ApiError::new(
            400,
            "InvalidParameterCombination",
            "Specify a launch template ID or a launch template name, but not both",
        )),
    }
}

pub(super) fn by_id(stock: &Stock<'_>, id: &str) -> Result<(u64, Template), ApiError> {
    let found = match ids::parse("lt-", id) {
        Parsed::Malformed => {
            let text = format!("Invalid launch template ID: {id}");
            return Err(ApiError::new(400, "InvalidLaunchTemplateId.Malformed", text));
        }
        Parsed::Nobody => None,
        Parsed::Id(number) => stock.find_template(number),
    };
    found.ok_or_else(|| {
        let text = format!("The specified launch template, with template ID {id}, does not exist.");
        ApiError::new(400, "InvalidLaunchTemplateId.NotFound", text)
    })
}

fn by_name(stock: &Stock<'_>, name: &str) -> Result<(u64, Template), ApiError> {
    stock.find_template_named(name).ok_or_else(|| {
        let text =
            format!("The specified launch template, with template name {name}, does not exist.");
        ApiError::new(400, "InvalidLaunchTemplateName.NotFoundException", text)
    })
}

/// The number that a version's text stands for.
pub(super) fn number_of(template: &Template, version: &str) -> Result<u64, ApiError> {
    template.number(version).ok_or_else(|| {
        ApiError::invalid_value(format!(
            "Value ( {version} ) for parameter launchTemplateVersion is invalid. Expecting a number, $Default or $Latest."
        ))
    })
}

/// A version that does not exist.
pub(super) fn no_version(template: &Template, number: u64) -> ApiError {
    let id = ids::text("lt-", template.id);
    let text = format!(
        "Could not find the specified version {number} for the launch template with ID {id}."
    );
    ApiError::new(400, "InvalidLaunchTemplateId.VersionNotFound", text)
}

/// A time as EC2's filters compare it.
pub(super) fn time_text(seconds: i64) -> String {
    let mut xml = Xml::with_capacity(24);
    xml.time(seconds);
    String::from_utf8(xml.into_bytes()).unwrap_or_default()
}

fn one(xml: &mut Xml, template: &Template) {
    xml.put(&["<launchTemplate>"]);
    write(xml, template);
    xml.put(&["</launchTemplate>"]);
}

fn write(xml: &mut Xml, template: &Template) {
    write_id(xml, "launchTemplateId", "lt-", template.id);
    xml.element("launchTemplateName", &template.name);
    write_time(xml, "createTime", template.created);
    xml.element("createdBy", &template.created_by);
    write_number(xml, "defaultVersionNumber", template.default);
    write_number(xml, "latestVersionNumber", template.latest);
    write_tags(xml, &template.tags);
    xml.put(&["<operator><managed>false</managed></operator>"]);
}
