//! What an audit cannot do without, and nothing else: list the organization's accounts, assume a role
//! in each, fetch every page of `DescribeInstances` and walk all events of its XML with quick-xml.
//! Nothing is kept, decided or reported, so its CPU time is a floor to compare `imdsure` with.
//!
//! Endpoint and credentials come from `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID` and
//! `AWS_SECRET_ACCESS_KEY`. Prints one line of JSON: pages, bytes, events and seconds.

mod client;

use std::{
    env,
    io::{self, Write},
    ops::AddAssign,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use aws_credential_types::Credentials;
use memchr::memmem;
use quick_xml::{Reader, events::Event};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Call, Client, Result};

const HOME_REGION: &str = "us-east-1";
const ROLE: &str = "OrganizationAccountAccessRole";
const USAGE: &str = "usage: imdsure-bench-walk --regions R1,R2,.. [--concurrency N]";

/// The same as `imdsure`'s: page buffers come and go in megabytes, and allocators differ in that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Arguments {
    regions: Vec<String>,
    concurrency: usize,
}

/// An account to walk.
#[derive(Debug)]
struct Account {
    id: String,
    /// Whether it is the one that manages the organization: its own credentials read it.
    manages: bool,
}

/// A region of an account, with the credentials that read it.
struct Unit {
    credentials: Arc<Credentials>,
    region: String,
}

/// What all tasks share.
struct Walk {
    client: Client,
    /// The caller's credentials, which are the management account's.
    own: Arc<Credentials>,
}

/// What was walked.
#[derive(Debug, Default, Clone, Copy)]
struct Walked {
    pages: u64,
    bytes: u64,
    events: u64,
}

impl AddAssign for Walked {
    fn add_assign(&mut self, other: Self) {
        self.pages += other.pages;
        self.bytes += other.bytes;
        self.events += other.events;
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let started = Instant::now();
    let arguments = arguments()?;
    let (id, secret) = (variable("AWS_ACCESS_KEY_ID")?, variable("AWS_SECRET_ACCESS_KEY")?);
    let token = env::var("AWS_SESSION_TOKEN").ok();
    let walk = Arc::new(Walk {
        client: Client::new(&variable("AWS_ENDPOINT_URL")?, arguments.concurrency),
        own: Arc::new(Credentials::new(id, secret, token, None, "environment")),
    });

    let accounts = walk.accounts().await?;
    let enter = {
        let walk = Arc::clone(&walk);
        move |account| Arc::clone(&walk).enter(account)
    };
    let mut units = Vec::new();
    for credentials in each(accounts, arguments.concurrency, enter).await? {
        units.extend(
            arguments.regions.iter().map(|region| Unit {
                credentials: Arc::clone(&credentials),
                region: region.clone(),
            }),
        );
    }
    let region = move |unit| Arc::clone(&walk).region(unit);
    let mut total = Walked::default();
    for walked in each(units, arguments.concurrency, region).await? {
        total += walked;
    }

    let line = json!({
        "pages": total.pages,
        "bytes": total.bytes,
        "events": total.events,
        "seconds": started.elapsed().as_secs_f64(),
    });
    writeln!(io::stdout(), "{line}")?;
    Ok(())
}

fn arguments() -> Result<Arguments> {
    let mut parsed = Arguments { regions: Vec::new(), concurrency: 32 };
    let mut given = env::args().skip(1);
    while let Some(name) = given.next() {
        let value = given.next().ok_or(USAGE)?;
        match name.as_str() {
            "--regions" => parsed.regions = value.split(',').map(str::to_owned).collect(),
            "--concurrency" => parsed.concurrency = value.parse()?,
            _ => return Err(USAGE.into()),
        }
    }
    if parsed.regions.is_empty() || parsed.concurrency == 0 {
        return Err(USAGE.into());
    }
    Ok(parsed)
}

fn variable(name: &str) -> Result<String> {
    env::var(name).map_err(|error| format!("{name}: {error}").into())
}

/// Does the work on every item, so many at once; results come in no particular order.
async fn each<T, R, F>(
    items: Vec<T>,
    concurrency: usize,
    work: impl Fn(T) -> F + Clone + Send + 'static,
) -> Result<Vec<R>>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Future<Output = Result<R>> + Send,
{
    let items = Arc::new(Mutex::new(items.into_iter()));
    let next = move || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let mut workers = JoinSet::new();
    for _ in 0..concurrency {
        let (next, work) = (next.clone(), work.clone());
        workers.spawn(async move {
            let mut done = Vec::new();
            while let Some(item) = next() {
                done.push(work(item).await?);
            }
            Result::Ok(done)
        });
    }
    let mut all = Vec::new();
    while let Some(done) = workers.join_next().await {
        all.extend(done??);
    }
    Ok(all)
}

impl Walk {
    async fn accounts(&self) -> Result<Vec<Account>> {
        const TARGET: &str = "AWSOrganizationsV20161128.ListAccounts";
        let mut accounts = Vec::new();
        let mut asked = json!({"MaxResults": 20});
        loop {
            let call = Call::json("organizations", TARGET, &asked);
            let answer = self.client.send(&self.own, HOME_REGION, call).await?;
            let page: Value = serde_json::from_slice(&answer)?;
            for account in page["Accounts"].as_array().ok_or("no accounts were listed")? {
                let id = account["Id"].as_str().ok_or("an account without an id")?.to_owned();
                // arn:aws:organizations::MANAGEMENT:account/o-ORGANIZATION/ID
                let manager = account["Arn"].as_str().and_then(|arn| arn.split(':').nth(4));
                accounts.push(Account { manages: manager == Some(&id), id });
            }
            match &page["NextToken"] {
                Value::String(token) if !token.is_empty() => asked["NextToken"] = json!(token),
                _ => return Ok(accounts),
            }
        }
    }

