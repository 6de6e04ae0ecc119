//! EC2: regions and instances.

mod criteria;
mod details;
mod filters;
pub(crate) mod instances;
mod interfaces;
pub(crate) mod regions;
mod render;

use super::Call;
use crate::error::ApiError;
use crate::service::Service;
use crate::xml::Xml;

/// Opens the answer of an operation in a document with room for `capacity` bytes.
fn open_answer(call: &Call<'_>, name: &str, capacity: usize) -> Xml {
    let mut xml = Xml::with_capacity(capacity);
    xml.put(&[
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<",
        name,
        "Response xmlns=\"",
        Service::Ec2.namespace(),
    ]);
    xml.put(&["\">\n<requestId>", call.request_id, "</requestId>"]);
    xml
}

/// Answers a dry run as EC2 does: with an error that says it would have worked.
fn stop_dry_run(call: &Call<'_>) -> Result<(), ApiError> {
    if call.parameters.flag("DryRun")? {
        let text = "Request would have succeeded, but DryRun flag is set.";
        return Err(ApiError::new(412, "DryRunOperation", text));
    }
    Ok(())
}
