//! Collecting: workers take accounts and account × region units from one queue, read them, and hand
//! rows to the sink. Whatever fails becomes a row of `scan_error`; the rest is read all the same.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use imdsure_model::{ErrorKind, ErrorRow};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    builder::Sink,
    client::{Client, Place},
    error::CallError,
    operation::{DESCRIBE_REGIONS, LIST_ACCOUNT_ALIASES, Operation},
    progress::Progress,
    queue::Queue,
    read::{self, RegionRow},
    row::Row,
    scope::{Account, Scope},
    service::EC2,
    source::{SOURCES, Source, Wanted},
    tables::{AWS_ACCOUNT, AWS_REGION, Table},
    unit::{Found, Unit, closed_by_policy, write_error},
};

/// What a run covered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    /// The accounts that were to be read.
    pub accounts: BTreeSet<String>,
    /// The regions that were read in at least one account.
    pub regions: BTreeSet<String>,
    /// Whether there is any row of `scan_error`.
    pub incomplete: bool,
}

/// A run's collector, shared by its workers.
struct Collector {
    client: Client,
    sink: Arc<dyn Sink>,
    progress: Arc<Progress>,
    chosen_regions: BTreeSet<String>,
    wanted: Wanted,
    stop: watch::Receiver<bool>,
    queue: Queue<Work>,
    regions: Mutex<BTreeSet<String>>,
}

enum Work {
    /// Enter an account and find its regions.
    Account(Arc<Account>),
    /// Read one region of it.
    Region(Arc<Account>, String),
}

/// Reads a scope into the sink with that many workers. When `stop` turns true, what is not yet read
/// becomes rows of `scan_error` and the run ends.
pub async fn collect(
    client: Client,
    scope: Scope,
    wanted: Wanted,
    sink: Arc<dyn Sink>,
    progress: Arc<Progress>,
    concurrency: usize,
    stop: watch::Receiver<bool>,
) -> Coverage {
    let ids = scope.accounts.iter().map(|account| account.id.clone()).collect();
    progress.accounts.add(scope.accounts.len() as u64);
    let accounts = scope.accounts.into_iter().map(|account| Work::Account(Arc::new(account)));
    let queue = Queue::new(accounts);
    let chosen_regions = scope.regions;
    let regions = Mutex::default();
    let collector =
        Collector { client, sink, progress, chosen_regions, wanted, stop, queue, regions };
    for error in &scope.errors {
        // Which accounts and regions are missing because of it cannot be said.
        collector.error(&ErrorRow { region: None, ..error.row(None) });
    }
    let collector = Arc::new(collector);
    let mut workers = JoinSet::new();
    for _ in 0..concurrency.max(1) {
        workers.spawn(Arc::clone(&collector).work());
    }
    while let Some(ended) = workers.join_next().await {
        if let Err(error) = ended
            && error.is_panic()
        {
            // The others would wait for its work for ever.
            std::panic::resume_unwind(error.into_panic());
        }
    }
    let regions = std::mem::take(&mut *collector.regions());
    Coverage { accounts: ids, regions, incomplete: collector.progress.errors.get() > 0 }
}

impl Collector {
    async fn work(self: Arc<Self>) {
        while let Some(work) = self.queue.take().await {
            if self.sink.failed() {
                self.queue.done([]);
                continue;
            }
            match work {
                Work::Account(account) => {
                    let regions = self.enter(&account).await;
                    self.progress.accounts_entered.add(1);
                    self.progress.regions.add(regions.len() as u64);
                    let units = regions.into_iter();
                    self.queue.done(units.map(|region| Work::Region(Arc::clone(&account), region)));
                }
                Work::Region(account, region) => {
                    self.read_region(&account, &region).await;
                    self.progress.regions_done.add(1);
                    self.queue.done([]);
                }
            }
        }
    }

