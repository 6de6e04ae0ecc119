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
    operation::{
        DESCRIBE_EFFECTIVE_POLICY, DESCRIBE_REGIONS, GET_METRIC_DATA, LIST_ACCOUNT_ALIASES,
        LIST_POLICIES, Operation,
    },
    progress::Progress,
    queue::Queue,
    read::{self, RegionRow, Window, most_metrics},
    row::Row,
    scope::{Account, Scope},
    service::{EC2, ORGANIZATIONS},
    source::{SOURCES, Source, Wanted},
    tables::{
        AWS_ACCOUNT, AWS_CLOUDWATCH_IMDS_USAGE, AWS_ORGANIZATIONS_EFFECTIVE_POLICY,
        AWS_ORGANIZATIONS_POLICY, AWS_REGION, Table,
    },
    unit::{Found, SeenInstance, Unit, closed_by_policy, write_error},
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

/// How a run reads.
pub struct Reading {
    /// The tables to fill.
    pub wanted: Wanted,
    /// Whether and how to ask CloudWatch for usage.
    pub usage: Option<Usage>,
    /// Calls under way at once.
    pub concurrency: usize,
    /// Turns true when the run is to end with what it has.
    pub stop: watch::Receiver<bool>,
}

/// How CloudWatch is asked for usage.
pub struct Usage {
    /// The days to look back on.
    pub days: u32,
    /// What it may cost at most, in US dollars.
    pub max_cost: f64,
    /// How far the clock is set forward, in seconds: for a simulated organization, whose time is set forward as well.
    pub ahead_seconds: i64,
    /// Told what it is about to cost, before it does.
    pub announce: Box<dyn Fn(&Estimate) + Send + Sync>,
}

/// What asking CloudWatch costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Instances to be asked about.
    pub instances: u64,
    /// US dollars, if none of them used version 1.
    pub dollars: f64,
    /// US dollars, if all of them did.
    pub at_most: f64,
}

impl Estimate {
    fn of(instances: u64) -> Self {
        let dollars = instances as f64 * METRIC_DOLLARS;
        let at_most = most_metrics(instances) as f64 * METRIC_DOLLARS;
        Self { instances, dollars, at_most }
    }
}

/// What GetMetricData costs for each metric: $0.01 for 1,000 (CloudWatch's price list, most regions).
const METRIC_DOLLARS: f64 = 0.00001;

/// A run's collector, shared by its workers.
struct Collector {
    client: Client,
    sink: Arc<dyn Sink>,
    progress: Arc<Progress>,
    chosen_regions: BTreeSet<String>,
    reading: Reading,
    regions: Mutex<BTreeSet<String>>,
    /// The regions that some account has, enabled or not.
    listed: Mutex<BTreeSet<String>>,
    /// Regions whose instances CloudWatch can be asked about.
    used: Mutex<Vec<Metered>>,
}

/// The instances of a region, for CloudWatch.
struct Metered {
    account: Arc<Account>,
    region: String,
    instances: Vec<SeenInstance>,
}

enum Work {
    /// Read the organization's policies, as this account.
    Organization(Box<Account>),
    /// Enter an account and find its regions.
    Account(Arc<Account>),
    /// Read one region of it.
    Region(Arc<Account>, String),
    /// Ask CloudWatch about its instances.
    Usage(Metered),
}

/// Reads a scope into the sink. When `stop` turns true, what is not yet read becomes rows of `scan_error`
/// and the run ends.
pub async fn collect(
    client: Client,
    scope: Scope,
    sink: Arc<dyn Sink>,
    progress: Arc<Progress>,
    reading: Reading,
) -> Coverage {
    let ids = scope.accounts.iter().map(|account| account.id.clone()).collect();
    progress.accounts.add(scope.accounts.len() as u64);
    let accounts = scope.accounts.into_iter().map(|account| Work::Account(Arc::new(account)));
    let policies = reading.wanted.has(&AWS_ORGANIZATIONS_POLICY);
    let readers = scope.organizations.into_values().filter(|_| policies);
    let readers = readers.map(|reader| Work::Organization(Box::new(reader)));
    let work: Vec<Work> = readers.chain(accounts).collect();
    let collector = Arc::new(Collector {
        client,
        sink,
        progress,
        chosen_regions: scope.regions,
        reading,
        regions: Mutex::default(),
        listed: Mutex::default(),
        used: Mutex::default(),
    });
    for error in &scope.errors {
        collector.error(&wide(error, None));
    }
    if let Some(error) = scope.without_tree.filter(|_| policies) {
        collector.error(&wide(&error, Some(AWS_ORGANIZATIONS_POLICY.name)));
    }
    collector.run(work).await;
    collector.tell_unknown_regions();
    // What usage costs is known when all instances are.
    collector.run(collector.usage()).await;
    let regions = std::mem::take(&mut *collector.regions());
    Coverage { accounts: ids, regions, incomplete: collector.progress.errors.get() > 0 }
}

