//! Launch templates: their default and latest versions in one paged call for all of them, and exactly the
//! versions that something launches from.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::options;
use crate::{
    error::CallError,
    operation::{DESCRIBE_LAUNCH_TEMPLATE_VERSIONS, DESCRIBE_LAUNCH_TEMPLATES},
    row::{Row, at, items, profile, tags, text_at},
    tables::{AWS_EC2_LAUNCH_TEMPLATE_USE, AWS_EC2_LAUNCH_TEMPLATE_VERSION},
    unit::{Template, TemplateUse, Unit},
    wire::Parameters,
};

/// A version that was deleted, while something still names it.
const VERSION_GONE: &str = "InvalidLaunchTemplateId.VersionNotFound";
/// Version numbers that one call may name.
const VERSIONS_A_CALL: usize = 200;

/// Reads all templates, and their default and latest versions.
pub(crate) async fn templates(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let list = ["launchTemplates"];
    for template in
        unit.list_with_managed(&DESCRIBE_LAUNCH_TEMPLATES, Parameters::new(), &list).await?
    {
        let number = |name: &str| text_at(&template, &[name])?.parse::<i64>().ok();
        let (Some(id), Some(default_version), Some(latest_version)) = (
            text_at(&template, &["launchTemplateId"]),
            number("defaultVersionNumber"),
            number("latestVersionNumber"),
        ) else {
            continue;
        };
        let name = text_at(&template, &["launchTemplateName"]).unwrap_or_default().to_owned();
        let tags = tags(at(&template, &["tagSet"]));
        let template = Template { name, default_version, latest_version, tags };
        unit.found.templates.insert(id.to_owned(), template);
    }
    if unit.found.templates.is_empty() || !unit.wants(&AWS_EC2_LAUNCH_TEMPLATE_VERSION) {
        return Ok(());
    }
    let of_all = Parameters::new().with_list("LaunchTemplateVersion", ["$Default", "$Latest"]);
    versions(unit, of_all).await
}

/// Reads the versions that something launches from beside default and latest, and writes what launches.
pub(crate) async fn template_uses(unit: &mut Unit<'_>) -> Result<(), CallError> {
    if unit.wants(&AWS_EC2_LAUNCH_TEMPLATE_VERSION) {
        for (id, numbers) in unit.versions_in_use() {
            let numbers: Vec<i64> = numbers.into_iter().collect();
            for numbers in numbers.chunks(VERSIONS_A_CALL) {
                pinned(unit, &id, numbers).await?;
            }
        }
    }
    let rows: Vec<Row> = unit.found.uses.iter().map(|used| unit.use_row(used)).collect();
    unit.append(&AWS_EC2_LAUNCH_TEMPLATE_USE, &rows);
    Ok(())
}

/// Reads given versions of one template. One that is gone makes the whole call fail: then each is asked
/// for alone.
async fn pinned(unit: &mut Unit<'_>, id: &str, numbers: &[i64]) -> Result<(), CallError> {
    match versions(unit, of_one(id, numbers)).await {
        Err(error) if error.code == VERSION_GONE && numbers.len() > 1 => {
            for number in numbers {
                gone_is_no_error(versions(unit, of_one(id, &[*number])).await)?;
            }
            Ok(())
        }
        answer => gone_is_no_error(answer),
    }
}

fn gone_is_no_error(answer: Result<(), CallError>) -> Result<(), CallError> {
    match answer {
        Err(error) if error.code == VERSION_GONE => Ok(()),
        answer => answer,
    }
}

fn of_one(id: &str, numbers: &[i64]) -> Parameters {
    let numbers = numbers.iter().map(ToString::to_string);
    Parameters::new().with("LaunchTemplateId", id).with_list("LaunchTemplateVersion", numbers)
}

async fn versions(unit: &mut Unit<'_>, which: Parameters) -> Result<(), CallError> {
    let list = ["launchTemplateVersionSet"];
    let versions = unit.list_with_managed(&DESCRIBE_LAUNCH_TEMPLATE_VERSIONS, which, &list).await?;
    let mut rows = Vec::new();
    for version in &versions {
        let id = text_at(version, &["launchTemplateId"]).unwrap_or_default();
        let number = text_at(version, &["versionNumber"]).and_then(|text| text.parse().ok());
        // `$Default` and `$Latest` of one template may be one version.
        if let Some(number) = number
            && unit.found.versions.insert((id.to_owned(), number))
        {
            rows.push(version_row(unit, id, number, version));
            if let Some(image) = text_at(version, &["launchTemplateData", "imageId"]) {
                unit.found.images.insert(image.to_owned());
            }
        }
    }
    unit.append(&AWS_EC2_LAUNCH_TEMPLATE_VERSION, &rows);
    Ok(())
}