    /// The credentials that read an account.
    async fn enter(self: Arc<Self>, account: Account) -> Result<Arc<Credentials>> {
        if account.manages {
            return Ok(Arc::clone(&self.own));
        }
        let arn = format!("arn:aws:iam::{}:role/{ROLE}", account.id);
        let parameters = [("Action", "AssumeRole"), ("RoleArn", &arn), ("RoleSessionName", "walk")];
        let call = Call::query("sts", "2011-06-15", &parameters);
        let answer = self.client.send(&self.own, HOME_REGION, call).await?;
        let text =
            |name| element(&answer, name).ok_or_else(|| format!("AssumeRole gave no {name}"));
        let (id, secret) = (text("AccessKeyId")?, text("SecretAccessKey")?);
        let token = Some(text("SessionToken")?);
        Ok(Arc::new(Credentials::new(id, secret, token, None, "role")))
    }

    /// Fetches and walks every page of a unit.
    async fn region(self: Arc<Self>, unit: Unit) -> Result<Walked> {
        let mut walked = Walked::default();
        let mut token: Option<String> = None;
        loop {
            let mut parameters = vec![("Action", "DescribeInstances"), ("MaxResults", "1000")];
            parameters.extend(token.as_deref().map(|token| ("NextToken", token)));
            let call = Call::query("ec2", "2016-11-15", &parameters);
            let page = self.client.send(&unit.credentials, &unit.region, call).await?;
            let bytes = page.len() as u64;
            walked += Walked { pages: 1, bytes, events: events(&page)? };
            token = element(&page, "nextToken");
            if token.is_none() {
                return Ok(walked);
            }
        }
    }
}

/// How many events the XML has. Each one is read, none is looked at.
fn events(page: &[u8]) -> Result<u64> {
    let mut reader = Reader::from_reader(page);
    let mut events = 0;
    while !matches!(reader.read_event()?, Event::Eof) {
        events += 1;
    }
    Ok(events)
}

/// The text of the first element of this name, if it has any; for texts that need no unescaping.
fn element(xml: &[u8], name: &str) -> Option<String> {
    let tag = format!("<{name}>");
    let rest = &xml[memmem::find(xml, tag.as_bytes())? + tag.len()..];
    let text = &rest[..memchr::memchr(b'<', rest)?];
    (!text.is_empty()).then(|| String::from_utf8_lossy(text).into_owned())
}
