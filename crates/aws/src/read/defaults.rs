//! The account's metadata defaults in a region.

use serde_json::Value;

use crate::{
    error::CallError, operation::GET_INSTANCE_METADATA_DEFAULTS, row::at,
    tables::AWS_EC2_INSTANCE_METADATA_DEFAULTS, unit::Unit, wire::Parameters,
};

/// Reads the defaults. An account that never set any has a row without them.
pub(crate) async fn metadata_defaults(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let answer = unit.ask(&GET_INSTANCE_METADATA_DEFAULTS, Parameters::new()).await?;
    let defaults = at(&answer, &["accountLevel"]);
    // AWS's example prints `managedBy` beside the account level, its model has it inside.
    let managed_by = match at(defaults, &["managedBy"]) {
        Value::Null => at(&answer, &["managedBy"]),
        inside => inside,
    };
    let row = unit.row(&AWS_EC2_INSTANCE_METADATA_DEFAULTS).set("managed_by", managed_by.clone());
    let row = row.take(
        defaults,
        &[
            ("http_tokens", "httpTokens"),
            ("http_endpoint", "httpEndpoint"),
            ("hop_limit", "httpPutResponseHopLimit"),
            ("instance_metadata_tags", "instanceMetadataTags"),
            ("http_tokens_enforced", "httpTokensEnforced"),
            ("managed_exception_message", "managedExceptionMessage"),
        ],
    );
    unit.append(&AWS_EC2_INSTANCE_METADATA_DEFAULTS, &[row]);
    Ok(())
}
