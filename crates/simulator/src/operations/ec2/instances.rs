//! `DescribeInstances`: which instances, and in which page.

use std::ops::Range;

use super::criteria::{Field, matches};
use super::filters::Filters;
use super::render::Scene;
use super::{Call, open_answer, stop_dry_run};
use crate::error::{ApiError, auth_failure};
use crate::request::Parameters;
use crate::throttle::Limit;
use crate::token;
use crate::world::Unit;
use crate::xml::Xml;

/// Parameters of `DescribeInstances`.
pub(crate) const PARAMETERS: &[&str] =
    &["DryRun", "Filter.N.Name", "Filter.N.Value.N", "InstanceId.N", "MaxResults", "NextToken"];

/// About the size of one instance's XML, to reserve memory once.
const INSTANCE_BYTES: usize = 6_000;

/// Above this many instances an answer without pages would be hundreds of megabytes; AWS says that such calls "might be throttled and could time out".
const UNPAGINATED: usize = 50_000;

/// The bucket a call takes from: asking for everything at once costs more.
pub(crate) fn limit(parameters: &Parameters) -> Limit {
    let narrowed = parameters.get("MaxResults").is_some()
        || !parameters.numbers("Filter").is_empty()
        || !parameters.list("InstanceId").is_empty();
    if narrowed { Limit::Reading } else { Limit::ReadingAll }
}

/// `DescribeInstances` in the caller's account and region.
pub(crate) fn describe_instances(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let asked = Asked::read(call)?;
    stop_dry_run(call)?;
    let mut xml = open_answer(call, "DescribeInstances", asked.expected_bytes(call));
    xml.put(&["<reservationSet>"]);
    let next = asked.show(call, &mut xml);
    if next.is_some() && asked.page.is_none() {
        let text = "Request limit exceeded. Ask for pages with MaxResults.";
        return Err(ApiError::new(503, "RequestLimitExceeded", text));
    }
    xml.put(&["</reservationSet>"]);
    if let Some(next) = next {
        xml.element("nextToken", &token::seal(&call.cloud.token_key, &asked.listing, next));
    }
    xml.put(&["</DescribeInstancesResponse>"]);
    Ok(xml.into_bytes())
}

/// What a call asks for.
struct Asked {
    unit: Unit,
    filters: Filters<Field>,
    /// The places of the instances that were named, if any were.
    named: Option<Vec<u64>>,
    page: Option<usize>,
    /// The place to begin at.
    start: u64,
    /// What the page token is bound to.
    listing: String,
}

impl Asked {
    fn read(call: &Call<'_>) -> Result<Self, ApiError> {
        let parameters = &call.parameters;
        let region = call.cloud.world.region(call.region).ok_or_else(auth_failure)?;
        let unit = Unit { account: call.caller.account, region };
        let filters = Filters::read(parameters, Field::from_name)?;
        let ids = parameters.list("InstanceId");
        let page = page_size(parameters, !ids.is_empty())?;
        let listing = format!("ec2:{}:{}:{}", call.account.id, call.region, filters.written);
        let start = match parameters.get("NextToken") {
            None | Some("") => 0,
            Some(given) => token::open(&call.cloud.token_key, &listing, given)
                .ok_or_else(|| ApiError::invalid_value("Unable to parse pagination token."))?,
        };
        let named = if ids.is_empty() { None } else { Some(find_named(call, unit, &ids)?) };
        Ok(Self { unit, filters, named, page, start, listing })
    }

    /// How many instances the answer may hold.
    fn most(&self) -> usize {
        self.page.unwrap_or(UNPAGINATED)
    }

    /// The places that are looked at.
    fn places(&self, call: &Call<'_>) -> Range<u64> {
        let numbers = call.cloud.world.numbers(self.unit);
        self.start..numbers.end - numbers.start
    }

    /// About the size of the answer, to reserve memory once. Nobody knows how much filters leave.
    fn expected_bytes(&self, call: &Call<'_>) -> usize {
        let places = self.named.as_ref().map_or_else(|| self.places(call).count(), Vec::len);
        let instances = if self.filters.all.is_empty() { places.min(self.most()) } else { 16 };
        instances * INSTANCE_BYTES + 1024
    }

    /// Writes the instances; returns the place where the next page begins, if there is one.
    fn show(&self, call: &Call<'_>, xml: &mut Xml) -> Option<u64> {
        let mut scene = Scene::new(call.account, call.region, xml);
        let mut scratch = Vec::new();
        let mut shown = 0;
        let mut consider = |place| {
            if shown == self.most() {
                return Some(place);
            }
            let instance = call.cloud.world.instance(self.unit, place);
            let wanted = |filter| matches(filter, &instance, call.account, &mut scratch);
            if self.filters.all.iter().all(wanted) {
                scene.show(&instance);
                shown += 1;
            }
            None
        };
        let next = match &self.named {
            Some(named) => named.iter().copied().find_map(&mut consider),
            None => self.places(call).find_map(&mut consider),
        };
        scene.close();
        next
    }
}

fn page_size(parameters: &Parameters, by_id: bool) -> Result<Option<usize>, ApiError> {
    let Some(text) = parameters.get("MaxResults") else {
        return Ok(None);
    };
    if by_id {
        let text = "The parameter instancesSet cannot be used with the parameter maxResults";
        return Err(ApiError::new(400, "InvalidParameterCombination", text));
    }
    let invalid = |expected: &str| {
        Err(ApiError::invalid_value(format!(
            "Value ( {text} ) for parameter maxResults is invalid. {expected}"
        )))
    };
    match text.parse::<i64>() {
        Ok(size @ 5..=1000) => Ok(Some(size as usize)),
        Ok(..5) => invalid("Expecting a value greater than or equal to 5."),
        Ok(_) => invalid("Expecting a value less than or equal to 1000."),
        Err(_) => invalid("Expecting a number."),
    }
}

/// The places of the instances that are named, each once and in order.
fn find_named(call: &Call<'_>, unit: Unit, ids: &[&str]) -> Result<Vec<u64>, ApiError> {
    let mut found = Vec::with_capacity(ids.len());
    let mut missing = Vec::new();
    for id in ids {
        let digits =
            id.strip_prefix("i-").filter(|digits| is_id_digits(digits)).ok_or_else(|| {
                ApiError::new(400, "InvalidInstanceID.Malformed", format!("Invalid id: \"{id}\""))
            })?;
        // Of 17 digits the first is always 0 here; old ids have 8 and are nobody's.
        let number = digits
            .strip_prefix('0')
            .filter(|rest| rest.len() == 16)
            .and_then(|rest| u64::from_str_radix(rest, 16).ok());
        match number.and_then(|number| call.cloud.world.find(unit, number)) {
            Some(index) => found.push(index),
            None => missing.push(*id),
        }
    }
    if !missing.is_empty() {
        let (noun, verb) = if missing.len() == 1 { ("ID", "does") } else { ("IDs", "do") };
        let text = format!("The instance {noun} '{}' {verb} not exist", missing.join(", "));
        return Err(ApiError::new(400, "InvalidInstanceID.NotFound", text));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn is_id_digits(digits: &str) -> bool {
    matches!(digits.len(), 8 | 17)
        && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
