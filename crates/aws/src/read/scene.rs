//! A made-up AWS for the tests of readers: it answers what a test says, and keeps the calls and the rows.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMillisecondType};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Map, Value as Json, json};

use crate::{
    access::Access,
    builder::{Sink, TableBuilder},
    client::Client,
    endpoint::Endpoints,
    progress::Progress,
    scope::Account,
    source::Wanted,
    tables::{Kind, Table},
    unit::{Found, Unit},
};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

/// One account and region, and what it answers.
pub(super) struct Scene {
    aws: Answers,
    sink: Rows,
    progress: Arc<Progress>,
    account: Account,
    wanted: Wanted,
    client: Option<Client>,
}

/// An answer to calls that have all of these pieces.
#[derive(Debug, Clone)]
struct Answer {
    pieces: Vec<String>,
    status: u16,
    body: String,
}

#[derive(Debug, Clone, Default)]
struct Answers {
    answers: Vec<Answer>,
    calls: Arc<Mutex<Vec<String>>>,
}

#[derive(Default)]
struct Rows(Mutex<BTreeMap<&'static str, TableBuilder>>);

impl Scene {
    pub(super) fn new() -> Self {
        let credentials = Credentials::for_tests();
        let access = Access::own(SharedCredentialsProvider::new(credentials), Endpoints::default());
        let account = Account {
            id: ACCOUNT.to_owned(),
            name: None,
            arn: None,
            email: None,
            status: None,
            unit: crate::scope::OrganizationalUnit::default(),
            entered_as: String::new(),
            home_region: REGION.to_owned(),
            access: Arc::new(access),
        };
        Self {
            aws: Answers::default(),
            sink: Rows::default(),
            progress: Arc::default(),
            account,
            wanted: Wanted::all(),
            client: None,
        }
    }

    /// Answers calls that have all pieces, unless an answer given before fits them. A call reads as its
    /// action or method, a space, and its path and body. With the status 0 there is no answer, and the body
    /// says why.
    pub(super) fn answers(mut self, pieces: &[&str], status: u16, body: &str) -> Self {
        let pieces = pieces.iter().map(|piece| (*piece).to_owned()).collect();
        self.aws.answers.push(Answer { pieces, status, body: body.to_owned() });
        self.client = Some(Client::over(self.aws.clone(), Arc::clone(&self.progress)));
        self
    }

    pub(super) fn on(self, pieces: &[&str], body: &Json) -> Self {
        self.answers(pieces, 200, &body.to_string())
    }

    pub(super) fn unit(&self) -> Unit<'_> {
        Unit {
            client: self.client.as_ref().unwrap(),
            sink: &self.sink,
            progress: &self.progress,
            account: &self.account,
            region: REGION,
            wanted: &self.wanted,
            found: Found::default(),
        }
    }

    /// The calls so far.
    pub(super) fn calls(&self) -> Vec<String> {
        self.aws.calls.lock().unwrap().clone()
    }

    /// The rows of a table, without what is null and without account and region, which all have.
    pub(super) fn rows(&self, table: &'static Table) -> Json {
        let mut tables = self.sink.0.lock().unwrap();
        let Some(builder) = tables.get_mut(table.name) else { return json!([]) };
        let batch = builder.take().unwrap();
        let rows = (0..batch.num_rows()).map(|row| {
            let mut cells = cells(table, &batch, row);
            assert_eq!(cells.remove("account_id"), Some(json!(ACCOUNT)));
            assert_eq!(cells.remove("region"), Some(json!(REGION)));
            Json::Object(cells)
        });
        rows.collect()
    }
}

fn cells(table: &Table, batch: &RecordBatch, row: usize) -> Map<String, Json> {
    let cell = |index: usize, kind: Kind| {
        let array = batch.column(index);
        match kind {
            Kind::Text | Kind::Unique => json!(array.as_string::<i32>().value(row)),
            Kind::Json => {
                let text = array.as_string::<i32>().value(row);
                serde_json::from_str(text).unwrap_or_else(|_| json!({"no json": text}))
            }
            Kind::Integer => json!(array.as_primitive::<Int64Type>().value(row)),
            Kind::Boolean => json!(array.as_boolean().value(row)),
            Kind::Time => {
                let time = array.as_primitive::<TimestampMillisecondType>().value(row);
                json!(jiff::Timestamp::from_millisecond(time).unwrap().to_string())
            }
        }
    };
    let columns = table.columns.iter().enumerate();
    columns
        .filter(|(index, _)| !batch.column(*index).is_null(row))
        .map(|(index, column)| (column.name.to_owned(), cell(index, column.kind)))
        .collect()
}

impl Sink for Rows {
    fn append(&self, table: &'static Table, fill: &mut dyn FnMut(&mut TableBuilder)) {
        let mut tables = self.0.lock().unwrap();
        fill(tables.entry(table.name).or_insert_with(|| TableBuilder::new(table)));
    }
}

impl HttpConnector for Answers {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
        let target =
            request.headers().get("x-amz-target").and_then(|target| target.split('.').nth(1));
        let url = url::Url::parse(request.uri()).unwrap();
        let path =
            url.query().map_or(url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let call = match target {
            Some(action) => format!("{action} {body}"),
            None => format!("{} {path} {body}", request.method()),
        };
        let fits = |answer: &&Answer| answer.pieces.iter().all(|piece| call.contains(piece));
        let answer = self.answers.iter().find(fits);
        let answer = answer.unwrap_or_else(|| panic!("the test has no answer for: {call}"));
        if answer.status == 0 {
            let error = ConnectorError::io(answer.body.clone().into());
            return HttpConnectorFuture::ready(Err(error));
        }
        let status = StatusCode::try_from(answer.status).unwrap();
        let response = HttpResponse::new(status, SdkBody::from(answer.body.as_str()));
        self.calls.lock().unwrap().push(call);
        HttpConnectorFuture::ready(Ok(response))
    }
}
