//! One change at work: every call is recorded before it is made and after it was answered.

use std::cell::Cell;

use imdsure_aws::{
    Parameters,
    actor::{Actor, Reply},
    error::CallError,
    operation::Operation,
};
use imdsure_model::plan::Change;
use serde_json::Value;

use super::{Run, Settling, context::Stopped, turns::Turn};
use crate::event::{Ending, Event};

/// One change, and where and as whom it is made.
pub(crate) struct Task<'a> {
    pub(crate) run: &'a Run,
    pub(crate) actor: Actor<'a>,
    pub(crate) settling: &'a Settling<'a>,
    pub(crate) place: u64,
    pub(crate) change: &'a Change,
    /// Whether an earlier part of the run began it and did not tell how it ended.
    pub(crate) begun: bool,
    /// Whether one of its calls was carried out, by this part of the run or an earlier one.
    pub(crate) stepped: Cell<bool>,
    /// What others wait for until this change is sent, or has ended.
    pub(crate) turn: Turn,
}

/// How a change ended, why, and what is there now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    pub(crate) ending: Ending,
    pub(crate) why: Option<String>,
    pub(crate) after: Value,
}

impl End {
    pub(crate) fn new(ending: Ending, after: Value) -> Self {
        Self { ending, why: None, after }
    }

    pub(crate) fn because(ending: Ending, why: impl Into<String>) -> Self {
        Self { ending, why: Some(why.into()), after: Value::Null }
    }
}

/// Why a change does not go on.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The run stops.
    Stopped,
    /// AWS did not do what was asked.
    Call(CallError),
    /// It ends, and not as it should.
    End(End),
}

impl From<Stopped> for Fault {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

impl From<CallError> for Fault {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<End> for Fault {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

/// Calls are boxed: thousands of changes wait at once for AWS to act, and a call's state is not part of theirs then.
impl Task<'_> {
    /// Records that the change is about to be made, and what is there now.
    pub(crate) async fn begin(&self, before: Value) -> Result<(), Stopped> {
        let change = self.change;
        let event = Event::Change {
            place: self.place,
            wave: change.wave,
            account_id: change.account_id.clone(),
            region: change.region.clone(),
            kind: change.kind,
            id: change.id.clone(),
            target: change.target.clone(),
            before,
            evidence: change.evidence.clone(),
        };
        self.run.record(&event).await
    }

    /// Makes a call that changes something. `made` picks what it made from the answer, for the record.
    pub(crate) async fn call(
        &self,
        step: &str,
        operation: &'static Operation,
        parameters: &Parameters,
        sent: Value,
        made: impl FnOnce(&Value) -> Value,
    ) -> Result<Reply, Fault> {
        if self.run.stopped() {
            return Err(Fault::Stopped);
        }
        let (place, step) = (self.place, step.to_owned());
        let call = Event::Call { place, step: step.clone(), operation: operation.name(), sent };
        self.run.record(&call).await?;
        let answer = Box::pin(self.actor.ask(operation, parameters)).await;
        let event = match &answer {
            Ok(reply) => Event::Answer {
                place,
                step,
                request_id: reply.request_id.clone(),
                made: made(&reply.value),
                error: None,
            },
            Err(error) => Event::Answer {
                place,
                step,
                request_id: None,
                made: Value::Null,
                error: Some(format!("{}: {}", error.code, error.message)),
            },
        };
        self.run.record(&event).await?;
        match answer {
            Ok(reply) => {
                self.stepped.set(true);
                Ok(reply)
            }
            Err(error) => {
                self.run.heed(&error);
                Err(Fault::Call(error))
            }
        }
    }

    /// How the change ended for all that was done: what was refused or found changed at a later step is not untouched.
    pub(crate) fn ended(&self, end: End) -> End {
        let untouched = matches!(end.ending, Ending::Refused | Ending::Drifted);
        if !untouched || !self.stepped.get() {
            return end;
        }
        let why = end.why.unwrap_or_default();
        End::because(
            Ending::Failed,
            format!("{} after an earlier step was made: {why}", end.ending),
        )
    }

    /// Its calls were taken back, and all is as it was.
    pub(crate) fn is_taken_back(&self) {
        self.stepped.set(false);
    }

    /// The change is sent, and only waited for from now on: the next may be read.
    pub(crate) fn is_sent(&self) {
        self.turn.is_sent();
    }

    /// Reads; a failure because of credentials stops the run.
    pub(crate) async fn ask(
        &self,
        operation: &'static Operation,
        parameters: &Parameters,
    ) -> Result<Value, CallError> {
        let answer = Box::pin(self.actor.ask(operation, parameters)).await;
        answer.map(|reply| reply.value).inspect_err(|error| self.run.heed(error))
    }

    /// Reads a list; a failure because of credentials stops the run.
    pub(crate) async fn list(
        &self,
        operation: &'static Operation,
        parameters: &Parameters,
        list: &[&str],
    ) -> Result<Vec<Value>, CallError> {
        let answer = Box::pin(self.actor.list(operation, parameters, list)).await;
        answer.inspect_err(|error| self.run.heed(error))
    }
}