impl Collector {
    /// Does the work, and all that it begets, with as many workers as calls may be under way.
    async fn run(self: &Arc<Self>, work: Vec<Work>) {
        let queue = Arc::new(Queue::new(work));
        let mut workers = JoinSet::new();
        for _ in 0..self.reading.concurrency.max(1) {
            workers.spawn(Arc::clone(self).work(Arc::clone(&queue)));
        }
        while let Some(ended) = workers.join_next().await {
            if let Err(error) = ended
                && error.is_panic()
            {
                // The others would wait for its work for ever.
                std::panic::resume_unwind(error.into_panic());
            }
        }
    }

    async fn work(self: Arc<Self>, queue: Arc<Queue<Work>>) {
        while let Some(work) = queue.take().await {
            if self.sink.failed() {
                queue.done([]);
                continue;
            }
            let mut begot = Vec::new();
            match work {
                Work::Organization(reader) => self.read_policies(&reader).await,
                Work::Account(account) => {
                    let regions = self.enter(&account).await;
                    self.progress.accounts_entered.add(1);
                    self.progress.regions.add(regions.len() as u64);
                    let units = regions.into_iter();
                    begot.extend(units.map(|region| Work::Region(Arc::clone(&account), region)));
                }
                Work::Region(account, region) => {
                    self.read_region(&account, &region).await;
                    self.progress.regions_done.add(1);
                }
                Work::Usage(metered) => self.read_usage(&metered).await,
            }
            queue.done(begot);
        }
    }

    /// The usage to ask for, if it may cost what it may cost.
    fn usage(&self) -> Vec<Work> {
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        let Some(usage) = &self.reading.usage else { return Vec::new() };
        let instances = used.iter().map(|metered| metered.instances.len() as u64).sum();
        if instances == 0 {
            return Vec::new();
        }
        let estimate = Estimate::of(instances);
        if estimate.at_most > usage.max_cost {
            self.error(&too_expensive(&estimate, usage.max_cost));
            return Vec::new();
        }
        (usage.announce)(&estimate);
        used.into_iter().map(Work::Usage).collect()
    }

    async fn read_policies(&self, reader: &Account) {
        let place = place(reader, &reader.home_region);
        let policies = read::organization_policies(&self.client, &place);
        let policies = async { Ok(policies.await) };
        let (rows, errors) = match self.unless_stopped(&LIST_POLICIES, &place, policies).await {
            Ok(read) => read,
            Err(error) => (Vec::new(), vec![error]),
        };
        self.append(&AWS_ORGANIZATIONS_POLICY, &rows);
        for error in &errors {
            self.error(&wide(error, Some(AWS_ORGANIZATIONS_POLICY.name)));
        }
    }

    async fn read_effective_policy(&self, account: &Account) {
        let place = place(account, &account.home_region);
        let policy = read::effective_policy(&self.client, &place, &account.id);
        match self.unless_stopped(&DESCRIBE_EFFECTIVE_POLICY, &place, policy).await {
            Ok(row) => self.append(&AWS_ORGANIZATIONS_EFFECTIVE_POLICY, row.as_slice()),
            Err(error) => {
                let table = Some(AWS_ORGANIZATIONS_EFFECTIVE_POLICY.name);
                self.error(&ErrorRow { region: None, ..error.row(table) });
            }
        }
    }

