//! Calls by whoever changes AWS: one account and region at a time, each answer with its request id.

use serde_json::Value;

use crate::{
    client::{Client, Place},
    error::CallError,
    operation::Operation,
    partition::Partition,
    read,
    scope::Account,
    wire::{self, Parameters},
};

/// The code with which EC2 answers a dry run that would have been carried out.
const WOULD_SUCCEED: &str = "DryRunOperation";

/// One region of one account, to act in.
#[derive(Debug, Clone, Copy)]
pub struct Actor<'a> {
    /// Calls AWS.
    pub client: &'a Client,
    /// As whom.
    pub account: &'a Account,
    /// Where.
    pub region: &'a str,
}

/// An answer, and the id under which AWS knows the request.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The answer as one value: elements of XML are members, lists arrays, all else texts.
    pub value: Value,
    /// `x-amzn-requestid`, where AWS sent it.
    pub request_id: Option<String>,
}

impl Actor<'_> {
    fn place(&self) -> Place<'_> {
        let account_id = Some(self.account.id.as_str());
        Place { access: &self.account.access, account_id, region: self.region }
    }

    /// Makes a call. It is made again when no answer came: what it asks for must be harmless to ask for twice.
    pub async fn ask(
        &self,
        operation: &'static Operation,
        parameters: &Parameters,
    ) -> Result<Reply, CallError> {
        let read = |body: &[u8]| wire::decode(operation, body);
        let (value, request_id) =
            self.client.call_with_id(operation, &self.place(), parameters, read).await?;
        Ok(Reply { value, request_id })
    }

    /// Reads all items of a paged answer; `list` is the path of the member that holds them.
    pub async fn list(
        &self,
        operation: &'static Operation,
        parameters: &Parameters,
        list: &[&str],
    ) -> Result<Vec<Value>, CallError> {
        let mut all = Vec::new();
        self.each_page(operation, parameters, list, |items| all.extend_from_slice(items)).await?;
        Ok(all)
    }

    /// The same page by page, of which one is held at a time: an instance with all its members takes tens of kilobytes.
    pub async fn each_page(
        &self,
        operation: &'static Operation,
        parameters: &Parameters,
        list: &[&str],
        take: impl FnMut(&[Value]) + Send,
    ) -> Result<(), CallError> {
        read::pages(self.client, operation, &self.place(), parameters, list, take).await
    }

    /// Whether EC2 would carry a call out, by a dry run; the refusal otherwise.
    pub async fn would(
        &self,
        operation: &'static Operation,
        parameters: Parameters,
    ) -> Result<(), CallError> {
        match self.ask(operation, &parameters.with("DryRun", "true")).await {
            Err(error) if error.code == WOULD_SUCCEED => Ok(()),
            Err(error) => Err(error),
            // Carried out in spite of the dry run: an endpoint that is not AWS.
            Ok(_) => Err(CallError {
                account_id: Some(self.account.id.clone()),
                region: Some(self.region.to_owned()),
                operation: operation.name(),
                code: "DryRunCarriedOut".to_owned(),
                message: "a dry run was carried out: this endpoint does not do what EC2 does"
                    .to_owned(),
                kind: imdsure_model::ErrorKind::Malformed,
            }),
        }
    }

    /// Who AWS says that the caller is: account and ARN.
    pub async fn identity(&self) -> Result<(String, String), CallError> {
        let caller = read::caller_identity(self.client, &self.place()).await?;
        Ok((caller.account_id, caller.arn))
    }

    /// `arn:PARTITION:SERVICE:REGION:ACCOUNT:REST`.
    pub fn arn(&self, service: &str, rest: &str) -> String {
        let partition = Partition::of_region(self.region).name();
        format!("arn:{partition}:{service}:{}:{}:{rest}", self.region, self.account.id)
    }
}
