//! What a resource itself says of each option.

use std::{rc::Rc, sync::Arc};

use imdsure_model::effective::{Endpoint, Tokens};

use super::{
    blocks,
    instances::Bound,
    kinds::{Form, Kind},
    session::{Scope, Session},
};
use crate::{
    hcl::{
        ast::Block,
        value::{Data, Toggle, Value},
        value_of_text,
    },
    source::Source,
    spec::{Declared, OptionValue as _, Options, Switch},
};

const NAMESPACE: &str = "aws:autoscaling:launchconfiguration";

/// What a resource says.
pub(in crate::dialects) struct Own {
    pub(in crate::dialects) options: Options,
    /// The value that decides about tokens.
    pub(in crate::dialects) tokens: Value,
    /// The block that holds it.
    pub(in crate::dialects) block: Value,
}

/// Reads one instance of a resource.
pub(super) fn own(
    session: &Session<'_>,
    scope: &Scope,
    (source, block): (&Arc<Source>, &Block),
    kind: &Kind,
    bound: &Bound,
) -> Own {
    let block = session.with(scope, source, bound, &mut |evaluator| match kind.path {
        [] if kind.form == Form::None => Value::null(evaluator.at(block.span)),
        [] => blocks::object(evaluator, &block.body, block.span, 0),
        [first, rest @ ..] => {
            let value = blocks::read(evaluator, &block.body, first, block.span);
            rest.iter().fold(value, |value, name| blocks::get(&value, name))
        }
    });
    of_block(kind.form, block)
}

/// Reads what stands in a block.
pub(in crate::dialects) fn of_block(form: Form, block: Value) -> Own {
    let block = match form {
        Form::EmrJson => emr(&block),
        _ => block,
    };
    let tokens = match form {
        Form::None => Value::null(block.origin.clone()),
        Form::Options => none_where(blocks::get(&block, "http_tokens"), "no-preference"),
        Form::MinimumVersion => blocks::get(&block, "minimum_instance_metadata_service_version"),
        Form::EmrJson => blocks::get(&block, "MinimumInstanceMetadataServiceVersion"),
        Form::Flag | Form::Image | Form::Word => block.clone(),
        Form::Settings => setting(&block),
    };
    let tokens = match &block.toggle {
        Some(toggle) if form == Form::Options && block.is_null() => {
            let made = Value::new(toggle.other.clone(), block.origin.clone());
            let other = blocks::get(&made, "http_tokens").data;
            Value { toggle: Some(Rc::new(Toggle { other, ..(**toggle).clone() })), ..tokens }
        }
        _ => tokens,
    };
    let mut options = match form {
        Form::Options => rest(&block),
        Form::EmrJson => Options {
            hop_limit: blocks::get(&block, "HttpPutResponseHopLimit").declared(i64::parse),
            ..Options::SILENT
        },
        _ => Options::SILENT,
    };
    options.http_tokens = tokens.declared(parser(form));
    Own { options, tokens, block }
}

/// A value that means that nothing is said.
fn none_where(value: Value, word: &str) -> Value {
    match value.scalar() {
        Some(text) if &*text == word => Value::null(value.origin),
        _ => value,
    }
}

/// How a form spells tokens.
pub(in crate::dialects) fn parser(form: Form) -> fn(&str) -> Option<Tokens> {
    match form {
        Form::Options | Form::None | Form::Word => Tokens::parse,
        Form::MinimumVersion | Form::EmrJson => |text| match text {
            "1" => Some(Tokens::Optional),
            "2" => Some(Tokens::Required),
            _ => None,
        },
        Form::Image => |text| (text.eq_ignore_ascii_case("v2.0")).then_some(Tokens::Required),
        Form::Flag | Form::Settings => |text| match text.to_ascii_lowercase().as_str() {
            "true" => Some(Tokens::Required),
            "false" => Some(Tokens::Optional),
            _ => None,
        },
    }
}

fn rest(block: &Value) -> Options {
    let value = |name: &str| none_where(blocks::get(block, name), "no-preference");
    Options {
        http_tokens: Declared::Absent,
        http_endpoint: value("http_endpoint").declared(Endpoint::parse),
        hop_limit: none_where(value("http_put_response_hop_limit"), "-1").declared(i64::parse),
        instance_metadata_tags: value("instance_metadata_tags").declared(Switch::parse),
        http_protocol_ipv6: value("http_protocol_ipv6").declared(Switch::parse),
    }
}

/// The part of a security configuration that is about metadata, from an object or from its text.
fn emr(value: &Value) -> Value {
    let decoded = match &value.data {
        Data::Encoded(inner) => (**inner).clone(),
        Data::Text(text) => match value_of_text(text, &value.origin, false) {
            Some(decoded) => decoded,
            None => value.clone(),
        },
        _ => value.clone(),
    };
    blocks::get(&decoded, "InstanceMetadataServiceConfiguration")
}

/// Elastic Beanstalk's `DisableIMDSv1`; the last one counts.
fn setting(list: &Value) -> Value {
    let items = match &list.data {
        Data::List(items) => items,
        Data::Null => return list.clone(),
        _ => {
            return match list.why() {
                Some(_) => blocks::get(list, "value"),
                None => Value::null(list.origin.clone()),
            };
        }
    };
    let is = |item: &Value, name: &str, wanted: &str| {
        blocks::get(item, name).scalar().is_some_and(|text| &*text == wanted)
    };
    let wanted = items
        .iter()
        .rfind(|item| is(item, "namespace", NAMESPACE) && is(item, "name", "DisableIMDSv1"));
    match wanted {
        Some(item) => blocks::get(item, "value"),
        None => Value::null(list.origin.clone()),
    }
}
