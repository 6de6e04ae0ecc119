//! Versions of launch templates: `DescribeLaunchTemplateVersions`, `CreateLaunchTemplateVersion`, `DeleteLaunchTemplateVersions`.

use super::filters::Filters;
use super::page::Page;
use super::templates::{PAGE, named, no_version, number_of, time_text};
use super::{
    Call, answer, made_before, missing, open_answer, remember, stop_dry_run, template_data,
    write_id, write_number, write_time,
};
use crate::error::ApiError;
use crate::world::options::switch;
use crate::world::stock::Stock;
use crate::world::template::{Template, Version};
use crate::xml::Xml;

/// Parameters of `DescribeLaunchTemplateVersions`.
pub(crate) const DESCRIBE: &[&str] = &[
    "DryRun",
    "LaunchTemplateId",
    "LaunchTemplateName",
    "LaunchTemplateVersion.N",
    "MinVersion",
    "MaxVersion",
    "Filter.N.Name",
    "Filter.N.Value.N",
    "MaxResults",
    "NextToken",
    "ResolveAlias",
    "IncludeManagedResources",
];
/// Parameters of `CreateLaunchTemplateVersion`.
pub(crate) const CREATE: &[&str] = &[
    "DryRun",
    "ClientToken",
    "LaunchTemplateId",
    "LaunchTemplateName",
    "SourceVersion",
    "VersionDescription",
    "LaunchTemplateData.*",
    "ResolveAlias",
];
/// Parameters of `DeleteLaunchTemplateVersions`.
pub(crate) const DELETE: &[&str] =
    &["DryRun", "LaunchTemplateId", "LaunchTemplateName", "LaunchTemplateVersion.N"];

const ACTION: &str = "CreateLaunchTemplateVersion";

/// Filters of `DescribeLaunchTemplateVersions` that are simulated.
const FILTERS: &[&str] = &[
    "create-time",
    "ebs-optimized",
    "http-endpoint",
    "http-protocol-ipv4",
    "http-tokens",
    "iam-instance-profile",
    "image-id",
    "instance-type",
    "is-default-version",
];

/// Places that a template takes in the listing of all templates' versions: more than versions that are asked for of each.
const PLACES: u64 = 2;

/// `DescribeLaunchTemplateVersions`: versions of one template, or `$Default` and `$Latest` of all of them.
pub(crate) fn describe_launch_template_versions(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let parameters = &call.parameters;
    let filters = Filters::named(parameters, FILTERS)?;
    let wanted = parameters.list("LaunchTemplateVersion");
    let one = parameters.get("LaunchTemplateId").or(parameters.get("LaunchTemplateName"));
    let bounds = (parameters.get("MinVersion"), parameters.get("MaxVersion"));
    let subject = format!("{}{wanted:?}{one:?}{bounds:?}", filters.written);
    let mut page = Page::read(call, "DescribeLaunchTemplateVersions", &subject, &(1..=200))?;
    page.size.get_or_insert(PAGE);
    let stock = call.stock()?;
    let listing = if one.is_some() {
        let (_, template) = named(call, &stock)?;
        let numbers = chosen(call, &template, &wanted)?;
        Listing::One(template, numbers)
    } else {
        Listing::all(&wanted)?
    };
    stop_dry_run(call)?;
    let mut xml = open_answer(call, "DescribeLaunchTemplateVersions", 8192);
    let end = listing.places(&stock);
    page.write(call, &mut xml, "launchTemplateVersionSet", end, |xml, place| {
        listing.at(&stock, place, |template, version| {
            let wanted = filters.admit(&[], |name| values(template, version, name));
            if wanted {
                xml.put(&["<item>"]);
                write(xml, template, version);
                xml.put(&["</item>"]);
            }
            wanted
        })
    });
    xml.put(&["</DescribeLaunchTemplateVersionsResponse>"]);
    Ok(xml.into_bytes())
}

