//! Answers as values, page by page: for everything but instances.

use serde_json::Value;

use crate::{
    client::{Client, Place, endless},
    error::{CallError, Failure},
    operation::Operation,
    wire::{self, Parameters},
};

/// Makes a call and gives its answer.
pub(crate) async fn answer(
    client: &Client,
    operation: &'static Operation,
    place: &Place<'_>,
    parameters: &Parameters,
) -> Result<Value, CallError> {
    client.call(operation, place, parameters, |body| wire::decode(operation, body)).await
}

/// Asks for all pages and hands on the items of each, when the page was read to its end: cut short, it
/// adds nothing. `list` is the path of the member that holds them; a page without it is none.
pub(crate) async fn pages(
    client: &Client,
    operation: &'static Operation,
    place: &Place<'_>,
    parameters: &Parameters,
    list: &[&str],
    mut hand_on: impl FnMut(&[Value]) + Send,
) -> Result<(), CallError> {
    let mut token: Option<String> = None;
    loop {
        let asked = parameters.clone().and(operation.page(token.as_deref()));
        let next = client
            .call(operation, place, &asked, |body| {
                let page = wire::decode(operation, body)?;
                let Some(items) = listed(&page, list) else {
                    let name = list.join(".");
                    return Err(Failure::malformed(format!("the answer has no list `{name}`")));
                };
                hand_on(items);
                let next = operation.paging.as_ref().and_then(|paging| page.get(paging.next));
                let next = next.and_then(Value::as_str).filter(|next| !next.is_empty());
                Ok(next.map(str::to_owned))
            })
            .await?;
        if next.is_none() {
            return Ok(());
        }
        if next == token {
            return Err(endless(operation, place));
        }
        token = next;
    }
}

/// The items of a page; an empty XML element is an empty list.
fn listed<'a>(page: &'a Value, list: &[&str]) -> Option<&'a [Value]> {
    let list = list.iter().try_fold(page, |value, name| value.get(name))?;
    match list {
        Value::Null => Some(&[]),
        list => list.as_array().map(Vec::as_slice),
    }
}
