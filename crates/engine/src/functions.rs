//! SQL functions of the domain, so that controls and queries can say `managed_by(tags)` or
//! `effective_http_tokens(declared, account_default, ami)`.
//!
//! Layers are texts: NULL is not read, `silent` (or AWS's `no-preference`) is read and silent.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, Int64Builder, StringViewBuilder},
    datatypes::DataType,
};
use datafusion::{
    common::{Result, ScalarValue},
    logical_expr::{
        ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
    },
};
use imdsure_model::{
    effective::{self, Effective, Endpoint, Enforcement, Gives, Layer, Source, Tokens, Word},
    silence::silencing,
    waiver,
};
use serde_json::{Map, Value};

use crate::Settings;

/// The functions that every session has.
pub(crate) fn all(settings: &Settings) -> impl Iterator<Item = ScalarUDF> {
    let functions = ALL.into_iter().map(|function| ScalarUDF::from(OfTexts::new(function)));
    functions.chain([
        ScalarUDF::from(OwnerOf::new(&settings.owner_tags)),
        max_hop_limit(settings.max_hop_limit.into()),
    ])
}

/// `max_hop_limit()`: the highest hop limit that passes.
fn max_hop_limit(limit: i64) -> ScalarUDF {
    ScalarUDF::from(Constant {
        name: "max_hop_limit",
        value: limit,
        signature: Signature::nullary(Volatility::Immutable),
    })
}

static ALL: [Function; 14] = [
    Function::ManagedBy,
    Function::Tag,
    Function::WithTokensRequired,
    Function::Tokens(Part::Value),
    Function::Tokens(Part::Source),
    Function::Tokens(Part::Missing),
    Function::Endpoint(Part::Value),
    Function::Endpoint(Part::Source),
    Function::Endpoint(Part::Missing),
    Function::HopLimit(Part::Value),
    Function::HopLimit(Part::Source),
    Function::HopLimit(Part::Missing),
    Function::LaunchGives,
    Function::SilencingComment,
];

/// A function from texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Function {
    /// `managed_by(tags)`: the service or group that owns a resource with these tags (a JSON object).
    ManagedBy,
    /// `tag(tags, key)`: the value of a tag; NULL where there is no such tag.
    Tag,
    /// `with_tokens_required(metadata_options)`: the same options (a JSON object, or NULL for none) with
    /// `HttpTokens` required, as a request states them.
    WithTokensRequired,
    /// `effective_http_tokens[_source|_missing](declared, account_default, ami)`.
    Tokens(Part),
    /// `effective_http_endpoint[_source|_missing](declared, account_default)`.
    Endpoint(Part),
    /// `effective_hop_limit[_source|_missing](declared, account_default, ami)`.
    HopLimit(Part),
    /// `launch_gives(tokens, endpoint, enforced)`: tokens and endpoint as they resolve, NULL for unknown.
    LaunchGives,
    /// `silencing_comment(comments, tools, aliases)`: the place of the ignore comment (a JSON list of them) that
    /// silences a control with these aliases, of the tools that count; NULL for none. Both lists are words.
    SilencingComment,
}

/// What is asked of an option at launch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    /// Its value; NULL where it is not known.
    Value,
    /// The layer that decided; NULL where it is not known.
    Source,
    /// The layer that would decide, and of which it is not known what it says; NULL otherwise.
    Missing,
}

impl Function {
    const fn name(self) -> &'static str {
        match self {
            Self::ManagedBy => "managed_by",
            Self::Tag => "tag",
            Self::WithTokensRequired => "with_tokens_required",
            Self::Tokens(Part::Value) => "effective_http_tokens",
            Self::Tokens(Part::Source) => "effective_http_tokens_source",
            Self::Tokens(Part::Missing) => "effective_http_tokens_missing",
            Self::Endpoint(Part::Value) => "effective_http_endpoint",
            Self::Endpoint(Part::Source) => "effective_http_endpoint_source",
            Self::Endpoint(Part::Missing) => "effective_http_endpoint_missing",
            Self::HopLimit(Part::Value) => "effective_hop_limit",
            Self::HopLimit(Part::Source) => "effective_hop_limit_source",
            Self::HopLimit(Part::Missing) => "effective_hop_limit_missing",
            Self::LaunchGives => "launch_gives",
            Self::SilencingComment => "silencing_comment",
        }
    }

    const fn arguments(self) -> usize {
        match self {
            Self::ManagedBy | Self::WithTokensRequired => 1,
            Self::Tag | Self::Endpoint(_) => 2,
            Self::Tokens(_) | Self::HopLimit(_) | Self::LaunchGives | Self::SilencingComment => 3,
        }
    }

    const fn returns(self) -> DataType {
        match self {
            Self::HopLimit(Part::Value) => DataType::Int64,
            _ => DataType::Utf8View,
        }
    }

    /// The answer for one row; an argument that is not there is NULL.
    fn answer(self, texts: &[Option<&str>]) -> Answer {
        let text = |index: usize| texts.get(index).copied().flatten();
        match self {
            Self::ManagedBy => Answer::owned(text(0).and_then(managed_by)),
            Self::Tag => {
                let tag = |tags| waiver::tag(tags, text(1)?);
                Answer::owned(text(0).and_then(tag))
            }
            Self::WithTokensRequired => Answer::owned(with_tokens_required(text(0))),
            Self::Tokens(part) => {
                let tokens = effective::http_tokens(layer(text(0)), layer(text(1)), layer(text(2)));
                part.of(tokens, |tokens: Tokens| Answer::word(tokens.as_str()))
            }
            Self::Endpoint(part) => {
                let endpoint = effective::http_endpoint(layer(text(0)), layer(text(1)));
                part.of(endpoint, |endpoint: Endpoint| Answer::word(endpoint.as_str()))
            }
            Self::HopLimit(part) => {
                let hops = effective::hop_limit(layer(text(0)), layer(text(1)), layer(text(2)));
                part.of(hops, Answer::Number)
            }
            Self::LaunchGives => Answer::word(launch_gives(text(0), text(1), text(2)).as_str()),
            Self::SilencingComment => {
                let words = |index: usize| -> Vec<String> {
                    text(index).unwrap_or_default().split(' ').map(str::to_owned).collect()
                };
                let comment =
                    text(0).and_then(|comments| silencing(comments, &words(1), &words(2)));
                Answer::owned(comment.map(|comment| comment.line.to_string()))
            }
        }
    }
}

