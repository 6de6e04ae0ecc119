//! Elastic Load Balancing v2: target groups, and how their targets fare.

use super::{Call, query_answer};
use crate::error::ApiError;
use crate::token;
use crate::world::ids;
use crate::world::instance::Instance;
use crate::world::targets::TargetGroup;
use crate::xml::Xml;

/// Parameters of the operations.
pub(crate) const DESCRIBE_GROUPS: &[&str] =
    &["LoadBalancerArn", "Marker", "Names.member.N", "PageSize", "TargetGroupArns.member.N"];
pub(crate) const DESCRIBE_HEALTH: &[&str] = &[
    "Include.member.N",
    "TargetGroupArn",
    "Targets.member.N.AvailabilityZone",
    "Targets.member.N.Id",
    "Targets.member.N.Port",
];

/// Target groups of a page: of AWS's default and at most.
const PAGE: usize = 400;
/// What one call may name.
const NAMES: usize = 20;

/// `DescribeTargetGroups`: all, those of a load balancer, or those named by ARN or by name.
pub(crate) fn describe_target_groups(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let parameters = &call.parameters;
    let balancer = parameters.get("LoadBalancerArn");
    let arns = parameters.list("TargetGroupArns.member");
    let names = parameters.list("Names.member");
    let ways = [balancer.is_some(), !arns.is_empty(), !names.is_empty()];
    if ways.iter().filter(|given| **given).count() > 1 {
        return Err(invalid(
            "You can specify one of the following: load balancer, target groups, or names",
        ));
    }
    if arns.len() > NAMES || names.len() > NAMES {
        return Err(invalid(&format!("A call may name {NAMES} target groups at most")));
    }
    let mut groups = call.stock()?.target_groups();
    let known = |wanted: &dyn Fn(&TargetGroup) -> bool| groups.iter().any(wanted);
    if let Some(arn) = balancer.filter(|arn| !known(&|it| balancer_arn(call, it) == **arn)) {
        return Err(not_found("LoadBalancerNotFound", "Load balancers", arn));
    }
    for arn in &arns {
        if !known(&|it| arn_of(call, it) == *arn) {
            return Err(not_found("TargetGroupNotFound", "Target groups", arn));
        }
    }
    for name in &names {
        if !known(&|it| it.name == *name) {
            return Err(not_found("TargetGroupNotFound", "Target groups", name));
        }
    }
    groups.retain(|group| {
        (arns.is_empty() || arns.contains(&arn_of(call, group).as_str()))
            && (names.is_empty() || names.contains(&group.name.as_str()))
            && balancer.is_none_or(|arn| balancer_arn(call, group) == arn)
    });
    let listing = call.listing(&format!("DescribeTargetGroups {balancer:?} {arns:?} {names:?}"));
    let size = match parameters.get("PageSize").map(str::parse::<usize>) {
        None => PAGE,
        Some(Ok(size @ 1..=PAGE)) => size,
        Some(_) => return Err(invalid(&format!("PageSize must be from 1 to {PAGE}"))),
    };
    let start = match parameters.get("Marker") {
        None | Some("") => 0,
        Some(given) => token::open(&call.cloud.token_key, &listing, given)
            .ok_or_else(|| invalid("Invalid marker"))? as usize,
    };
    let next = start.saturating_add(size);
    Ok(query_answer(call, call.service, "DescribeTargetGroups", |xml| {
        xml.put(&["<TargetGroups>"]);
        for group in groups.iter().skip(start).take(size) {
            write_group(xml, call, group);
        }
        xml.put(&["</TargetGroups>"]);
        if next < groups.len() {
            let marker = token::seal(&call.cloud.token_key, &listing, next as u64);
            xml.element("NextMarker", &marker);
        }
    }))
}