    /// Writes the account's rows and gives the regions to read.
    async fn enter(&self, account: &Account) -> Vec<String> {
        let regions = self.regions_of(account).await;
        self.account_row(account, self.name(account, regions.is_ok()).await.as_deref());
        match regions {
            Ok(regions) => {
                self.region_rows(account, &regions);
                let read = |region: &RegionRow| self.reads(region);
                regions.into_iter().filter(read).map(|region| region.name).collect()
            }
            Err(error) => self.without_region_list(&error),
        }
    }

    /// Every region knows all regions. One that an organization policy closes, or that is not enabled
    /// for the account, is not the one to ask: the next is.
    async fn regions_of(&self, account: &Account) -> Result<Vec<RegionRow>, CallError> {
        let home = std::iter::once(account.home_region.as_str());
        let chosen = self.chosen_regions.iter().map(String::as_str);
        let others = account.partition().open_regions().iter().copied();
        let mut asked: Vec<&str> = Vec::new();
        let mut first_error = None;
        for region in home.chain(chosen).chain(others) {
            if asked.contains(&region) {
                continue;
            }
            asked.push(region);
            let place = place(account, region);
            let found = read::describe_regions(&self.client, &place);
            match self.unless_stopped(&DESCRIBE_REGIONS, &place, found).await {
                Err(error) if closed(&error) => {
                    first_error.get_or_insert(error);
                }
                answer => return answer,
            }
        }
        first_error.map_or_else(|| Ok(Vec::new()), Err)
    }

    /// Without the list of regions, those that the user chose can still be read. Otherwise the account
    /// is unread as a whole.
    fn without_region_list(&self, error: &CallError) -> Vec<String> {
        let cannot_enter = matches!(error.kind, ErrorKind::Credentials | ErrorKind::Interrupted)
            || error.operation.starts_with("sts:");
        if cannot_enter || self.chosen_regions.is_empty() {
            self.error(&ErrorRow { region: None, ..error.row(None) });
            return Vec::new();
        }
        self.error(&error.row(Some(AWS_REGION.name)));
        self.chosen_regions.iter().cloned().collect()
    }

