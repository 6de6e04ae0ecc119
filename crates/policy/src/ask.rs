//! A request in one word, for the command line: `RunInstances:HttpTokens=optional,principal=ARN`.

use crate::{
    imds::{Caller, DEFAULT_OPTIONS, DEFAULTS, INSTANCE_OPTIONS, Launch, MODIFY, Principal, RUN},
    request::Request,
    words,
};

/// Why a text is no request; in words that teach how to write one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RequestError(String);

/// What each request may say of its caller.
const CALLER: [&str; 4] = ["RoleDelivery", "principal", "account", "region"];
const LAUNCH_OPTIONS: [&str; 4] =
    ["HttpTokens", "HttpEndpoint", "HttpPutResponseHopLimit", "template"];

impl Request {
    /// Reads `ACTION` or `ACTION:NAME=VALUE,NAME=VALUE…`.
    ///
    /// The action is one of EC2 (`RunInstances`) or has its service (`s3:GetObject`). RunInstances,
    /// ModifyInstanceMetadataOptions and ModifyInstanceMetadataDefaults take the options of their API;
    /// every action takes `RoleDelivery`, `principal`, `account` and `region`, RunInstances `template=yes`.
    ///
    /// # Errors
    /// With what may stand there instead.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        let (action, options) = split(text)?;
        let action = action_named(action)?;
        let known: &[&str] = match action.as_str() {
            RUN => &LAUNCH_OPTIONS,
            MODIFY => &INSTANCE_OPTIONS,
            DEFAULTS => &DEFAULT_OPTIONS,
            _ => &[],
        };
        let mut caller = Caller::default();
        let mut sent: Vec<(&str, &str)> = Vec::new();
        for option in options.split(',').filter(|_| !options.is_empty()) {
            let (name, value) = pair(option, &action, known)?;
            if sent.iter().any(|(known, _)| *known == name) {
                return Err(RequestError(format!("`{name}` stands twice in `{text}`")));
            }
            sent.push((name, value));
        }
        let value = |name: &str| sent.iter().find(|(known, _)| *known == name).map(|(_, v)| *v);
        caller.role_delivery = value("RoleDelivery").map(str::to_owned);
        caller.region = value("region").map(str::to_owned);
        caller.account = value("account").map(str::to_owned);
        if let Some(arn) = value("principal") {
            let (partition, account) = principal(arn)?;
            partition.clone_into(&mut caller.partition);
            caller.account.get_or_insert_with(|| account.to_owned());
            caller.principal = Principal::Arn(arn.to_owned());
        }
        let owned = |name: &str| value(name).map(str::to_owned);
        Ok(match action.as_str() {
            RUN => caller.launch(&Launch {
                tokens: owned("HttpTokens"),
                endpoint: owned("HttpEndpoint"),
                hop_limit: owned("HttpPutResponseHopLimit"),
                template: value("template") == Some("yes"),
            }),
            MODIFY => caller.modify(sent.iter().filter(|(name, _)| known.contains(name)).copied()),
            DEFAULTS => caller.modify_defaults(),
            _ => caller.call(&action),
        })
    }
}

/// The action and its options: those begin after the last colon before the first equals sign.
fn split(text: &str) -> Result<(&str, &str), RequestError> {
    let Some((before, _)) = text.split_once('=') else { return Ok((text, "")) };
    let Some((action, _)) = before.rsplit_once(':') else {
        return Err(RequestError(format!(
            "`{text}` names no action: write ACTION:NAME=VALUE, as RunInstances:HttpTokens=optional"
        )));
    };
    Ok((action, text.get(action.len() + 1..).unwrap_or_default()))
}

/// The action with its service, the three of this trade in AWS's own spelling.
fn action_named(text: &str) -> Result<String, RequestError> {
    let wrong = |why: &str| {
        Err(RequestError(format!(
            "`{text}` is no action: {why}; write RunInstances, ModifyInstanceMetadataOptions, \
             ModifyInstanceMetadataDefaults, or SERVICE:ACTION as in s3:GetObject"
        )))
    };
    let named = if text.contains(':') { text.to_owned() } else { format!("ec2:{text}") };
    let Some((service, action)) = named.split_once(':') else { return wrong("it has no service") };
    let letters = |text: &str, also: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c))
    };
    if !letters(service, "-") || !letters(action, "") {
        return wrong("one action is letters and digits, without wildcards");
    }
    if service.chars().any(|c| c.is_ascii_uppercase()) {
        return wrong("a service is written in lower case; an option is NAME=VALUE");
    }
    let ours = [RUN, MODIFY, DEFAULTS];
    if let Some(known) = ours.iter().find(|known| known.eq_ignore_ascii_case(&named)) {
        return Ok((*known).to_owned());
    }
    match words::nearest(&named, ours) {
        Some(near) => wrong(&format!("did you mean {near}?")),
        None if !text.contains(':') => wrong("another action needs its service"),
        None => Ok(named),
    }
}

