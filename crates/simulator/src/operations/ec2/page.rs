//! Pages of EC2's listings: `MaxResults` and `NextToken`.

use std::ops::RangeInclusive;

use super::Call;
use crate::error::ApiError;
use crate::token;
use crate::xml::Xml;

/// Where a page begins and how much it holds.
pub(super) struct Page {
    pub(super) start: u64,
    /// None where the call asked for no pages and all comes at once.
    pub(super) size: Option<usize>,
    /// What the token is bound to.
    listing: String,
}

impl Page {
    /// Reads the parameters. `subject` tells this listing from others of the operation: its filters and names.
    pub(super) fn read(
        call: &Call<'_>,
        operation: &str,
        subject: &str,
        sizes: &RangeInclusive<i64>,
    ) -> Result<Self, ApiError> {
        let listing = format!("{operation}:{}:{}:{subject}", call.account.id, call.region);
        let size = call.parameters.get("MaxResults").map(|text| size(text, sizes)).transpose()?;
        let start = match call.parameters.get("NextToken") {
            None | Some("") => 0,
            Some(given) => token::open(&call.cloud.token_key, &listing, given)
                .ok_or_else(|| ApiError::invalid_value("Unable to parse pagination token."))?,
        };
        Ok(Self { start, size, listing })
    }

    /// Writes items from the start of the page on until it is full, then the token of the next page. `item` writes what is at a place, and says
    /// whether there was something wanted.
    pub(super) fn write(
        &self,
        call: &Call<'_>,
        xml: &mut Xml,
        set: &str,
        end: u64,
        mut item: impl FnMut(&mut Xml, u64) -> bool,
    ) {
        xml.put(&["<", set, ">"]);
        let (mut written, mut place) = (0, self.start);
        while place < end && self.size.is_none_or(|size| written < size) {
            written += usize::from(item(xml, place));
            place += 1;
        }
        xml.put(&["</", set, ">"]);
        if place < end {
            self.close(call, xml, place);
        }
    }

    /// Writes the token of the page that begins at `next`.
    pub(super) fn close(&self, call: &Call<'_>, xml: &mut Xml, next: u64) {
        xml.element("nextToken", &token::seal(&call.cloud.token_key, &self.listing, next));
    }
}

fn size(text: &str, sizes: &RangeInclusive<i64>) -> Result<usize, ApiError> {
    let (least, most) = (sizes.start(), sizes.end());
    let expected = match text.parse::<i64>() {
        Ok(size) if sizes.contains(&size) => return Ok(size as usize),
        Ok(size) if size < *least => format!("a value greater than or equal to {least}"),
        Ok(_) => format!("a value less than or equal to {most}"),
        Err(_) => "a number".to_owned(),
    };
    Err(ApiError::invalid_value(format!(
        "Value ( {text} ) for parameter maxResults is invalid. Expecting {expected}."
    )))
}