/// What is listed.
enum Listing {
    /// Versions of one template, by number.
    One(Template, Vec<u64>),
    /// Of every template its latest version, its default version, or both.
    All { latest: bool, default: bool },
}

impl Listing {
    fn all(wanted: &[&str]) -> Result<Self, ApiError> {
        let (latest, default) = (wanted.contains(&"$Latest"), wanted.contains(&"$Default"));
        if wanted.is_empty() {
            return Err(missing("LaunchTemplateId"));
        }
        if wanted.iter().any(|version| !matches!(*version, "$Latest" | "$Default")) {
            let text =
                "Without a launch template ID or name, the only versions are $Latest and $Default.";
            return Err(ApiError::invalid_value(text));
        }
        Ok(Self::All { latest, default })
    }

    fn places(&self, stock: &Stock<'_>) -> u64 {
        match self {
            Self::One(_, numbers) => numbers.len() as u64,
            Self::All { .. } => stock.templates() * PLACES,
        }
    }

    /// Shows the version at a place, if there is one. A version that is both latest and default comes once.
    fn at(
        &self,
        stock: &Stock<'_>,
        place: u64,
        mut show: impl FnMut(&Template, &Version) -> bool,
    ) -> bool {
        match self {
            Self::One(template, numbers) => numbers
                .get(place as usize)
                .and_then(|number| template.version(*number))
                .is_some_and(|version| show(template, version)),
            Self::All { latest, default } => {
                let template = stock.template(place / PLACES);
                let both = *latest && *default && template.latest == template.default;
                let number = match place % PLACES {
                    0 => latest.then_some(template.latest),
                    _ => (*default && !both).then_some(template.default),
                };
                let number = number.filter(|_| !template.is_deleted);
                let version = number.and_then(|number| template.version(number));
                version.is_some_and(|version| show(&template, version))
            }
        }
    }
}

/// The numbers of the versions of one template that a call asks for, the newest first.
fn chosen(call: &Call<'_>, template: &Template, wanted: &[&str]) -> Result<Vec<u64>, ApiError> {
    let bound = |name| call.parameters.get(name).map(|text| number_of(template, text)).transpose();
    let (least, most) = (bound("MinVersion")?, bound("MaxVersion")?);
    let mut numbers = Vec::new();
    for text in wanted {
        let number = number_of(template, text)?;
        if template.version(number).is_none() {
            return Err(no_version(template, number));
        }
        numbers.push(number);
    }
    if wanted.is_empty() {
        numbers.extend(template.versions.iter().map(|version| version.number));
    }
    numbers.retain(|number| {
        least.is_none_or(|least| *number >= least) && most.is_none_or(|most| *number <= most)
    });
    numbers.sort_unstable_by(|left, right| right.cmp(left));
    numbers.dedup();
    Ok(numbers)
}

/// What a version has for a filter.
fn values(template: &Template, version: &Version, filter: &str) -> Vec<String> {
    let data = &version.data;
    let wish = data.metadata.unwrap_or_default();
    let more = |name| data.get(name).map(str::to_owned);
    let value = match filter {
        "create-time" => Some(time_text(version.created)),
        "ebs-optimized" => more("EbsOptimized"),
        "http-endpoint" => wish.endpoint.map(|on| switch(on).to_owned()),
        "http-tokens" => wish.tokens.map(|it| if it { "required" } else { "optional" }.to_owned()),
        "iam-instance-profile" => {
            more("IamInstanceProfile.Arn").or(more("IamInstanceProfile.Name"))
        }
        "image-id" => data.image.clone(),
        "instance-type" => data.instance_type.clone(),
        "is-default-version" => Some((version.number == template.default).to_string()),
        _ => None,
    };
    value.into_iter().collect()
}

