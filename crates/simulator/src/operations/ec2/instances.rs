//! `DescribeInstances`: which instances, and in which page.

use std::ops::Range;

use super::criteria::{Field, matches};
use super::filters::Filters;
use super::render::Scene;
use super::{Call, open_answer, stop_dry_run};
use crate::error::ApiError;
use crate::request::Parameters;
use crate::throttle::Limit;
use crate::token;
use crate::world::ids::{self, Parsed};
use crate::world::stock::Stock;
use crate::xml::Xml;

/// Parameters of `DescribeInstances`.
pub(crate) const PARAMETERS: &[&str] = &[
    "DryRun",
    "Filter.N.Name",
    "Filter.N.Value.N",
    "IncludeManagedResources",
    "InstanceId.N",
    "MaxResults",
    "NextToken",
];

/// About the size of one instance's XML, to reserve memory once.
pub(super) const INSTANCE_BYTES: usize = 6_000;

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
    let stock = call.stock()?;
    let asked = Asked::read(call, &stock)?;
    stop_dry_run(call)?;
    let mut xml = open_answer(call, "DescribeInstances", asked.expected_bytes(&stock));
    xml.put(&["<reservationSet>"]);
    let next = asked.show(call, &stock, &mut xml);
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
    fn read(call: &Call<'_>, stock: &Stock<'_>) -> Result<Self, ApiError> {
        let parameters = &call.parameters;
        let filters = Filters::read(parameters, Field::from_name)?;
        let ids = parameters.list("InstanceId");
        let page = page_size(parameters, !ids.is_empty())?;
        let listing = format!("ec2:{}:{}:{}", call.account.id, call.region, filters.written);
        let start = match parameters.get("NextToken") {
            None | Some("") => 0,
            Some(given) => token::open(&call.cloud.token_key, &listing, given)
                .ok_or_else(|| ApiError::invalid_value("Unable to parse pagination token."))?,
        };
        let named = if ids.is_empty() { None } else { Some(find_named(stock, &ids)?) };
        Ok(Self { filters, named, page, start, listing })
    }

    /// How many instances the answer may hold.
    fn most(&self) -> usize {
        self.page.unwrap_or(UNPAGINATED)
    }

    /// The places that are looked at.
    fn places(&self, stock: &Stock<'_>) -> Range<u64> {
        self.start..stock.instances()
    }

    /// About the size of the answer, to reserve memory once. Nobody knows how much filters leave.
    fn expected_bytes(&self, stock: &Stock<'_>) -> usize {
        let places = self.named.as_ref().map_or_else(|| self.places(stock).count(), Vec::len);
        let instances = if self.filters.all.is_empty() { places.min(self.most()) } else { 16 };
        instances * INSTANCE_BYTES + 1024
    }

    /// Writes the instances; returns the place where the next page begins, if there is one.
    fn show(&self, call: &Call<'_>, stock: &Stock<'_>, xml: &mut Xml) -> Option<u64> {
        let mut scene = Scene::new(call.account, call.region, xml);
        let mut scratch = Vec::new();
        let mut shown = 0;
        let mut consider = |place| {
            if shown == self.most() {
                return Some(place);
            }
            let instance = stock.instance(place);
            let wanted = |filter| matches(filter, &instance, call.account, &mut scratch);
            if self.filters.all.iter().all(wanted) {
                scene.show(&instance);
                shown += 1;
            }
            None
        };
        let next = match &self.named {
            Some(named) => named.iter().copied().find_map(&mut consider),
            None => self.places(stock).find_map(&mut consider),
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
pub(super) fn find_named(stock: &Stock<'_>, ids: &[&str]) -> Result<Vec<u64>, ApiError> {
    let mut found = Vec::with_capacity(ids.len());
    let mut missing = Vec::new();
    for id in ids {
        let index = match ids::parse("i-", id) {
            Parsed::Id(number) => stock.find_instance(number),
            Parsed::Nobody => None,
            Parsed::Malformed => {
                let text = format!("Invalid id: \"{id}\"");
                return Err(ApiError::new(400, "InvalidInstanceID.Malformed", text));
            }
        };
        match index {
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
