//! SQL functions of the domain, so that controls and queries can say `managed_by(tags)`.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, StringViewBuilder},
    datatypes::DataType,
};
use datafusion::{
    common::Result,
    logical_expr::{
        ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
    },
};

/// The functions that every session has.
pub(crate) fn all() -> [ScalarUDF; 1] {
    [ScalarUDF::from(ManagedBy::new())]
}

/// `managed_by(tags)`: the service or group that owns a resource with these tags (a JSON object).
#[derive(Debug, PartialEq, Eq, Hash)]
struct ManagedBy {
    signature: Signature,
}

impl ManagedBy {
    fn new() -> Self {
        Self { signature: Signature::exact(vec![DataType::Utf8View], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for ManagedBy {
    fn name(&self) -> &'static str {
        "managed_by"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [tags] = ColumnarValue::values_to_arrays(&args.args)?.try_into().map_err(|_| {
            datafusion::common::exec_datafusion_err!("managed_by takes one argument")
        })?;
        Ok(ColumnarValue::Array(owners(&tags)))
    }
}

fn owners(tags: &ArrayRef) -> ArrayRef {
    let tags = tags.as_string_view();
    let mut owners = StringViewBuilder::with_capacity(tags.len());
    for tags in tags {
        owners.append_option(tags.and_then(owner));
    }
    Arc::new(owners.finish())
}

fn owner(tags: &str) -> Option<String> {
    // Tags that are not a JSON object of texts name no owner.
    let tags: BTreeMap<String, String> = serde_json::from_str(tags).ok()?;
    imdsure_model::managed_by(&tags)
}
