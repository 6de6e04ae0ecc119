//! Elastic Beanstalk: environments and the option that turns version 1 of the metadata service off.

mod update;

use super::{Call, query_answer};
use crate::error::ApiError;
use crate::hash;
use crate::token;
use crate::world::catalog::BEANSTALK;
use crate::world::stock::Stock;
use crate::xml::Xml;

pub(crate) use update::{TERMINATE, UPDATE, terminate_environment, update_environment};

/// The namespace of the options of what is launched, and the one that is looked at.
const LAUNCHING: &str = "aws:autoscaling:launchconfiguration";
const DISABLE: &str = "DisableIMDSv1";

/// Parameters of the operations.
pub(crate) const DESCRIBE_APPLICATIONS: &[&str] = &["ApplicationNames.member.N"];
pub(crate) const DESCRIBE_ENVIRONMENTS: &[&str] = &[
    "ApplicationName",
    "EnvironmentIds.member.N",
    "EnvironmentNames.member.N",
    "IncludeDeleted",
    "MaxRecords",
    "NextToken",
];
pub(crate) const DESCRIBE_SETTINGS: &[&str] = &["ApplicationName", "EnvironmentName"];

/// 2022-03-07.
const CREATED: i64 = 1_646_611_200;

/// An environment: one for each of the names that instances are tagged with.
struct Environment {
    name: &'static str,
    id: String,
    application: &'static str,
    platform: &'static str,
    /// The value of `DisableIMDSv1`. Nobody set it where it is none: then it is true on Amazon Linux 2023 and false before.
    disabled: Option<&'static str>,
    /// When it was updated last, and whether it is ready again.
    updated: i64,
    is_ready: bool,
    is_terminated: bool,
}

/// Application, platform and `DisableIMDSv1` of the environments of [`BEANSTALK`].
const KINDS: [(&str, &str, Option<&str>); BEANSTALK.len()] = [
    ("Shop", "64bit Amazon Linux 2023 v4.3.0 running Python 3.11", Some("true")),
    ("Intranet", "64bit Amazon Linux 2 v3.5.9 running PHP 8.1", Some("false")),
    ("Api", "64bit Amazon Linux 2 v3.7.2 running Corretto 11", None),
    ("Reports", "64bit Amazon Linux 2023 v4.1.1 running Node.js 18", None),
];

fn all(stock: &Stock<'_>) -> Vec<Environment> {
    let key = stock.seed.key;
    let environments = BEANSTALK.into_iter().zip(KINDS);
    let environment = |(name, (application, platform, disabled))| {
        let number = hash::join(key, hash::text(name));
        let change = stock.services().and_then(|services| services.environments.get(name));
        Environment {
            name,
            id: format!("e-{:010x}", number >> 24),
            application,
            platform,
            disabled: change.map_or(disabled, |change| change.disabled),
            updated: change.map_or(CREATED, |change| change.at),
            is_ready: change.is_none_or(|change| change.ready <= stock.now),
            is_terminated: change.is_some_and(|change| change.is_terminated),
        }
    };
    environments.map(environment).collect()
}

/// `DescribeApplications`.
#[expect(clippy::unnecessary_wraps, reason = "the table of operations knows one type")]
pub(crate) fn describe_applications(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let names = call.parameters.list("ApplicationNames.member");
    let applications = KINDS.iter().map(|(name, _, _)| *name);
    Ok(query_answer(call, call.service, "DescribeApplications", |xml| {
        xml.put(&["<Applications>"]);
        for name in applications.filter(|name| names.is_empty() || names.contains(name)) {
            xml.put(&["<member>"]).element("ApplicationName", name);
            let arn = call.arn("elasticbeanstalk", format_args!("application/{name}"));
            xml.element("ApplicationArn", &arn).put(&["<DateCreated>"]);
            xml.time(CREATED).put(&["</DateCreated><Versions/><ConfigurationTemplates/></member>"]);
        }
        xml.put(&["</Applications>"]);
    }))
}