    /// Writes the account's rows and gives the regions to read.
    async fn enter(&self, account: &Account) -> Vec<String> {
        let regions = self.regions_of(account).await;
        self.account_row(account, self.name(account, regions.is_ok()).await.as_deref());
        if regions.is_ok() && self.reading.wanted.has(&AWS_ORGANIZATIONS_EFFECTIVE_POLICY) {
            self.read_effective_policy(account).await;
        }
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

    async fn read_region(&self, account: &Arc<Account>, region: &str) {
        let mut unit = self.unit(account, region);
        let mut closed = Closed::default();
        let mut anything = false;
        for source in SOURCES.iter().filter(|source| source.serves(&self.reading.wanted)) {
            let answer = if let Some(error) = closed.by_policy(source) {
                Err(error.clone())
            } else {
                let operation = source.operations.first().copied().unwrap_or(&DESCRIBE_REGIONS);
                let place = place(account, region);
                self.unless_stopped(operation, &place, (source.read)(&mut unit)).await
            };
            match answer {
                Ok(()) => {
                    anything = true;
                    closed.answered.extend(source.operations.iter().map(|o| o.service.name));
                }
                Err(error) => {
                    unit.unread(&error, source.fills);
                    closed.learn(source, error);
                }
            }
        }
        if anything {
            self.regions().insert(region.to_owned());
        }
        let instances = unit.found.instances;
        if !instances.is_empty() {
            let metered =
                Metered { account: Arc::clone(account), region: region.to_owned(), instances };
            self.used.lock().unwrap_or_else(PoisonError::into_inner).push(metered);
        }
    }

    async fn read_usage(&self, metered: &Metered) {
        let Some(usage) = &self.reading.usage else { return };
        let Metered { account, region, instances } = metered;
        let unit = self.unit(account, region);
        let place = place(account, region);
        let now = jiff::Timestamp::now().as_millisecond();
        let window = Window::before(now + 1000 * usage.ahead_seconds, usage.days);
        let read = async { Ok(read::usage(&unit, instances, window).await) };
        if let Err(error) = self.unless_stopped(&GET_METRIC_DATA, &place, read).await {
            unit.unread(&error, &[&AWS_CLOUDWATCH_IMDS_USAGE]);
        }
    }

    fn unit<'a>(&'a self, account: &'a Account, region: &'a str) -> Unit<'a> {
        Unit {
            client: &self.client,
            sink: &*self.sink,
            progress: &self.progress,
            account,
            region,
            wanted: &self.reading.wanted,
            found: Found::default(),
        }
    }

    /// Runs a read unless, or until, the run is stopped.
    async fn unless_stopped<T>(
        &self,
        operation: &Operation,
        place: &Place<'_>,
        read: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let mut stop = self.reading.stop.clone();
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

    /// A chosen region that no account has, found out only now: nobody could list the regions before.
    fn tell_unknown_regions(&self) {
        let listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if listed.is_empty() {
            return;
        }
        for region in self.chosen_regions.difference(&listed) {
            self.error(&ErrorRow {
                account_id: None,
                region: Some(region.clone()),
                operation: DESCRIBE_REGIONS.name(),
                code: "UnknownRegion".to_owned(),
                message: format!("no account has a region `{region}`"),
                kind: ErrorKind::Refused,
                table_name: None,
                path: None,
                line: None,
                column: None,
                accepted: None,
            });
        }
    }

    fn region_rows(&self, account: &Account, regions: &[RegionRow]) {
        let names = regions.iter().map(|region| region.name.clone());
        self.listed.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
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
        if rows.is_empty() {
            return;
        }
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

/// What an organization policy closes in one region. What was refused is not called again; a service that
/// refused two operations and answered none is closed, and where that is EC2 and another refuses too, the region is.
/// (One operation may well be denied by itself, and so may services beside EC2.)
#[derive(Debug, Default)]
struct Closed {
    refused: Vec<(&'static Operation, CallError)>,
    /// Services that answered something: they are not closed.
    answered: BTreeSet<&'static str>,
}

impl Closed {
    fn by_policy(&self, source: &Source) -> Option<&CallError> {
        let refused = |operation: &Operation| {
            self.refused.iter().find(|(known, _)| *known == operation).map(|(_, error)| error)
        };
        source
            .operations
            .iter()
            .find_map(|operation| refused(operation))
            .or_else(|| source.operations.iter().find_map(|o| self.service(o.service.name)))
            .or_else(|| self.region())
    }

    /// Why a service is closed as a whole.
    fn service(&self, service: &str) -> Option<&CallError> {
        let mut refused =
            self.refused.iter().filter(|(operation, _)| operation.service.name == service);
        let first = refused.next().filter(|_| refused.next().is_some());
        first.filter(|_| !self.answered.contains(service)).map(|(_, error)| error)
    }

    /// Why the region is closed as a whole.
    fn region(&self) -> Option<&CallError> {
        let others = self.refused.iter().any(|(operation, _)| operation.service.name != EC2.name);
        self.service(EC2.name).filter(|_| others)
    }

    fn learn(&mut self, source: &Source, error: CallError) {
        let refused =
            source.operations.iter().find(|operation| operation.name() == error.operation);
        if let Some(refused) = refused.filter(|_| closed_by_policy(&error)) {
            self.refused.push((refused, error));
        }
    }
}

/// The gap that a call for the whole organization leaves: which accounts and regions are missing because of it
/// cannot be said, so that it has no place. Who could not enter his own account is named.
fn wide(error: &CallError, table: Option<&str>) -> ErrorRow {
    let row = ErrorRow { region: None, ..error.row(table) };
    let organization = error.operation.starts_with(ORGANIZATIONS.name);
    let account_id = row.account_id.clone().filter(|_| !organization);
    ErrorRow { account_id, ..row }
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

/// The gap that a limit on costs leaves.
fn too_expensive(estimate: &Estimate, max_cost: f64) -> ErrorRow {
    let message = format!(
        "not asked: {} instances would cost up to ${}, and --max-cost is ${max_cost}",
        estimate.instances, estimate.at_most
    );
    ErrorRow {
        account_id: None,
        region: None,
        operation: GET_METRIC_DATA.name(),
        code: "CostLimit".to_owned(),
        message,
        kind: ErrorKind::Refused,
        table_name: Some(AWS_CLOUDWATCH_IMDS_USAGE.name.to_owned()),
        path: None,
        line: None,
        column: None,
        accepted: None,
    }
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
    fn one_refused_operation_closes_no_service_and_no_service_beside_ec2_a_region() {
        let of = |operation: &str| {
            let calls = |s: &&Source| s.operations.iter().any(|o| o.name() == operation);
            SOURCES.iter().find(calls).unwrap()
        };
        let refuse = |closed: &mut Closed, operation: &str| {
            let error = CallError {
                account_id: None,
                region: None,
                operation: operation.to_owned(),
                code: String::new(),
                message: String::new(),
                kind: ErrorKind::ClosedByPolicy,
            };
            closed.learn(of(operation), error);
        };
        let is_closed = |closed: &Closed, operation| closed.by_policy(of(operation)).is_some();
        let mut closed = Closed::default();
        refuse(&mut closed, "ec2:DescribeInstances");
        assert!(is_closed(&closed, "ec2:DescribeInstances"));
        assert!(!is_closed(&closed, "ec2:DescribeImages"));
        refuse(&mut closed, "ec2:DescribeLaunchTemplates");
        assert!(is_closed(&closed, "ec2:DescribeImages"));
        assert!(!is_closed(&closed, "eks:ListClusters"));
        refuse(&mut closed, "lightsail:GetInstances");
        assert!(is_closed(&closed, "eks:ListClusters"));
        let mut beside = Closed::default();
        refuse(&mut beside, "lightsail:GetInstances");
        refuse(&mut beside, "appstream:DescribeFleets");
        assert!(is_closed(&beside, "lightsail:GetInstances"));
        assert!(!is_closed(&beside, "eks:ListClusters"));
        let mut spot = Closed { answered: ["ec2"].into(), ..Closed::default() };
        refuse(&mut spot, "ec2:DescribeSpotInstanceRequests");
        refuse(&mut spot, "ec2:DescribeSpotFleetRequests");
        assert!(!is_closed(&spot, "ec2:DescribeImages"));
    }
}