fn pair<'a>(
    option: &'a str,
    action: &str,
    known: &[&str],
) -> Result<(&'a str, &'a str), RequestError> {
    let taken = || {
        let names: Vec<&str> = known.iter().chain(&CALLER).copied().collect();
        format!("{action} takes {}", names.join(", "))
    };
    let Some((name, value)) = option.split_once('=') else {
        return Err(RequestError(format!("`{option}` is not NAME=VALUE; {}", taken())));
    };
    if !known.contains(&name) && !CALLER.contains(&name) {
        return Err(RequestError(format!("`{name}` is not known here; {}", taken())));
    }
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let values: &[&str] = match name {
        "HttpTokens" if action == DEFAULTS => &["optional", "required", "no-preference"],
        "HttpTokens" => &["optional", "required"],
        "RoleDelivery" => &["1.0", "2.0"],
        "template" => &["yes", "no"],
        "HttpPutResponseHopLimit" => {
            let limit = value.parse::<i8>().unwrap_or(0);
            if (1..=64).contains(&limit) || (action == DEFAULTS && limit == -1) {
                return Ok((name, value));
            }
            return Err(RequestError(format!("{name} is 1 to 64, not `{value}`")));
        }
        "account" if value.len() == 12 && digits(value) => return Ok((name, value)),
        "account" => {
            return Err(RequestError(format!("an account is twelve digits, not `{value}`")));
        }
        "principal" | "region" => return Ok((name, value)),
        _ if action == DEFAULTS => &["enabled", "disabled", "no-preference"],
        _ => &["enabled", "disabled"],
    };
    if values.contains(&value) {
        return Ok((name, value));
    }
    Err(RequestError(format!("{name} is {}, not `{value}`", values.join(" or "))))
}

/// Partition and account of a principal's ARN.
fn principal(arn: &str) -> Result<(&str, &str), RequestError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "iam", "", account, name]
            if ["role/", "user/"].iter().any(|kind| name.starts_with(kind)) =>
        {
            Ok((partition, account))
        }
        _ => Err(RequestError(format!(
            "`{arn}` is no principal: write the ARN of a role or user as \
             arn:aws:iam::111122223333:role/NAME (for a session, that of its role)"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyValue, imds::TOKENS};

    #[test]
    fn requests_in_one_word() {
        let launch = Request::parse("RunInstances:HttpTokens=optional").unwrap();
        assert_eq!(launch.action, RUN);
        assert_eq!(launch.key(TOKENS, &launch.resources[0]), KeyValue::of("optional"));
        let template = Request::parse("ec2:runinstances:template=yes").unwrap();
        assert!(template.resources.iter().any(|r| r.kind == "launch-template"));
        let call = Request::parse(
            "s3:GetObject:RoleDelivery=1.0,principal=arn:aws-cn:iam::111122223333:role/a,region=r",
        )
        .unwrap();
        let key = |name: &str| call.key(name, &call.resources[0]);
        assert_eq!(key("ec2:RoleDelivery"), KeyValue::of("1.0"));
        assert_eq!(key("aws:PrincipalAccount"), KeyValue::of("111122223333"));
        assert_eq!(key("aws:RequestedRegion"), KeyValue::of("r"));
        let defaults =
            "ModifyInstanceMetadataDefaults:HttpTokens=no-preference,HttpPutResponseHopLimit=-1";
        assert_eq!(Request::parse(defaults).unwrap().action, DEFAULTS);
    }

    #[test]
    fn what_is_none_is_explained() {
        for (text, words) in [
            ("", "s3:GetObject"),
            ("HttpTokens=optional", "names no action"),
            ("RunInstance", "did you mean ec2:RunInstances"),
            ("ec2:*", "without wildcards"),
            ("RunInstances:HttpToken=optional", "takes HttpTokens"),
            ("RunInstances:HttpTokens=Optional", "optional or required"),
            ("RunInstances:HttpTokens=optional,", "NAME=VALUE"),
            ("RunInstances:HttpTokens=no-preference", "optional or required"),
            ("RunInstances:HttpPutResponseHopLimit=65", "1 to 64"),
            ("RunInstances:HttpTokens=optional,HttpTokens=required", "twice"),
            ("ModifyInstanceMetadataOptions:HttpTokensEnforced=enabled", "takes HttpTokens"),
            ("s3:GetObject:HttpTokens=optional", "takes RoleDelivery"),
            ("s3:GetObject:RoleDelivery=1", "1.0 or 2.0"),
            ("s3:GetObject:principal=admin", "role/NAME"),
            ("s3:GetObject:account=1", "twelve digits"),
        ] {
            let error = Request::parse(text).unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
