//! What a list only names, each asked for on its own: some at once, written in the list's order.

use futures::{StreamExt, stream};
use serde_json::Value;

use crate::{
    error::{CallError, Failure},
    operation::Operation,
    tables::Table,
    unit::Unit,
    wire::{self, Parameters},
};

/// Calls of one read that are under way at once. One after another they would take minutes in a large
/// account; the service's throttle bucket holds for all of them together.
pub(crate) const CALLS_AT_ONCE: usize = 8;

/// What came of asking for an item that a list named.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Described {
    /// The answer.
    As(Value),
    /// It was deleted meanwhile.
    Gone,
    /// It could not be read; that is written down.
    Unread,
}

impl Described {
    /// The answer, if there is one.
    pub(crate) fn answer(self) -> Option<Value> {
        match self {
            Self::As(answer) => Some(answer),
            Self::Gone | Self::Unread => None,
        }
    }
}

/// What it takes to ask for the items of a list.
pub(crate) struct Describe<'a> {
    /// The operation that describes one item.
    pub(crate) operation: &'static Operation,
    /// The member that every answer of it has.
    pub(crate) member: &'static str,
    /// Whether an error says that the item is gone.
    pub(crate) gone: fn(&CallError) -> bool,
    /// The tables in which rows are missing when an item cannot be read.
    pub(crate) tables: &'a [&'static Table],
}

impl Unit<'_> {
    /// Makes a call whose answer has a member of this name.
    pub(crate) async fn ask_for(
        &self,
        operation: &'static Operation,
        parameters: &Parameters,
        member: &str,
    ) -> Result<Value, CallError> {
        let read = |body: &[u8]| {
            let answer = wire::decode(operation, body)?;
            if answer.get(member).is_some() {
                Ok(answer)
            } else {
                Err(Failure::malformed(format!("the answer has no `{member}`")))
            }
        };
        self.client.call(operation, &self.place(), parameters, read).await
    }

    /// Describes the items of a list, in its order.
    pub(crate) async fn describe_each(
        &self,
        describe: &Describe<'_>,
        items: Vec<Parameters>,
    ) -> Vec<Described> {
        let ask = |parameters: Parameters| async move {
            self.ask_for(describe.operation, &parameters, describe.member).await
        };
        let answers: Vec<_> = stream::iter(items).map(ask).buffered(CALLS_AT_ONCE).collect().await;
        let mut errors = Vec::new();
        let described = answers.into_iter().map(|answer| match answer {
            Ok(answer) => Described::As(answer),
            Err(error) if (describe.gone)(&error) => Described::Gone,
            Err(error) => {
                errors.push(error);
                Described::Unread
            }
        });
        let described = described.collect();
        self.unread_each(errors, describe.tables);
        described
    }

    /// Reads the lists of several owners, in their order: of one that is gone or cannot be read, an empty
    /// one, and the latter is written down.
    pub(crate) async fn list_each(
        &self,
        describe: &Describe<'_>,
        owners: Vec<Parameters>,
    ) -> Vec<Vec<Value>> {
        let path = [describe.member];
        let list = |parameters: Parameters| async move {
            self.list(describe.operation, parameters, &path).await
        };
        let answers: Vec<_> =
            stream::iter(owners).map(list).buffered(CALLS_AT_ONCE).collect().await;
        let mut errors = Vec::new();
        let lists = answers.into_iter().map(|answer| match answer {
            Ok(list) => list,
            Err(error) => {
                if !(describe.gone)(&error) {
                    errors.push(error);
                }
                Vec::new()
            }
        });
        let lists = lists.collect();
        self.unread_each(errors, describe.tables);
        lists
    }

    /// Keeps errors of calls that were made for many items: one of each operation and code, which says how
    /// many there were. A thousand rows would say no more.
    pub(crate) fn unread_each(&self, errors: Vec<CallError>, tables: &[&'static Table]) {
        let mut kinds: Vec<(CallError, usize)> = Vec::new();
        for error in errors {
            let same = |(known, _): &&mut (CallError, usize)| {
                known.operation == error.operation && known.code == error.code
            };
            match kinds.iter_mut().find(same) {
                Some((_, times)) => *times += 1,
                None => kinds.push((error, 1)),
            }
        }
        for (mut error, times) in kinds {
            if times > 1 {
                error.message = format!("{} (and {} more like it)", error.message, times - 1);
            }
            self.unread(&error, tables);
        }
    }
}