fn version_row(unit: &Unit<'_>, id: &str, number: i64, version: &Value) -> Row {
    let data = at(version, &["launchTemplateData"]);
    let declared = at(data, &["metadataOptions"]);
    let template = unit.found.templates.get(id);
    let latest = template.map(|template| template.latest_version == number);
    let row = unit
        .row(&AWS_EC2_LAUNCH_TEMPLATE_VERSION)
        .set("arn", unit.arn("ec2", &format!("launch-template/{id}")))
        .set("version_number", number)
        .set("latest_version", latest)
        .set("instance_profile", profile(at(data, &["iamInstanceProfile"])))
        .set("metadata_options", options::as_json(declared))
        .set("instance_tags", instance_tags(data))
        .set("operator", at(version, &["operator", "principal"]).clone())
        .set("tags", template.map_or(Value::Null, |template| template.tags.clone()))
        .take(
            version,
            &[
                ("launch_template_id", "launchTemplateId"),
                ("launch_template_name", "launchTemplateName"),
                ("default_version", "defaultVersion"),
                ("version_description", "versionDescription"),
                ("created_by", "createdBy"),
                ("create_time", "createTime"),
            ],
        )
        .take(data, &[("image_id", "imageId"), ("instance_type", "instanceType")])
        .take(
            declared,
            &[
                ("http_protocol_ipv6", "httpProtocolIpv6"),
                ("instance_metadata_tags", "instanceMetadataTags"),
            ],
        );
    options::declared(row, declared)
}

fn instance_tags(data: &Value) -> Value {
    let specifications = items(at(data, &["tagSpecificationSet"]));
    let of_instances = specifications
        .iter()
        .find(|specification| text_at(specification, &["resourceType"]) == Some("instance"));
    of_instances.map_or(Value::Null, |specification| tags(at(specification, &["tagSet"])))
}

impl Unit<'_> {
    /// The id and number that a use comes down to.
    fn resolved(&self, used: &TemplateUse) -> (Option<String>, Option<i64>) {
        let templates = &self.found.templates;
        let by_name = |name: &String| {
            let found = templates.iter().find(|(_, template)| template.name == *name);
            found.map(|(id, _)| id.clone())
        };
        let id = used.template_id.clone().or_else(|| used.template_name.as_ref().and_then(by_name));
        let template = id.as_ref().and_then(|id| templates.get(id));
        let number = match used.version.as_deref() {
            None | Some("" | "$Default") => template.map(|template| template.default_version),
            Some("$Latest") => template.map(|template| template.latest_version),
            Some(number) => number.parse().ok(),
        };
        (id, number)
    }

    /// By template, the numbers that something launches from and that were not read yet. A template that
    /// is gone has none.
    fn versions_in_use(&self) -> BTreeMap<String, BTreeSet<i64>> {
        let mut missing: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
        for used in &self.found.uses {
            if let (Some(id), Some(number)) = self.resolved(used)
                && self.found.templates.contains_key(&id)
                && !self.found.versions.contains(&(id.clone(), number))
            {
                missing.entry(id).or_default().insert(number);
            }
        }
        missing
    }

    fn use_row(&self, used: &TemplateUse) -> Row {
        let (id, number) = self.resolved(used);
        let name = id.as_ref().and_then(|id| self.found.templates.get(id));
        let name = name.map(|template| template.name.clone()).or(used.template_name.clone());
        self.row(&AWS_EC2_LAUNCH_TEMPLATE_USE)
            .set("launcher", used.launcher.as_str())
            .set("launcher_kind", used.kind)
            .set("launcher_name", used.name.clone())
            .set("part", used.part.as_str())
            .set("active", used.active)
            .set("launch_template_id", id)
            .set("launch_template_name", name)
            .set("version", used.version.as_deref().filter(|v| !v.is_empty()).unwrap_or("$Default"))
            .set("version_number", number)
    }
}
