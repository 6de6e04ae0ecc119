//! Who the credentials belong to, and credentials of a role.

use std::time::SystemTime;

use aws_credential_types::Credentials;

use crate::{
    access::Role,
    client::{Client, Place},
    error::{CallError, Failure},
    operation::{ASSUME_ROLE, GET_CALLER_IDENTITY},
    wire::Parameters,
    xml::Cursor,
};

/// An hour: the most that a role assumed by a role may have.
const SESSION_SECONDS: u32 = 3600;

/// An answer of GetCallerIdentity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account_id: String,
    pub(crate) arn: String,
}

pub(crate) async fn caller_identity(
    client: &Client,
    place: &Place<'_>,
) -> Result<Caller, CallError> {
    client.call(&GET_CALLER_IDENTITY, place, &Parameters::new(), caller).await
}

fn caller(page: &[u8]) -> Result<Caller, Failure> {
    let mut xml = Cursor::new(page)?;
    xml.root("GetCallerIdentityResponse")?;
    let (mut account_id, mut arn) = (None, None);
    while let Some(name) = xml.child()? {
        match name {
            "GetCallerIdentityResult" => {
                while let Some(name) = xml.child()? {
                    match name {
                        "Account" => account_id = Some(xml.text()?.into_owned()),
                        "Arn" => arn = Some(xml.text()?.into_owned()),
                        _ => xml.skip()?,
                    }
                }
            }
            _ => xml.skip()?,
        }
    }
    xml.end()?;
    match (account_id, arn) {
        (Some(account_id), Some(arn)) => Ok(Caller { account_id, arn }),
        _ => Err(Failure::malformed("GetCallerIdentity answered without account or ARN")),
    }
}

pub(crate) async fn assume_role(
    client: &Client,
    place: &Place<'_>,
    role: &Role,
) -> Result<Credentials, CallError> {
    let parameters = Parameters::new()
        .with("RoleArn", role.arn.as_str())
        .with("RoleSessionName", role.session_name.as_str())
        .with("DurationSeconds", SESSION_SECONDS)
        .with("Policy", role.session_policy.as_str());
    let parameters = match &role.external_id {
        Some(id) => parameters.with("ExternalId", id.as_str()),
        None => parameters,
    };
    client.call(&ASSUME_ROLE, place, &parameters, role_credentials).await
}

fn role_credentials(page: &[u8]) -> Result<Credentials, Failure> {
    let mut xml = Cursor::new(page)?;
    xml.root("AssumeRoleResponse")?;
    let mut credentials = None;
    while let Some(name) = xml.child()? {
        match name {
            "AssumeRoleResult" => {}
            "Credentials" => credentials = Some(session(&mut xml)?),
            _ if credentials.is_some() => break,
            _ => xml.skip()?,
        }
    }
    credentials.ok_or_else(|| Failure::malformed("AssumeRole answered without credentials"))
}

fn session(xml: &mut Cursor<'_>) -> Result<Credentials, Failure> {
    let (mut id, mut secret, mut token, mut expiry) = (None, None, None, None);
    while let Some(name) = xml.child()? {
        match name {
            "AccessKeyId" => id = Some(xml.text()?),
            "SecretAccessKey" => secret = Some(xml.text()?),
            "SessionToken" => token = Some(xml.text()?.into_owned()),
            "Expiration" => expiry = xml.text()?.parse::<jiff::Timestamp>().ok(),
            _ => xml.skip()?,
        }
    }
    let (Some(id), Some(secret), Some(token), Some(expiry)) = (id, secret, token, expiry) else {
        return Err(Failure::malformed("AssumeRole answered with incomplete credentials"));
    };
    Ok(Credentials::new(id, secret, Some(token), Some(SystemTime::from(expiry)), "AssumeRole"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_answers_are_read() {
        // The shapes of AWS's API reference.
        let identity = br#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/Alice</Arn>
          <UserId>AIDACKCEVSQ6C2EXAMPLE</UserId><Account>123456789012</Account></GetCallerIdentityResult>
          <ResponseMetadata><RequestId>01234567</RequestId></ResponseMetadata></GetCallerIdentityResponse>"#;
        assert_eq!(caller(identity).unwrap().account_id, "123456789012");
        let role = br#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
          <SourceIdentity>Alice</SourceIdentity><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/demo/T</Arn>
          <AssumedRoleId>ARO123EXAMPLE123:T</AssumedRoleId></AssumedRoleUser><Credentials>
          <AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>wJalr/xyz</SecretAccessKey>
          <SessionToken>AQoDYXdz==</SessionToken><Expiration>2019-11-09T13:34:41Z</Expiration></Credentials>
          <PackedPolicySize>6</PackedPolicySize></AssumeRoleResult><ResponseMetadata><RequestId>c</RequestId>
          </ResponseMetadata></AssumeRoleResponse>"#;
        let credentials = role_credentials(role).unwrap();
        assert_eq!(credentials.access_key_id(), "ASIAIOSFODNN7EXAMPLE");
        assert!(credentials.expiry().is_some());
        assert!(role_credentials(b"<AssumeRoleResponse/>").is_err());
        assert!(caller(b"<html/>").is_err());
    }
}
