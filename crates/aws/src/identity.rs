//! The caller: credentials, region and endpoints as the user's AWS configuration states them. All of
//! that is `aws-config`'s work (environment, profiles, SSO, web identity, process, container and
//! instance credentials); this module asks it, and says in words what was missing.

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::{
    ProvideCredentials, SharedCredentialsProvider, error::CredentialsError,
};
use aws_runtime::env_config::{file::EnvConfigFiles, section::EnvConfigSections, source};
use aws_types::{
    os_shim_internal::{Env, Fs},
    region::Region,
};

use crate::{
    endpoint::{BadEndpoint, Endpoints},
    error::chain,
    http,
};

/// One identity of the user's configuration: the default one, or a profile.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The profile; none for the default chain.
    pub profile: Option<String>,
    /// Where its credentials come from.
    pub credentials: SharedCredentialsProvider,
    /// The region it is configured for.
    pub region: Option<String>,
    /// Where its calls go.
    pub endpoints: Endpoints,
}

/// Why an identity cannot be used at all: a mistake in usage or configuration.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The profile is in neither file.
    #[error("profile `{profile}` is not in the AWS configuration{}", list(.known))]
    UnknownProfile {
        /// What was asked for.
        profile: String,
        /// The profiles that there are.
        known: Vec<String>,
    },
    /// The AWS configuration files cannot be read.
    #[error("the AWS configuration files cannot be read: {0}")]
    BadFiles(String),
    /// An endpoint is configured that calls cannot be sent to.
    #[error(transparent)]
    BadEndpoint(#[from] BadEndpoint),
    /// No source has credentials.
    #[error(
        "no AWS credentials were found{}. Tried, in this order: the environment \
         (AWS_ACCESS_KEY_ID), the shared config and credentials files (profile `{profile}`, with \
         SSO, assumed roles and credential_process), a web identity token, the container endpoint, \
         and the instance metadata service", for_profile(.profile)
    )]
    NoCredentials {
        /// The profile whose settings were used.
        profile: String,
    },
    /// A source of credentials exists and gives none: expired SSO, a failing process, a mistake.
    #[error("the source of credentials of profile `{profile}` gives none: {message}")]
    Unusable {
        /// The profile whose settings were used.
        profile: String,
        /// What went wrong.
        message: String,
    },
}

fn list(profiles: &[String]) -> String {
    match profiles {
        [] => " (there are no profiles at all)".to_owned(),
        names => format!("; there are: {}", names.join(", ")),
    }
}

fn for_profile(profile: &str) -> String {
    if profile == "default" { String::new() } else { format!(" for profile `{profile}`") }
}

/// Loads an identity and makes sure that it has credentials.
///
/// Credentials that exist but do not work (expired, wrong) are no error here: AWS says so in its own
/// words when they are used.
pub async fn load(
    profile: Option<&str>,
    endpoint_url: Option<&str>,
) -> Result<Identity, IdentityError> {
    let selected = check_profile(profile).await?;
    let config = sdk_config(profile).await;
    // Before credentials: fetching them may go there already.
    let endpoints = Endpoints::of(&config, endpoint_url)?;
    let no_credentials = || IdentityError::NoCredentials { profile: selected.clone() };
    let credentials = config.credentials_provider().ok_or_else(no_credentials)?;
    check_credentials(&credentials, &selected).await?;
    Ok(Identity {
        profile: profile.map(str::to_owned),
        credentials,
        region: config.region().map(ToString::to_string),
        endpoints,
    })
}

async fn sdk_config(profile: Option<&str>) -> SdkConfig {
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(http::for_credentials());
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
        if let Some(region) = profile_region(profile).await {
            loader = loader.region(Region::new(region));
        }
    }
    loader.load().await
}

/// The region of a profile named on the command line, which is meant more than `AWS_REGION`, set for
/// whatever else runs in that shell.
async fn profile_region(profile: &str) -> Option<String> {
    let sections = sections().await.ok()?;
    sections.get_profile(profile)?.get("region").map(str::to_owned)
}

async fn sections() -> Result<EnvConfigSections, IdentityError> {
    let files = EnvConfigFiles::default();
    let source = source::load(&Env::real(), &Fs::real(), &files)
        .await
        .map_err(|error| IdentityError::BadFiles(chain(&error)))?;
    EnvConfigSections::parse(source).map_err(|error| IdentityError::BadFiles(chain(&error)))
}

/// The profile that is in force, after making sure that one named by the user exists.
async fn check_profile(asked: Option<&str>) -> Result<String, IdentityError> {
    let sections = sections().await?;
    let from_environment = std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty());
    let named = asked.map(str::to_owned).or(from_environment);
    if let Some(profile) = &named
        && profile != "default"
        && sections.get_profile(profile).is_none()
    {
        let mut known: Vec<String> = sections.profiles().map(str::to_owned).collect();
        known.sort();
        return Err(IdentityError::UnknownProfile { profile: profile.clone(), known });
    }
    Ok(named.unwrap_or_else(|| "default".to_owned()))
}

async fn check_credentials(
    provider: &SharedCredentialsProvider,
    profile: &str,
) -> Result<(), IdentityError> {
    let profile = profile.to_owned();
    match provider.provide_credentials().await {
        Err(CredentialsError::CredentialsNotLoaded(_)) => {
            Err(IdentityError::NoCredentials { profile })
        }
        // What AWS refuses is AWS's answer: it becomes a row when the credentials are used.
        Err(error) if !refused_by_aws(&chain(&error)) => {
            Err(IdentityError::Unusable { profile, message: chain(&error) })
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Whether a source failed because AWS refused a role, and not on this side.
fn refused_by_aws(message: &str) -> bool {
    ["AccessDenied", "not authorized to perform"].iter().any(|word| message.contains(word))
}
