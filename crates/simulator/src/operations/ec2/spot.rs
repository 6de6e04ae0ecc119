//! `DescribeSpotInstanceRequests`: one request for each Spot instance, and some that still wait for capacity.

use super::filters::Filters;
use super::page::Page;
use super::{Call, open_answer, stop_dry_run, write_tags, write_time};
use crate::error::ApiError;
use crate::hash;
use crate::request::Parameters;
use crate::throttle::Limit;
use crate::world::group::LaunchedFrom;
use crate::world::ids;
use crate::world::instance::Instance;
use crate::world::options::State;
use crate::world::stock::Stock;
use crate::world::template::TemplateSeed;
use crate::xml::{Xml, push_hex};

/// Parameters of `DescribeSpotInstanceRequests`.
pub(crate) const PARAMETERS: &[&str] = &[
    "DryRun",
    "SpotInstanceRequestId.N",
    "Filter.N.Name",
    "Filter.N.Value.N",
    "MaxResults",
    "NextToken",
];

/// Filters that are simulated.
const FILTERS: &[&str] = &[
    "instance-id",
    "launch.image-id",
    "launch.instance-type",
    "product-description",
    "spot-instance-request-id",
    "state",
    "status-code",
    "tag-key",
    "type",
];

/// The label of a Spot instance's request id; `DescribeInstances` shows the same.
pub(super) const REQUEST: u64 = 11;
/// One waiting request for so many templates.
const TEMPLATES_PER_WAITING: u64 = 8;

/// The bucket a call takes from: asking for everything at once costs more.
pub(crate) fn limit(parameters: &Parameters) -> Limit {
    let narrowed =
        parameters.get("MaxResults").is_some() || !parameters.numbers("Filter").is_empty();
    if narrowed { Limit::Reading } else { Limit::ReadingAll }
}

/// A Spot request as it is shown.
struct Request {
    id: String,
    /// Seconds since 1970.
    created: i64,
    instance: Option<String>,
    image: String,
    instance_type: &'static str,
    windows: bool,
    state: &'static str,
    status: &'static str,
    persistent: bool,
    zone: u64,
    tags: Vec<(String, String)>,
}

/// `DescribeSpotInstanceRequests`. A launch specification has no metadata options; what came from a template is told by tags alone.
pub(crate) fn describe_spot_instance_requests(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let filters = Filters::named(&call.parameters, FILTERS)?;
    let named = call.parameters.list("SpotInstanceRequestId");
    let subject = format!("{}{named:?}", filters.written);
    let page = Page::read(call, "DescribeSpotInstanceRequests", &subject, &(5..=1000))?;
    let stock = call.stock()?;
    let (instances, waiting) =
        (stock.instances(), stock.seed.templates.computed / TEMPLATES_PER_WAITING);
    let at = |place: u64| match place.checked_sub(instances) {
        None => fulfilled(&stock, place),
        Some(number) => Some(open(&stock, number)),
    };
    if let Some(unknown) = named
        .iter()
        .find(|name| !(0..instances + waiting).filter_map(at).any(|request| request.id == **name))
    {
        let text = format!("The spot instance request ID '{unknown}' does not exist");
        return Err(ApiError::new(400, "InvalidSpotInstanceRequestID.NotFound", text));
    }
    stop_dry_run(call)?;
    let mut xml = open_answer(call, "DescribeSpotInstanceRequests", 16_384);
    page.write(call, &mut xml, "spotInstanceRequestSet", instances + waiting, |xml, place| {
        let wanted = |request: &Request| {
            (named.is_empty() || named.contains(&request.id.as_str()))
                && filters.admit(&request.tags, |name| vec![value(request, name)])
        };
        let request = at(place).filter(wanted);
        request.inspect(|request| write(xml, request, call)).is_some()
    });
    xml.put(&["</DescribeSpotInstanceRequestsResponse>"]);
    Ok(xml.into_bytes())
}

fn request_id(number: u64) -> String {
    let mut out = b"sir-".to_vec();
    push_hex::<8>(&mut out, number);
    String::from_utf8(out).unwrap_or_default()
}