/// `DescribeEnvironments`: all at once, or in pages with `MaxRecords`.
pub(crate) fn describe_environments(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let parameters = &call.parameters;
    let with_deleted = parameters.flag("IncludeDeleted")?;
    let names = parameters.list("EnvironmentNames.member");
    let ids = parameters.list("EnvironmentIds.member");
    let application = parameters.get("ApplicationName");
    let mut environments = all(&call.stock()?);
    environments.retain(|environment| {
        (with_deleted || !environment.is_gone())
            && (names.is_empty() || names.contains(&environment.name))
            && (ids.is_empty() || ids.contains(&environment.id.as_str()))
            && application.is_none_or(|application| environment.application == application)
    });
    let listing = call.listing(&format!("DescribeEnvironments {names:?} {ids:?} {application:?}"));
    let size = match parameters.get("MaxRecords").map(str::parse::<usize>) {
        None => environments.len(),
        Some(Ok(size @ 1..=1000)) => size,
        Some(_) => return Err(call.invalid("MaxRecords must be from 1 to 1000")),
    };
    let start = match parameters.get("NextToken") {
        None | Some("") => 0,
        Some(given) => token::open(&call.cloud.token_key, &listing, given)
            .ok_or_else(|| call.invalid("Invalid NextToken"))? as usize,
    };
    let next = start.saturating_add(size);
    Ok(query_answer(call, call.service, "DescribeEnvironments", |xml| {
        xml.put(&["<Environments>"]);
        for environment in environments.iter().skip(start).take(size) {
            xml.put(&["<member>"]);
            environment.write(call, xml);
            xml.put(&["</member>"]);
        }
        xml.put(&["</Environments>"]);
        if next < environments.len() {
            xml.element("NextToken", &token::seal(&call.cloud.token_key, &listing, next as u64));
        }
    }))
}

impl Environment {
    /// Whether it is terminated, and not only about to be.
    const fn is_gone(&self) -> bool {
        self.is_terminated && self.is_ready
    }

    fn write(&self, call: &Call<'_>, xml: &mut Xml) {
        let arn = call.arn(
            "elasticbeanstalk",
            format_args!("environment/{}/{}", self.application, self.name),
        );
        xml.element("EnvironmentName", self.name).element("EnvironmentId", &self.id);
        xml.element("ApplicationName", self.application);
        xml.element("SolutionStackName", self.platform);
        xml.put(&["<DateCreated>"]).time(CREATED).put(&["</DateCreated><DateUpdated>"]);
        xml.time(self.updated).put(&["</DateUpdated>"]);
        let (status, health, word) = match (self.is_terminated, self.is_ready) {
            (false, true) => ("Ready", "Green", "Ok"),
            (false, false) => ("Updating", "Grey", "Info"),
            (true, false) => ("Terminating", "Grey", "Info"),
            (true, true) => ("Terminated", "Grey", "Info"),
        };
        xml.element("Status", status).element("Health", health).element("HealthStatus", word);
        xml.put(&["<AbortableOperationInProgress>false</AbortableOperationInProgress>"]);
        xml.put(&[
            "<Tier><Name>WebServer</Name><Type>Standard</Type><Version>1.0</Version></Tier>",
        ]);
        xml.put(&["<EnvironmentLinks/>"]).element("EnvironmentArn", &arn);
    }
}

/// `DescribeConfigurationSettings` of an environment. Options that nobody set have no value.
pub(crate) fn describe_configuration_settings(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let required = |name: &str| {
        let text = format!("{name} is required.");
        call.parameters.get(name).ok_or_else(|| ApiError::new(400, "MissingParameter", text))
    };
    let (application, name) = (required("ApplicationName")?, required("EnvironmentName")?);
    let environments = all(&call.stock()?);
    let environment = environments
        .iter()
        .filter(|environment| !environment.is_gone())
        .find(|environment| environment.name == name && environment.application == application)
        .ok_or_else(|| {
            call.invalid(format!("No Environment found for EnvironmentName = '{name}'."))
        })?;
    Ok(query_answer(call, call.service, "DescribeConfigurationSettings", |xml| {
        xml.put(&["<ConfigurationSettings><member>"]);
        xml.element("SolutionStackName", environment.platform);
        xml.element("ApplicationName", application).element("EnvironmentName", name);
        let deployed = if environment.is_ready { "deployed" } else { "pending" };
        xml.element("DeploymentStatus", deployed).put(&["<DateCreated>"]);
        xml.time(CREATED).put(&["</DateCreated><DateUpdated>"]).time(environment.updated);
        xml.put(&["</DateUpdated><OptionSettings>"]);
        option(xml, LAUNCHING, DISABLE, environment.disabled);
        option(xml, LAUNCHING, "IamInstanceProfile", Some("aws-elasticbeanstalk-ec2-role"));
        option(xml, LAUNCHING, "EC2KeyName", None);
        option(xml, "aws:elasticbeanstalk:environment", "EnvironmentType", Some("LoadBalanced"));
        xml.put(&["</OptionSettings></member></ConfigurationSettings>"]);
    }))
}

fn option(xml: &mut Xml, namespace: &str, name: &str, value: Option<&str>) {
    xml.put(&["<member>"]).element("Namespace", namespace).element("OptionName", name);
    if let Some(value) = value {
        xml.element("Value", value);
    }
    xml.put(&["</member>"]);
}
