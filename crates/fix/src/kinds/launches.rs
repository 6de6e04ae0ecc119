//! Whether what a group launches requires tokens, asked right before its members are replaced: nothing would be won otherwise.

use imdsure_aws::{
    Parameters,
    operation::{
        DESCRIBE_IMAGES, DESCRIBE_LAUNCH_CONFIGURATIONS, DESCRIBE_LAUNCH_TEMPLATE_VERSIONS,
        GET_INSTANCE_METADATA_DEFAULTS,
    },
};
use serde_json::Value;

use super::{group::specifications, text};
use crate::run::{Fault, Task};

/// One of the things that a group launches from: what it says of tokens, and its AMI.
struct Launch {
    tokens: Option<String>,
    image: Option<String>,
}

/// Why the group's next members would answer version 1, if they would or if it is not known that they would not.
pub(crate) async fn version_1(task: &Task<'_>, group: &Value) -> Result<Option<String>, Fault> {
    let mut launches = Vec::new();
    if let Some(name) = text(group, "/LaunchConfigurationName") {
        launches.push(configuration(task, name).await?);
    }
    for named in specifications(group) {
        launches.push(template(task, named).await?);
    }
    if launches.is_empty() {
        return Ok(Some("what it launches from is not shown".to_owned()));
    }
    for launch in launches {
        let Some(Launch { tokens, image }) = launch else {
            return Ok(Some("what it launches from is gone".to_owned()));
        };
        let why = match tokens.as_deref() {
            Some("required") => None,
            Some(tokens) => Some(format!("it launches with HttpTokens {tokens}")),
            None => by_default(task, image.as_deref()).await?,
        };
        if why.is_some() {
            return Ok(why);
        }
    }
    Ok(None)
}

async fn configuration(task: &Task<'_>, name: &str) -> Result<Option<Launch>, Fault> {
    let named = Parameters::new().with_list("LaunchConfigurationNames.member", [name]);
    let list = ["LaunchConfigurations"];
    let found = task.list(&DESCRIBE_LAUNCH_CONFIGURATIONS, &named, &list).await?;
    Ok(found.first().map(|found| Launch {
        tokens: text(found, "/MetadataOptions/HttpTokens").map(str::to_owned),
        image: text(found, "/ImageId").map(str::to_owned),
    }))
}

async fn template(task: &Task<'_>, named: &Value) -> Result<Option<Launch>, Fault> {
    let id = text(named, "/LaunchTemplateId").unwrap_or_default();
    let version = text(named, "/Version").unwrap_or("$Default");
    let asked = Parameters::new()
        .with("LaunchTemplateId", id)
        .with_list("LaunchTemplateVersion", [version]);
    let list = ["launchTemplateVersionSet"];
    let found = match task.list(&DESCRIBE_LAUNCH_TEMPLATE_VERSIONS, &asked, &list).await {
        Err(error) if error.code.starts_with("InvalidLaunchTemplate") => return Ok(None),
        found => found?,
    };
    let of = |found: &Value, path: &str| {
        text(found, &format!("/launchTemplateData/{path}")).map(str::to_owned)
    };
    Ok(found.first().map(|found| Launch {
        tokens: of(found, "metadataOptions/httpTokens"),
        image: of(found, "imageId"),
    }))
}

/// The same of a launch that says nothing of tokens: the account's default decides, then the AMI.
async fn by_default(task: &Task<'_>, image: Option<&str>) -> Result<Option<String>, Fault> {
    let defaults = task.ask(&GET_INSTANCE_METADATA_DEFAULTS, &Parameters::new()).await?;
    match text(&defaults, "/accountLevel/httpTokens") {
        Some("required") => return Ok(None),
        Some("optional") => {
            return Ok(Some(
                "it says nothing of tokens, and the account's default is optional".into(),
            ));
        }
        _ => {}
    }
    let why =
        || Some("it says nothing of tokens, and neither do the account and its AMI".to_owned());
    let Some(image) = image.filter(|image| image.starts_with("ami-")) else { return Ok(why()) };
    let named = Parameters::new().with_list("ImageId", [image]);
    let support = match task.ask(&DESCRIBE_IMAGES, &named).await {
        Err(error) if error.code.starts_with("InvalidAMIID") => return Ok(why()),
        answer => answer?,
    };
    let is_v2 = text(&support, "/imagesSet/0/imdsSupport") == Some("v2.0");
    Ok(if is_v2 { None } else { why() })
}