/// `CreateLaunchTemplateVersion`: the next number, made from the data and, where it is silent, from the source version.
pub(crate) fn create_launch_template_version(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let given = template_data::read(&call.parameters)?;
    let mut stock = call.stock()?;
    let (index, mut template) = named(call, &stock)?;
    if let Some(number) = made_before(call, &stock, ACTION)?
        && let Some(version) = template.version(number)
    {
        return Ok(created(call, &template, version));
    }
    let source = call.parameters.get("SourceVersion");
    let data = match source.map(|text| number_of(&template, text)).transpose()? {
        None => given,
        Some(number) => {
            let older = template.version(number).ok_or_else(|| no_version(&template, number))?;
            template_data::inherit(&older.data, given)
        }
    };
    stop_dry_run(call)?;
    template.given += 1;
    template.latest = template.given;
    let version = Version {
        number: template.latest,
        created: call.now,
        description: call.parameters.get("VersionDescription").map(str::to_owned),
        data,
    };
    template.versions.push(version.clone());
    stock.put_template(index, template.clone());
    remember(call, &mut stock, ACTION, version.number);
    Ok(created(call, &template, &version))
}

fn created(call: &Call<'_>, template: &Template, version: &Version) -> Vec<u8> {
    answer(call, ACTION, |xml| {
        xml.put(&["<launchTemplateVersion>"]);
        write(xml, template, version);
        xml.put(&["</launchTemplateVersion>"]);
    })
}

/// `DeleteLaunchTemplateVersions`: the default version stays, and what is not there is told.
pub(crate) fn delete_launch_template_versions(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let mut stock = call.stock()?;
    let (index, mut template) = named(call, &stock)?;
    let wanted = call.parameters.list("LaunchTemplateVersion");
    if wanted.is_empty() {
        return Err(missing("LaunchTemplateVersion"));
    }
    let mut numbers = Vec::new();
    for text in wanted {
        numbers.push(number_of(&template, text)?);
    }
    stop_dry_run(call)?;
    let (mut deleted, mut kept) = (Vec::new(), Vec::new());
    for number in numbers {
        if number == template.default {
            kept.push((number, "unexpectedError", "The default version cannot be deleted"));
        } else if template.version(number).is_none() {
            let text = "The specified launch template version does not exist";
            kept.push((number, "launchTemplateVersionDoesNotExist", text));
        } else {
            template.versions.retain(|version| version.number != number);
            deleted.push(number);
        }
    }
    let newest = template.versions.iter().map(|version| version.number).max();
    template.latest = newest.unwrap_or(template.default);
    stock.put_template(index, template.clone());
    Ok(answer(call, "DeleteLaunchTemplateVersions", |xml| {
        let item = |xml: &mut Xml, number| {
            xml.put(&["<item>"]);
            write_id(xml, "launchTemplateId", "lt-", template.id);
            xml.element("launchTemplateName", &template.name);
            write_number(xml, "versionNumber", number);
        };
        xml.put(&["<successfullyDeletedLaunchTemplateVersionSet>"]);
        for number in deleted {
            item(xml, number);
            xml.put(&["</item>"]);
        }
        xml.put(&["</successfullyDeletedLaunchTemplateVersionSet>"]);
        xml.put(&["<unsuccessfullyDeletedLaunchTemplateVersionSet>"]);
        for (number, code, text) in kept {
            item(xml, number);
            xml.put(&["<responseError>"]).element("code", code).element("message", text);
            xml.put(&["</responseError></item>"]);
        }
        xml.put(&["</unsuccessfullyDeletedLaunchTemplateVersionSet>"]);
    }))
}

fn write(xml: &mut Xml, template: &Template, version: &Version) {
    write_id(xml, "launchTemplateId", "lt-", template.id);
    xml.element("launchTemplateName", &template.name);
    write_number(xml, "versionNumber", version.number);
    if let Some(text) = &version.description {
        xml.element("versionDescription", text);
    }
    write_time(xml, "createTime", version.created);
    xml.element("createdBy", &template.created_by);
    let default = version.number == template.default;
    xml.element("defaultVersion", if default { "true" } else { "false" });
    template_data::write(xml, &version.data);
    xml.put(&["<operator><managed>false</managed></operator>"]);
}