/// The request of the instance at a place, if it is a Spot instance.
fn fulfilled(stock: &Stock<'_>, place: u64) -> Option<Request> {
    let instance = Some(stock.instance(place)).filter(|instance| instance.spot)?;
    let (state, status) = match instance.state {
        State::Terminated | State::ShuttingDown => ("closed", "instance-terminated-by-user"),
        State::Stopped | State::Stopping => ("disabled", "instance-stopped-by-user"),
        State::Pending | State::Running => ("active", "fulfilled"),
    };
    Some(Request {
        id: request_id(instance.derived(REQUEST)),
        created: instance.launched - 5,
        instance: Some(ids::text("i-", instance.id)),
        image: ids::text("ami-", instance.image),
        instance_type: instance.machine.name,
        windows: instance.windows,
        state,
        status,
        persistent: instance.state == State::Stopped,
        zone: instance.zone,
        tags: origin_tags(&instance),
    })
}

fn origin_tags(instance: &Instance) -> Vec<(String, String)> {
    match instance.from {
        Some(LaunchedFrom::Template(id, version)) => {
            crate::world::launching::template_tags(Some(LaunchedFrom::Template(id, version)))
        }
        _ => Vec::new(),
    }
}

/// A request that waits: half of them were made from a template.
fn open(stock: &Stock<'_>, number: u64) -> Request {
    let template = TemplateSeed::new(&stock.seed, number * TEMPLATES_PER_WAITING);
    let version = template.version(template.default);
    let key = hash::join(template.id, REQUEST);
    let from =
        number.is_multiple_of(2).then_some(LaunchedFrom::Template(template.id, template.default));
    Request {
        id: request_id(key),
        created: 1_781_000_000 + (key % 400_000) as i64,
        instance: None,
        image: ids::text("ami-", crate::world::image::id(&stock.seed, version.image)),
        instance_type: version.machine.name,
        windows: version.windows,
        state: "open",
        status: "capacity-not-available",
        persistent: key.is_multiple_of(2),
        zone: key % 3,
        tags: crate::world::launching::template_tags(from),
    }
}

const fn product(request: &Request) -> &'static str {
    if request.windows { "Windows" } else { "Linux/UNIX" }
}

const fn kind(request: &Request) -> &'static str {
    if request.persistent { "persistent" } else { "one-time" }
}

fn value(request: &Request, filter: &str) -> String {
    let text = match filter {
        "instance-id" => request.instance.as_deref().unwrap_or_default(),
        "launch.image-id" => &request.image,
        "launch.instance-type" => request.instance_type,
        "product-description" => product(request),
        "spot-instance-request-id" => &request.id,
        "state" => request.state,
        "status-code" => request.status,
        _ => kind(request),
    };
    text.to_owned()
}

fn write(xml: &mut Xml, request: &Request, call: &Call<'_>) {
    xml.put(&["<item>"]).element("spotInstanceRequestId", &request.id);
    write_time(xml, "createTime", request.created);
    xml.element("type", kind(request)).element("state", request.state);
    xml.put(&["<status>"]).element("code", request.status);
    write_time(xml, "updateTime", request.created + 5);
    xml.put(&["</status><spotPrice>0.500000</spotPrice>"]);
    xml.element("productDescription", product(request));
    if let Some(id) = &request.instance {
        xml.element("instanceId", id);
        let zone = ["a", "b", "c"][request.zone as usize % 3];
        xml.put(&["<launchedAvailabilityZone>", call.region, zone, "</launchedAvailabilityZone>"]);
    }
    xml.put(&["<launchSpecification>"]).element("imageId", &request.image);
    xml.element("instanceType", request.instance_type);
    xml.put(&["<monitoring><enabled>false</enabled></monitoring></launchSpecification>"]);
    xml.put(&["<instanceInterruptionBehavior>terminate</instanceInterruptionBehavior>"]);
    write_tags(xml, &request.tags);
    xml.put(&["</item>"]);
}
