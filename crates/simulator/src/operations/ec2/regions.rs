//! `DescribeRegions`.

use super::filters::Filters;
use super::{Call, open_answer, stop_dry_run};
use crate::config::OPT_IN_REGIONS;
use crate::error::ApiError;

/// Parameters of `DescribeRegions`.
pub(crate) const PARAMETERS: &[&str] =
    &["AllRegions", "DryRun", "RegionName.N", "Filter.N.Name", "Filter.N.Value.N"];

#[derive(Clone, Copy)]
enum Field {
    Endpoint,
    OptInStatus,
    RegionName,
}

/// A region and whether the account has opted in to it.
struct Region<'a> {
    name: &'a str,
    status: &'static str,
}

impl Region<'_> {
    fn endpoint(&self) -> String {
        format!("ec2.{}.amazonaws.com", self.name)
    }

    fn matches(&self, filters: &Filters<Field>) -> bool {
        filters.all.iter().all(|filter| match filter.field {
            Field::Endpoint => filter.wants(self.endpoint().as_bytes()),
            Field::OptInStatus => filter.wants(self.status.as_bytes()),
            Field::RegionName => filter.wants(self.name.as_bytes()),
        })
    }
}

/// The enabled regions, and the others with `AllRegions` or by name.
pub(crate) fn describe_regions(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let filters = Filters::read(&call.parameters, |name| match name {
        "endpoint" => Some(Field::Endpoint),
        "opt-in-status" => Some(Field::OptInStatus),
        "region-name" => Some(Field::RegionName),
        _ => None,
    })?;
    let everything = call.parameters.flag("AllRegions")?;
    let named = call.parameters.list("RegionName");
    let all = regions(call);
    if let Some(unknown) = named.iter().find(|name| !all.iter().any(|region| region.name == **name))
    {
        return Err(ApiError::invalid_value(format!("Invalid region name: {unknown}")));
    }
    stop_dry_run(call)?;
    let asked = |region: &&Region<'_>| {
        if named.is_empty() {
            everything || region.status != "not-opted-in"
        } else {
            named.contains(&region.name)
        }
    };
    let mut xml = open_answer(call, "DescribeRegions", 4096);
    xml.put(&["<regionInfo>"]);
    for region in all.iter().filter(asked).filter(|region| region.matches(&filters)) {
        xml.put(&[
            "<item><regionName>",
            region.name,
            "</regionName><regionEndpoint>",
            &region.endpoint(),
        ]);
        xml.put(&["</regionEndpoint><optInStatus>", region.status, "</optInStatus></item>"]);
    }
    xml.put(&["</regionInfo></DescribeRegionsResponse>"]);
    Ok(xml.into_bytes())
}

fn regions<'a>(call: &'a Call<'_>) -> Vec<Region<'a>> {
    let enabled = &call.cloud.world.regions;
    let status = |name| {
        if OPT_IN_REGIONS.contains(&name) { "opted-in" } else { "opt-in-not-required" }
    };
    let mut regions: Vec<Region<'a>> =
        enabled.iter().map(|name| Region { name, status: status(name) }).collect();
    let closed =
        OPT_IN_REGIONS.into_iter().filter(|name| !enabled.iter().any(|region| region == name));
    regions.extend(closed.map(|name| Region { name, status: "not-opted-in" }));
    regions
}
