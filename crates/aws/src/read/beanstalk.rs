//! Elastic Beanstalk environments, with the option that switches version 1 off. The option stands among
//! an environment's settings, which are read environment by environment.

use imdsure_model::ErrorKind;
use serde_json::Value;

use super::described::{Describe, Described};
use crate::{
    error::CallError,
    operation::{DESCRIBE_CONFIGURATION_SETTINGS, DESCRIBE_ENVIRONMENTS},
    row::{Row, at, items, text_at},
    tables::AWS_ELASTIC_BEANSTALK_ENVIRONMENT,
    unit::Unit,
    wire::Parameters,
};

const SETTINGS: &str = "ConfigurationSettings";
/// Where the option stands, and its name.
pub const DISABLE_IMDSV1: (&str, &str) = ("aws:autoscaling:launchconfiguration", "DisableIMDSv1");

/// Reads all environments that are not terminated. One whose settings cannot be read has its row all the
/// same.
pub(crate) async fn environments(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let living = Parameters::new().with("IncludeDeleted", "false");
    let environments = unit.list(&DESCRIBE_ENVIRONMENTS, living, &["Environments"]).await?;
    let describe = Describe {
        operation: &DESCRIBE_CONFIGURATION_SETTINGS,
        member: SETTINGS,
        gone: is_gone,
        tables: &[&AWS_ELASTIC_BEANSTALK_ENVIRONMENT],
    };
    let described = unit.describe_each(&describe, environments.iter().map(asked).collect()).await;
    let (mut rows, mut hidden) = (Vec::new(), Vec::new());
    for (environment, described) in environments.iter().zip(described) {
        if described == Described::Gone {
            continue;
        }
        let answer = described.answer();
        let settings = answer.as_ref().and_then(|it| in_force(items(at(it, &[SETTINGS]))));
        if answer.is_some() && settings.is_none() {
            hidden.push(not_shown(unit, environment));
        }
        let option = settings.map_or(&Value::Null, option);
        rows.push(
            row(unit, environment)
                .set("settings_read", settings.is_some())
                .set("disable_imdsv1", option.clone()),
        );
    }
    unit.unread_each(hidden, describe.tables);
    unit.append(&AWS_ELASTIC_BEANSTALK_ENVIRONMENT, &rows);
    Ok(())
}

fn asked(environment: &Value) -> Parameters {
    let text = |name: &str| text_at(environment, &[name]).unwrap_or_default();
    Parameters::new()
        .with("ApplicationName", text("ApplicationName"))
        .with("EnvironmentName", text("EnvironmentName"))
}

/// Beanstalk has no code of its own for what is not there.
pub fn is_gone(error: &CallError) -> bool {
    error.code == "InvalidParameterValue" && error.message.starts_with("No Environment found")
}

/// Beanstalk leaves out what the caller may not read, instead of refusing.
fn not_shown(unit: &Unit<'_>, environment: &Value) -> CallError {
    let name = text_at(environment, &["EnvironmentName"]).unwrap_or_default();
    CallError {
        account_id: Some(unit.account.id.clone()),
        region: Some(unit.region.to_owned()),
        operation: DESCRIBE_CONFIGURATION_SETTINGS.name(),
        code: "NotShown".to_owned(),
        message: format!(
            "the answer holds no settings of the environment `{name}`: Elastic Beanstalk leaves out what the caller may not read"
        ),
        kind: ErrorKind::Denied,
    }
}

/// The value of the option that switches version 1 off, in an answer of DescribeConfigurationSettings: null where nobody set it,
/// none where the answer shows no settings.
pub fn disable_imdsv1(answer: &Value) -> Option<&Value> {
    in_force(items(at(answer, &[SETTINGS]))).map(option)
}

/// The settings that the environment runs with. Beside those that are deployed there may be a draft that is
/// being deployed, or that failed; a new environment has nothing but the draft.
fn in_force(settings: &[Value]) -> Option<&Value> {
    let with_status = |wanted: &str| {
        settings.iter().find(|item| text_at(item, &["DeploymentStatus"]) == Some(wanted))
    };
    with_status("deployed").or_else(|| with_status("pending"))
}

fn option(settings: &Value) -> &Value {
    let (namespace, name) = DISABLE_IMDSV1;
    let found = items(at(settings, &["OptionSettings"])).iter().find(|option| {
        text_at(option, &["Namespace"]) == Some(namespace)
            && text_at(option, &["OptionName"]) == Some(name)
    });
    found.map_or(&Value::Null, |option| at(option, &["Value"]))
}

