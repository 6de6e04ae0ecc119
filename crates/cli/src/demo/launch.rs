//! Somebody launches an instance in the simulated organization: what enforcement is there to refuse. imdsure itself never
//! launches anything, so that the story does it by hand.

use std::sync::Arc;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use imdsure_aws::{
    Parameters,
    access::{Access, Role},
    actor::Actor,
    client::Client,
    endpoint::Endpoints,
    operation::{DESCRIBE_IMAGES, RUN_INSTANCES},
    permissions,
    progress::Progress,
    scope::{Account, DEFAULT_ROLE, OrganizationalUnit},
};
use imdsure_simulator::Running;
use serde_json::Value;

use crate::failure::Failure;

/// Whether somebody launches, or only asks whether he might.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trial {
    DryRun,
    InEarnest,
}

/// What a dry run comes to that would be carried out.
pub(super) const YES: &str = "yes";

/// Tries to launch an instance that answers version 1, and gives what EC2 says.
pub(super) async fn with_version_1(
    running: &Running,
    account_id: &str,
    region: &str,
    trial: Trial,
) -> Result<String, Failure> {
    let endpoints = Endpoints::all_to(&running.endpoint_url()).map_err(Failure::bug)?;
    let (key, secret) = running.access_key();
    let credentials = Credentials::new(key, secret, None, None, "demo");
    let own = Arc::new(Access::own(SharedCredentialsProvider::new(credentials), endpoints));
    let access = if account_id == running.management_account() {
        own
    } else {
        Arc::new(Access::role(Role {
            via: own,
            region: region.to_owned(),
            arn: format!("arn:aws:iam::{account_id}:role/{DEFAULT_ROLE}"),
            account_id: account_id.to_owned(),
            session_policy: permissions::policy_for("Launch", [&DESCRIBE_IMAGES, &RUN_INSTANCES])
                .to_string(),
            session_name: "somebody".to_owned(),
            external_id: None,
        }))
    };
    let account = Account {
        id: account_id.to_owned(),
        name: None,
        arn: None,
        email: None,
        status: None,
        unit: OrganizationalUnit::default(),
        entered_as: DEFAULT_ROLE.to_owned(),
        home_region: region.to_owned(),
        access,
    };
    let client = Client::new(Arc::new(Progress::default()), 1).without_proxy(1);
    let actor = Actor { client: &client, account: &account, region };
    let amazon = Parameters::new().with("Owner.1", "amazon");
    let images = actor.ask(&DESCRIBE_IMAGES, &amazon).await.map_err(Failure::bug)?;
    let image = images.value.pointer("/imagesSet/0/imageId").and_then(Value::as_str);
    let launch = Parameters::new()
        .with("ImageId", image.unwrap_or_default())
        .with("InstanceType", "t3.micro")
        .with("MinCount", 1)
        .with("MaxCount", 1)
        .with("MetadataOptions.HttpTokens", "optional")
        .with("MetadataOptions.HttpEndpoint", "enabled");
    let answer = match trial {
        Trial::DryRun => actor.would(&RUN_INSTANCES, launch).await.map(|()| YES),
        Trial::InEarnest => actor.ask(&RUN_INSTANCES, &launch).await.map(|_| "it is launched"),
    };
    Ok(answer.map_or_else(|error| format!("{}: {}", error.code, error.message), str::to_owned))
}
