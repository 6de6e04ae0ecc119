//! What instances can be filtered by.

use super::filters::Filter;
use crate::world::accounts::Account;
use crate::world::instance::Instance;
use crate::world::options::switch;
use crate::world::tags;
use crate::xml::{push_aws_id, push_number, push_time};

/// What a filter may ask for.
pub(super) enum Field {
    Id,
    State,
    Type,
    Image,
    Vpc,
    LaunchTime,
    TagKey,
    Tag(String),
    Tokens,
    Endpoint,
    HopLimit,
    Ipv6,
    OptionsState,
    MetadataTags,
}

impl Field {
    /// The field of a filter's name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "instance-id" => Self::Id,
            "instance-state-name" => Self::State,
            "instance-type" => Self::Type,
            "image-id" => Self::Image,
            "vpc-id" => Self::Vpc,
            "launch-time" => Self::LaunchTime,
            "tag-key" => Self::TagKey,
            "metadata-options.http-tokens" => Self::Tokens,
            "metadata-options.http-endpoint" => Self::Endpoint,
            "metadata-options.http-put-response-hop-limit" => Self::HopLimit,
            "metadata-options.http-protocol-ipv6" => Self::Ipv6,
            "metadata-options.state" => Self::OptionsState,
            "metadata-options.instance-metadata-tags" => Self::MetadataTags,
            other => {
                Self::Tag(other.strip_prefix("tag:").filter(|key| !key.is_empty())?.to_owned())
            }
        })
    }
}

/// Whether an instance satisfies a filter. `scratch` is memory to write numbers and tag values into.
pub(super) fn matches(
    filter: &Filter<Field>,
    instance: &Instance,
    account: &Account,
    scratch: &mut Vec<u8>,
) -> bool {
    let options = instance.metadata;
    scratch.clear();
    let text = match &filter.field {
        Field::State => instance.state.name(),
        Field::Type => instance.machine.name,
        Field::Tokens => options.tokens(),
        Field::Endpoint => switch(options.endpoint_enabled),
        Field::Ipv6 => switch(options.ipv6_enabled),
        Field::OptionsState => options.state(),
        Field::MetadataTags => switch(options.tags_enabled),
        Field::TagKey => return any_tag(instance, account, |key, _| filter.wants(key.as_bytes())),
        Field::Tag(wanted) => {
            return any_tag(instance, account, |key, value| {
                key == wanted && {
                    scratch.clear();
                    value.write(scratch);
                    filter.wants(scratch)
                }
            });
        }
        Field::Id => return wants_id(filter, scratch, "i-", instance.id),
        Field::Image => return wants_id(filter, scratch, "ami-", instance.image),
        Field::Vpc => {
            return instance.has_network() && wants_id(filter, scratch, "vpc-", instance.vpc());
        }
        Field::LaunchTime => {
            push_time(scratch, instance.launched, b'T');
            scratch.extend_from_slice(b".000Z");
            return filter.wants(scratch);
        }
        Field::HopLimit => {
            push_number(scratch, u64::from(options.hop_limit));
            return filter.wants(scratch);
        }
    };
    filter.wants(text.as_bytes())
}

fn wants_id(filter: &Filter<Field>, scratch: &mut Vec<u8>, prefix: &str, id: u64) -> bool {
    push_aws_id(scratch, prefix, id);
    filter.wants(scratch)
}

fn any_tag(
    instance: &Instance,
    account: &Account,
    mut holds: impl FnMut(&str, tags::Value<'_>) -> bool,
) -> bool {
    let mut found = false;
    tags::each(instance, account, &mut |key, value| {
        found = found || holds(key, value);
    });
    found
}