    fn regions(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.regions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reads(&self, region: &RegionRow) -> bool {
        let chosen = self.chosen_regions.is_empty() || self.chosen_regions.contains(&region.name);
        chosen && region.enabled()
    }

    async fn read_region(&self, account: &Account, region: &str) {
        let mut unit = Unit {
            client: &self.client,
            sink: &*self.sink,
            progress: &self.progress,
            account,
            region,
            wanted: &self.wanted,
            found: Found::default(),
        };
        let mut closed = Closed::default();
        let mut anything = false;
        for source in SOURCES.iter().filter(|source| source.serves(&self.wanted)) {
            let answer = if let Some(error) = closed.by_policy(source) {
                Err(error.clone())
            } else {
                let operation = source.operations.first().copied().unwrap_or(&DESCRIBE_REGIONS);
                let place = place(account, region);
                self.unless_stopped(operation, &place, (source.read)(&mut unit)).await
            };
            match answer {
                Ok(()) => anything = true,
                Err(error) => {
                    unit.unread(&error, source.fills);
                    closed.learn(source, error);
                }
            }
        }
        if anything {
            self.regions().insert(region.to_owned());
        }
    }

    /// Runs a read unless, or until, the run is stopped.
    async fn unless_stopped<T>(
        &self,
        operation: &Operation,
        place: &Place<'_>,
        read: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let mut stop = self.stop.clone();
        let stopped = async {
            // An error means that nobody can stop the run any more.
            if stop.wait_for(|stopped| *stopped).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = stopped => Err(interrupted(operation, place)),
            read = read => read,
        }
    }

    /// The account's name: as the organization has it, else its alias. A name is good to have; without
    /// the permission the account has none.
    async fn name(&self, account: &Account, entered: bool) -> Option<String> {
        if account.name.is_some() || !entered {
            return account.name.clone();
        }
        let place = place(account, &account.home_region);
        let alias = read::account_alias(&self.client, &place);
        self.unless_stopped(&LIST_ACCOUNT_ALIASES, &place, alias).await.unwrap_or_default()
    }

    fn account_row(&self, account: &Account, name: Option<&str>) {
        let text = |value: &Option<String>| serde_json::Value::from(value.clone());
        let row = Row::new(&AWS_ACCOUNT)
            .set("account_id", account.id.as_str())
            .set("name", name)
            .set("arn", text(&account.arn))
            .set("email", text(&account.email))
            .set("partition", account.partition().name())
            .set("status", text(&account.status))
            .set("management", account.management())
            .set("organizational_unit", text(&account.unit.names))
            .set("organizational_path", text(&account.unit.path))
            .set("entered_as", account.entered_as.as_str());
        self.append(&AWS_ACCOUNT, &[row]);
    }

    fn region_rows(&self, account: &Account, regions: &[RegionRow]) {
        let row = |region: &RegionRow| {
            Row::new(&AWS_REGION)
                .set("account_id", account.id.as_str())
                .set("region", region.name.as_str())
                .set("opt_in_status", region.opt_in_status.as_str())
                .set("read", self.reads(region))
        };
        let rows: Vec<Row> = regions.iter().map(row).collect();
        self.append(&AWS_REGION, &rows);
    }

    fn append(&self, table: &'static Table, rows: &[Row]) {
        self.sink.append(table, &mut |builder| {
            for row in rows {
                row.push(builder);
            }
        });
    }

    fn error(&self, row: &ErrorRow) {
        self.progress.errors.add(1);
        write_error(&*self.sink, row);
    }
}

/// What an organization policy closes in one region: a service that was refused is not called again, and
/// where EC2 and another were, the region is closed as a whole. (Two services beside EC2 may well be closed
/// each for itself.)
#[derive(Debug, Default)]
struct Closed(Vec<(&'static str, CallError)>);

impl Closed {
    fn by_policy(&self, source: &Source) -> Option<&CallError> {
        let services: Vec<&str> = source.operations.iter().map(|o| o.service.name).collect();
        let same = self.0.iter().find(|(service, _)| services.contains(service));
        let region = self.0.iter().find(|(service, _)| *service == EC2.name && self.0.len() > 1);
        let same = same.or(region);
        same.map(|(_, error)| error)
    }

    fn learn(&mut self, source: &Source, error: CallError) {
        let service = source.operations.first().map(|operation| operation.service.name);
        if let Some(service) = service
            && closed_by_policy(&error)
            && !self.0.iter().any(|(known, _)| *known == service)
        {
            self.0.push((service, error));
        }
    }
}

fn place<'a>(account: &'a Account, region: &'a str) -> Place<'a> {
    Place { access: &account.access, account_id: Some(&account.id), region }
}

/// Whether it may be the region, not the account, that does not answer: closed by a policy, not enabled,
/// or down.
fn closed(error: &CallError) -> bool {
    let kind = matches!(error.kind, ErrorKind::ClosedByPolicy | ErrorKind::Unavailable);
    let closed = kind || error.code == "AuthFailure";
    closed && error.operation == DESCRIBE_REGIONS.name()
}

fn interrupted(operation: &Operation, place: &Place<'_>) -> CallError {
    CallError {
        account_id: place.account_id.map(str::to_owned),
        region: Some(place.region.to_owned()),
        operation: operation.name(),
        code: "Interrupted".to_owned(),
        message: "the run was stopped before this was read".to_owned(),
        kind: ErrorKind::Interrupted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_closed_services_close_a_region_only_with_ec2() {
        let of = |service: &str| {
            let found = SOURCES
                .iter()
                .find(|s| s.operations.first().is_some_and(|o| o.service.name == service));
            found.unwrap()
        };
        let error = || CallError {
            account_id: None,
            region: None,
            operation: String::new(),
            code: String::new(),
            message: String::new(),
            kind: ErrorKind::ClosedByPolicy,
        };
        let mut closed = Closed::default();
        closed.learn(of("lightsail"), error());
        closed.learn(of("appstream"), error());
        assert!(closed.by_policy(of("lightsail")).is_some());
        assert!(closed.by_policy(of("eks")).is_none());
        closed.learn(of("ec2"), error());
        assert!(closed.by_policy(of("eks")).is_some());
    }
}
