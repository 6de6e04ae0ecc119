//! SQL functions of the domain, so that controls and queries can say `managed_by(tags)`.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, AsArray, StringViewBuilder},
    datatypes::DataType,
};
use datafusion::{
    common::Result,
    logical_expr::{
        ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
    },
};

use crate::Settings;

/// The functions that every session has.
pub(crate) fn all(settings: &Settings) -> [ScalarUDF; 2] {
    [ScalarUDF::from(OfTags::managed_by()), ScalarUDF::from(OfTags::owner(&settings.owner_tags))]
}

/// A function of a resource's tags (a JSON object): `managed_by(tags)`, the service or group that owns it,
/// and `owner(tags)`, the people who do, by the tags that the configuration names.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OfTags {
    name: &'static str,
    signature: Signature,
    what: What,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum What {
    ManagedBy,
    Owner(Vec<String>),
}

impl OfTags {
    fn managed_by() -> Self {
        Self::new("managed_by", What::ManagedBy)
    }

    fn owner(keys: &[String]) -> Self {
        Self::new("owner", What::Owner(keys.to_vec()))
    }

    fn new(name: &'static str, what: What) -> Self {
        let signature = Signature::exact(vec![DataType::Utf8View], Volatility::Immutable);
        Self { name, signature, what }
    }

    fn of(&self, tags: &str) -> Option<String> {
        if matches!(&self.what, What::Owner(keys) if keys.is_empty()) {
            return None;
        }
        // Tags that are not a JSON object of texts name nobody.
        let tags: BTreeMap<String, String> = serde_json::from_str(tags).ok()?;
        match &self.what {
            What::ManagedBy => imdsure_model::managed_by(&tags),
            What::Owner(keys) => {
                keys.iter().find_map(|key| tags.get(key).filter(|owner| !owner.is_empty())).cloned()
            }
        }
    }
}

impl ScalarUDFImpl for OfTags {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [tags] = ColumnarValue::values_to_arrays(&args.args)?.try_into().map_err(|_| {
            datafusion::common::exec_datafusion_err!("{} takes one argument", self.name)
        })?;
        let mut answers = StringViewBuilder::with_capacity(tags.len());
        for tags in tags.as_string_view() {
            answers.append_option(tags.and_then(|tags| self.of(tags)));
        }
        Ok(ColumnarValue::Array(Arc::new(answers.finish())))
    }
}
