//! Pages of Auto Scaling's listings: `MaxRecords` and `NextToken`.

use super::{Call, invalid};
use crate::error::ApiError;
use crate::token;
use crate::xml::Xml;

/// What a page may hold at most.
const MOST: u64 = 100;

/// Where a page begins and how much it holds.
pub(super) struct Page {
    start: u64,
    size: u64,
    /// What the token is bound to.
    listing: String,
}

impl Page {
    /// Reads the parameters. `subject` tells this listing from others of the operation. Fifty records are a page when nobody says otherwise; more than
    /// `most` are refused.
    pub(super) fn read(
        call: &Call<'_>,
        operation: &str,
        subject: &str,
        most: u64,
    ) -> Result<Self, ApiError> {
        let listing = format!("{operation}:{}:{}:{subject}", call.account.id, call.region);
        let size = match call.parameters.get("MaxRecords").map(str::parse) {
            None => 50,
            Some(Ok(size)) if (1..=most).contains(&size) => size,
            Some(_) => {
                return Err(invalid(format!("MaxRecords must be a number from 1 to {most}")));
            }
        };
        let start = match call.parameters.get("NextToken") {
            None | Some("") => 0,
            Some(given) => token::open(&call.cloud.token_key, &listing, given)
                .ok_or_else(|| ApiError::new(400, "InvalidNextToken", "The token is not valid."))?,
        };
        Ok(Self { start, size, listing })
    }

    /// The same with AWS's usual limit.
    pub(super) fn usual(call: &Call<'_>, operation: &str, subject: &str) -> Result<Self, ApiError> {
        Self::read(call, operation, subject, MOST)
    }

    /// Writes members of the list `set` from the start of the page on until it is full, then the token of the next page. `item` writes what is at a
    /// place, and says whether there was something wanted.
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
        while place < end && written < self.size {
            written += u64::from(item(xml, place));
            place += 1;
        }
        xml.put(&["</", set, ">"]);
        if place < end {
            xml.element("NextToken", &token::seal(&call.cloud.token_key, &self.listing, place));
        }
    }
}