fn row(unit: &Unit<'_>, environment: &Value) -> Row {
    unit.row(&AWS_ELASTIC_BEANSTALK_ENVIRONMENT)
        .take(
            environment,
            &[
                ("arn", "EnvironmentArn"),
                ("environment_id", "EnvironmentId"),
                ("environment_name", "EnvironmentName"),
                ("application_name", "ApplicationName"),
                ("status", "Status"),
                ("solution_stack_name", "SolutionStackName"),
            ],
        )
        .set("tier", at(environment, &["Tier", "Name"]).clone())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{read::scene::Scene, tables::SCAN_ERROR};

    fn environment(name: &str) -> String {
        format!(
            "<member><ApplicationName>my-app</ApplicationName><EnvironmentName>{name}</EnvironmentName>\
             <EnvironmentId>e-{name}</EnvironmentId><Status>Ready</Status><Health>Green</Health>\
             <EnvironmentArn>arn:aws:elasticbeanstalk:eu-west-1:111122223333:environment/my-app/{name}</EnvironmentArn>\
             <SolutionStackName>64bit Amazon Linux 2023 v4.3.0 running Python 3.11</SolutionStackName>\
             <Tier><Version> </Version><Type>Standard</Type><Name>WebServer</Name></Tier></member>"
        )
    }

    fn page(names: &[&str], next: &str) -> String {
        let members = names.iter().map(|name| environment(name)).collect::<Vec<_>>().concat();
        format!(
            "<DescribeEnvironmentsResponse xmlns=\"http://elasticbeanstalk.amazonaws.com/docs/2010-12-01/\">\
             <DescribeEnvironmentsResult><Environments>{members}</Environments>{next}</DescribeEnvironmentsResult>\
             <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></DescribeEnvironmentsResponse>"
        )
    }

    fn settings(sets: &[(&str, &str)]) -> String {
        let member = |(status, option): &(&str, &str)| {
            format!(
                "<member><DeploymentStatus>{status}</DeploymentStatus><OptionSettings>\
                 <member><Namespace>aws:elb:policies</Namespace><OptionName>DisableIMDSv1</OptionName><Value>no</Value></member>\
                 {option}</OptionSettings></member>"
            )
        };
        let members = sets.iter().map(member).collect::<Vec<_>>().concat();
        format!(
            "<DescribeConfigurationSettingsResponse><DescribeConfigurationSettingsResult>\
             <ConfigurationSettings>{members}</ConfigurationSettings></DescribeConfigurationSettingsResult>\
             </DescribeConfigurationSettingsResponse>"
        )
    }

    fn option(value: &str) -> String {
        format!(
            "<member><ResourceName>AWSEBAutoScalingGroup</ResourceName><OptionName>DisableIMDSv1</OptionName>\
             <Namespace>aws:autoscaling:launchconfiguration</Namespace>{value}</member>"
        )
    }

    fn refused(code: &str, message: &str) -> String {
        format!(
            "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        )
    }

    #[tokio::test]
    async fn environments_become_rows_with_the_settings_in_force() {
        let (on, off) = (option("<Value>true</Value>"), option("<Value>false</Value>"));
        let (draft, silent) =
            (settings(&[("pending", &on), ("deployed", &off)]), settings(&[("deployed", "")]));
        let gone =
            refused("InvalidParameterValue", "No Environment found for EnvironmentName = 'gone'.");
        let scene = Scene::new()
            .answers(
                &["Action=DescribeEnvironments", "NextToken=t"],
                200,
                &page(&["gone", "hidden", "closed", "new"], ""),
            )
            .answers(
                &["Action=DescribeEnvironments", "IncludeDeleted=false", "MaxRecords=1000"],
                200,
                &page(&["on", "draft", "silent"], "<NextToken>t</NextToken>"),
            )
            .answers(
                &["ApplicationName=my-app", "EnvironmentName=on"],
                200,
                &settings(&[("deployed", &on)]),
            )
            .answers(&["EnvironmentName=draft"], 200, &draft)
            .answers(&["EnvironmentName=silent"], 200, &silent)
            .answers(&["EnvironmentName=gone"], 400, &gone)
            .answers(&["EnvironmentName=hidden"], 200, &settings(&[]))
            .answers(
                &["EnvironmentName=closed"],
                403,
                &refused("InsufficientPrivilegesException", "no"),
            )
            .answers(
                &["EnvironmentName=new"],
                200,
                &settings(&[("failed", &off), ("pending", &on)]),
            );
        environments(&mut scene.unit()).await.unwrap();
        let rows = scene.rows(&AWS_ELASTIC_BEANSTALK_ENVIRONMENT);
        assert_eq!(
            rows[0],
            json!({"arn": "arn:aws:elasticbeanstalk:eu-west-1:111122223333:environment/my-app/on",
                "environment_id": "e-on", "environment_name": "on", "application_name": "my-app", "status": "Ready",
                "solution_stack_name": "64bit Amazon Linux 2023 v4.3.0 running Python 3.11", "tier": "WebServer",
                "disable_imdsv1": "true", "settings_read": true})
        );
        let told = rows.as_array().unwrap().iter();
        let told: Vec<_> = told
            .map(|row| {
                (
                    row["environment_name"].as_str().unwrap(),
                    row["settings_read"] == true,
                    row["disable_imdsv1"].as_str(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("on", true, Some("true")),
                ("draft", true, Some("false")),
                ("silent", true, None),
                ("hidden", false, None),
                ("closed", false, None),
                ("new", true, Some("true")),
            ]
        );
        let errors = scene.rows(&SCAN_ERROR);
        let codes: Vec<_> = errors.as_array().unwrap().iter().map(|error| &error["code"]).collect();
        assert_eq!(codes, ["InsufficientPrivilegesException", "NotShown"]);
    }
}
