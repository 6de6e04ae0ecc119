//! The regions of an account, enabled or not.

use crate::{
    client::{Client, Place},
    error::{CallError, Failure},
    operation::DESCRIBE_REGIONS,
    wire::Parameters,
    xml::Cursor,
};

/// One region of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegionRow {
    pub(crate) name: String,
    pub(crate) opt_in_status: String,
}

impl RegionRow {
    /// Whether calls to it are answered: opt-in regions that are off refuse every call.
    pub(crate) fn enabled(&self) -> bool {
        self.opt_in_status != "not-opted-in"
    }
}

pub(crate) async fn describe_regions(
    client: &Client,
    place: &Place<'_>,
) -> Result<Vec<RegionRow>, CallError> {
    let parameters = Parameters::new().with("AllRegions", "true");
    client.call(&DESCRIBE_REGIONS, place, &parameters, regions).await
}

fn regions(page: &[u8]) -> Result<Vec<RegionRow>, Failure> {
    let mut xml = Cursor::new(page)?;
    xml.root("DescribeRegionsResponse")?;
    let mut rows = Vec::new();
    while let Some(name) = xml.child()? {
        match name {
            "regionInfo" => {
                while xml.child()?.is_some() {
                    rows.push(region(&mut xml)?);
                }
            }
            _ => xml.skip()?,
        }
    }
    xml.end()?;
    // Every account has regions: none is an answer that cannot be meant so.
    if rows.is_empty() || rows.iter().any(|row| row.name.is_empty()) {
        return Err(Failure::malformed("DescribeRegions answered without regions"));
    }
    Ok(rows)
}

fn region(xml: &mut Cursor<'_>) -> Result<RegionRow, Failure> {
    let (mut region, mut status) = (String::new(), String::new());
    while let Some(name) = xml.child()? {
        match name {
            "regionName" => region = xml.text()?.into_owned(),
            "optInStatus" => status = xml.text()?.into_owned(),
            _ => xml.skip()?,
        }
    }
    Ok(RegionRow { name: region, opt_in_status: status })
}