/// One row's answer.
enum Answer {
    Null,
    Word(&'static str),
    Text(String),
    Number(i64),
}

impl Answer {
    const fn word(word: &'static str) -> Self {
        Self::Word(word)
    }

    fn owned(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl Part {
    fn of<T>(self, option: Effective<T>, value: impl FnOnce(T) -> Answer) -> Answer {
        let name = |source: Option<Source>| {
            source.map_or(Answer::Null, |source| Answer::word(source.as_str()))
        };
        match self {
            Self::Value => option.value().map_or(Answer::Null, value),
            Self::Source => name(option.source()),
            Self::Missing => name(option.missing()),
        }
    }
}

fn layer<T: Word>(word: Option<&str>) -> Layer<T> {
    Layer::parse(word)
}

fn launch_gives(tokens: Option<&str>, endpoint: Option<&str>, enforced: Option<&str>) -> Gives {
    effective::launch_gives(
        tokens.and_then(Tokens::parse),
        endpoint.and_then(Endpoint::parse),
        Layer::<Enforcement>::parse(enforced),
    )
}

fn managed_by(tags: &str) -> Option<String> {
    imdsure_model::managed_by(&tags_of(tags)?)
}

/// Tags that are not a JSON object of texts name nobody.
fn tags_of(tags: &str) -> Option<BTreeMap<String, String>> {
    serde_json::from_str(tags).ok()
}

fn with_tokens_required(options: Option<&str>) -> Option<String> {
    let mut options: Map<String, Value> = match options {
        Some(text) => serde_json::from_str(text).ok()?,
        None => Map::new(),
    };
    // `State` is what AWS answers; no request takes it.
    options.shift_remove("State");
    options.insert("HttpTokens".to_owned(), "required".into());
    Some(Value::Object(options).to_string())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct OfTexts {
    function: Function,
    signature: Signature,
}

impl OfTexts {
    fn new(function: Function) -> Self {
        let arguments = vec![DataType::Utf8View; function.arguments()];
        Self { function, signature: Signature::exact(arguments, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for OfTexts {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.function.returns())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = args.number_rows;
        let arrays: Vec<ArrayRef> =
            args.args.iter().map(|value| value.to_array(rows)).collect::<Result<_>>()?;
        let columns: Vec<_> = arrays.iter().map(AsArray::as_string_view).collect();
        let mut texts = Vec::with_capacity(columns.len());
        let answers = (0..rows).map(|row| {
            texts.clear();
            texts.extend(columns.iter().map(|text| text.is_valid(row).then(|| text.value(row))));
            self.function.answer(&texts)
        });
        Ok(ColumnarValue::Array(match self.function.returns() {
            DataType::Int64 => numbers(answers),
            _ => words(answers),
        }))
    }
}

fn words(answers: impl Iterator<Item = Answer>) -> ArrayRef {
    let mut words = StringViewBuilder::new();
    for answer in answers {
        match answer {
            Answer::Word(word) => words.append_value(word),
            Answer::Text(text) => words.append_value(text),
            Answer::Null | Answer::Number(_) => words.append_null(),
        }
    }
    Arc::new(words.finish())
}

fn numbers(answers: impl Iterator<Item = Answer>) -> ArrayRef {
    let mut numbers = Int64Builder::new();
    for answer in answers {
        match answer {
            Answer::Number(number) => numbers.append_value(number),
            Answer::Null | Answer::Word(_) | Answer::Text(_) => numbers.append_null(),
        }
    }
    Arc::new(numbers.finish())
}

/// A number that the session holds.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Constant {
    name: &'static str,
    value: i64,
    signature: Signature,
}

impl ScalarUDFImpl for Constant {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(ScalarValue::Int64(Some(self.value))))
    }
}

/// `owner(tags)`: who is to repair a resource, by the tags that the configuration names.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OwnerOf {
    /// Keys of tags; the first one that a resource has counts.
    keys: Vec<String>,
    signature: Signature,
}

impl OwnerOf {
    fn new(keys: &[String]) -> Self {
        let signature = Signature::exact(vec![DataType::Utf8View], Volatility::Immutable);
        Self { keys: keys.to_vec(), signature }
    }

    fn of(&self, tags: &str) -> Option<String> {
        if self.keys.is_empty() {
            return None;
        }
        let tags = tags_of(tags)?;
        let named = self.keys.iter().filter_map(|key| tags.get(key));
        named.into_iter().find(|owner| !owner.is_empty()).cloned()
    }
}

impl ScalarUDFImpl for OwnerOf {
    fn name(&self) -> &'static str {
        "owner"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let tags: Vec<ArrayRef> = args
            .args
            .iter()
            .map(|value| value.to_array(args.number_rows))
            .collect::<Result<_>>()?;
        let owners = tags.first().into_iter().flat_map(AsArray::as_string_view);
        let owners = owners.map(|tags| Answer::owned(tags.and_then(|tags| self.of(tags))));
        Ok(ColumnarValue::Array(words(owners)))
    }
}