/// `DescribeTargetHealth`: of all targets, or of those that are named.
pub(crate) fn describe_target_health(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let arn = call.parameters.get("TargetGroupArn").ok_or_else(|| {
        invalid("1 validation error detected: Value null at 'targetGroupArn' failed to satisfy constraint: Member must not be null")
    })?;
    let mut stock = call.stock()?;
    let groups = stock.target_groups();
    let group = groups.into_iter().find(|group| arn_of(call, group) == arn);
    let group = group.ok_or_else(|| not_found("TargetGroupNotFound", "Target groups", arn))?;
    let named: Vec<&str> = call
        .parameters
        .numbers("Targets.member")
        .into_iter()
        .filter_map(|number| call.parameters.get(&format!("Targets.member.{number}.Id")))
        .collect();
    let targets = stock.targets(&group);
    let id = |target: &Instance| ids::text("i-", target.id);
    let registered: Vec<(String, &Instance)> =
        targets.iter().map(|target| (id(target), target)).collect();
    let strangers = named.iter().filter(|name| !registered.iter().any(|(id, _)| id == *name));
    Ok(query_answer(call, call.service, "DescribeTargetHealth", |xml| {
        xml.put(&["<TargetHealthDescriptions>"]);
        for (id, target) in &registered {
            if named.is_empty() || named.contains(&id.as_str()) {
                write_target(xml, &group, id, stock.target_health(target));
            }
        }
        for id in strangers {
            let text = "Target is not registered to the target group";
            write_target(xml, &group, id, ("unused", Some(("Target.NotRegistered", text))));
        }
        xml.put(&["</TargetHealthDescriptions>"]);
    }))
}

/// The ARN of a target group.
pub(super) fn arn_of(call: &Call<'_>, group: &TargetGroup) -> String {
    call.arn("elasticloadbalancing", group.resource())
}

fn balancer_arn(call: &Call<'_>, group: &TargetGroup) -> String {
    call.arn("elasticloadbalancing", group.balancer())
}

fn write_group(xml: &mut Xml, call: &Call<'_>, group: &TargetGroup) {
    xml.put(&["<member>"]).element("TargetGroupArn", &arn_of(call, group));
    xml.element("TargetGroupName", &group.name);
    xml.put(&["<Protocol>HTTP</Protocol><Port>"]).number(group.port()).put(&["</Port>"]);
    xml.element("VpcId", &ids::text("vpc-", group.key));
    xml.put(&[
        "<HealthCheckProtocol>HTTP</HealthCheckProtocol><HealthCheckPort>traffic-port</HealthCheckPort>",
        "<HealthCheckEnabled>true</HealthCheckEnabled><HealthCheckIntervalSeconds>30</HealthCheckIntervalSeconds>",
        "<HealthCheckTimeoutSeconds>5</HealthCheckTimeoutSeconds><HealthyThresholdCount>5</HealthyThresholdCount>",
        "<UnhealthyThresholdCount>2</UnhealthyThresholdCount><HealthCheckPath>/health</HealthCheckPath>",
        "<Matcher><HttpCode>200</HttpCode></Matcher><LoadBalancerArns>",
    ]);
    xml.element("member", &balancer_arn(call, group));
    xml.put(&[
        "</LoadBalancerArns><TargetType>instance</TargetType><ProtocolVersion>HTTP1</ProtocolVersion>",
        "<IpAddressType>ipv4</IpAddressType></member>",
    ]);
}

fn write_target(
    xml: &mut Xml,
    group: &TargetGroup,
    id: &str,
    (state, why): crate::world::health::TargetHealth,
) {
    xml.put(&["<member><Target>"]).element("Id", id);
    xml.put(&["<Port>"]).number(group.port()).put(&["</Port></Target><HealthCheckPort>"]);
    xml.number(group.port()).put(&["</HealthCheckPort><TargetHealth>"]);
    xml.element("State", state);
    if let Some((reason, description)) = why {
        xml.element("Reason", reason).element("Description", description);
    }
    xml.put(&["</TargetHealth></member>"]);
}

fn not_found(code: &'static str, what: &str, name: &str) -> ApiError {
    ApiError::new(400, code, format!("{what} '[{name}]' not found"))
}

fn invalid(text: &str) -> ApiError {
    ApiError::new(400, "ValidationError", text)
}
