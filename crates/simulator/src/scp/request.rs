//! What the calls that are guarded ask of policies: their resources and their condition keys
//! ("Actions, resources, and condition keys for Amazon EC2", Service Authorization Reference).

use super::Request;
use crate::error::ApiError;
use crate::operations::Call;
use crate::operations::ec2::launch_wish;
use crate::request::Parameters;
use crate::world::options::switch;

/// The options that `ec2:Attribute/…` names, where a request carries them.
const OPTIONS: [(&str, &str); 5] = [
    ("HttpTokens", "ec2:Attribute/HttpTokens"),
    ("HttpEndpoint", "ec2:Attribute/HttpEndpoint"),
    ("HttpPutResponseHopLimit", "ec2:Attribute/HttpPutResponseHopLimit"),
    ("HttpProtocolIpv6", "ec2:Attribute/HttpProtocolIpv6"),
    ("InstanceMetadataTags", "ec2:Attribute/InstanceMetadataTags"),
];

/// The refusal of a call by a service control policy, if one refuses it.
pub(crate) fn denied(call: &Call<'_>, action: &str) -> Option<ApiError> {
    // The management account is bound by none.
    if call.caller.account == 0 {
        return None;
    }
    let guardrails = &call.cloud.guardrails;
    let refused =
        requests(call, action).into_iter().find(|it| guardrails.denies(call.account, it))?;
    let what = format!("{action} on resource: {}", refused.resource);
    let why = "with an explicit deny in a service control policy";
    let mut error = ApiError::not_authorized(call.protocol, &call.caller.arn, &what, why);
    error.message.push_str(". Encoded authorization failure message: ");
    error.message.push_str(&call.request_id.replace('-', ""));
    Some(error)
}

/// The requests that a call comes to: one for each resource that it needs. None where nothing is guarded.
fn requests(call: &Call<'_>, action: &str) -> Vec<Request> {
    match action {
        "ec2:ModifyInstanceMetadataOptions" => {
            let id = call.parameters.get("InstanceId").unwrap_or("*");
            let resource = call.arn("ec2", format_args!("instance/{id}"));
            vec![request(
                call,
                "ec2:ModifyInstanceMetadataOptions",
                resource,
                options(&call.parameters),
            )]
        }
        "ec2:ModifyInstanceMetadataDefaults" => {
            vec![request(call, "ec2:ModifyInstanceMetadataDefaults", "*".to_owned(), Vec::new())]
        }
        "ec2:ModifyImageAttribute" => {
            let id = call.parameters.get("ImageId").unwrap_or("*");
            let resource = format!("arn:aws:ec2:{}::image/{id}", call.region);
            let value = call.parameters.get("ImdsSupport.Value");
            let keys = value.map(|value| ("ec2:Attribute/ImdsSupport", value.to_owned()));
            vec![request(call, "ec2:ModifyImageAttribute", resource, keys.into_iter().collect())]
        }
        "ec2:RunInstances" => launch(call),
        _ => Vec::new(),
    }
}

fn request(
    call: &Call<'_>,
    action: &'static str,
    resource: String,
    mut keys: Vec<(&'static str, String)>,
) -> Request {
    keys.push(("aws:PrincipalArn", principal(call)));
    keys.push(("aws:PrincipalAccount", call.account.id.clone()));
    keys.push(("aws:RequestedRegion", call.region.to_owned()));
    keys.push(("ec2:Region", call.region.to_owned()));
    Request { action, resource, keys }
}

/// The ARN of the caller; of a session that of its role.
fn principal(call: &Call<'_>) -> String {
    let session = call.caller.arn.split_once(":assumed-role/").and_then(|(_, path)| {
        let (role, _) = path.rsplit_once('/')?;
        Some(format!("arn:aws:iam::{}:role/{role}", call.account.id))
    });
    session.unwrap_or_else(|| call.caller.arn.clone())
}

fn options(parameters: &Parameters) -> Vec<(&'static str, String)> {
    let given = |(name, key): (&str, &'static str)| Some((key, parameters.get(name)?.to_owned()));
    OPTIONS.into_iter().filter_map(given).collect()
}

/// A launch needs several resources, of which the instance alone has the metadata keys: those that the request or its template says, and no others.
fn launch(call: &Call<'_>) -> Vec<Request> {
    // What cannot be launched is refused for that.
    let Some((wish, image)) = launch_wish(call) else { return Vec::new() };
    let mut keys = Vec::new();
    if let Some(required) = wish.tokens {
        let word = if required { "required" } else { "optional" };
        keys.push(("ec2:MetadataHttpTokens", word.to_owned()));
    }
    if let Some(on) = wish.endpoint {
        keys.push(("ec2:MetadataHttpEndpoint", switch(on).to_owned()));
    }
    if let Some(hops) = wish.hop_limit {
        keys.push(("ec2:MetadataHttpPutResponseHopLimit", hops.to_string()));
    }
    let run = |resource, keys| request(call, "ec2:RunInstances", resource, keys);
    let mut requests = vec![
        run(call.arn("ec2", "instance/*"), keys),
        run(format!("arn:aws:ec2:{}::image/{image}", call.region), Vec::new()),
    ];
    for resource in ["network-interface/*", "security-group/*", "subnet/*", "volume/*"] {
        requests.push(run(call.arn("ec2", resource), Vec::new()));
    }
    if let Some(id) = call.parameters.get("LaunchTemplate.LaunchTemplateId") {
        requests.push(run(call.arn("ec2", format_args!("launch-template/{id}")), Vec::new()));
    }
    requests
}
