//! Opening a run: as whom in which account, one lock for each, and the journal.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use imdsure_aws::{
    Parameters,
    actor::Actor,
    client::Client,
    operation::DESCRIBE_ORGANIZATION,
    scope::{Account, ScopeRequest},
};
use imdsure_model::{ErrorKind, plan::ChangeKind};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use super::{
    Clock, Past, Progress, Run, RunError,
    context::Tally,
    halt::{Stop, unless_asked},
    past::RunState,
    turns, undo,
};
use crate::{
    event::{Action, Event},
    journal::{Holder, Journal, Lock, RunId, Store},
    plan::{PlanFile, notes::session_policy},
};

/// What a run is opened with.
pub(super) struct Opening {
    pub(super) store: Store,
    pub(super) run: RunId,
    pub(super) scope: ScopeRequest,
    pub(super) accounts: Vec<String>,
    pub(super) kinds: BTreeSet<ChangeKind>,
    /// The organization that the plan is of.
    pub(super) organization: Option<String>,
    pub(super) concurrency: usize,
    pub(super) share: f64,
    pub(super) clock: Clock,
    pub(super) progress: Arc<Progress>,
    pub(super) stop: watch::Receiver<bool>,
}

/// What was entered: accounts, with the caller in each, and why others were not.
struct Entered {
    accounts: BTreeMap<String, Account>,
    callers: BTreeMap<String, String>,
    refused: BTreeMap<String, String>,
    /// Whose the credentials are that the user came with.
    identity: Option<String>,
    /// The accounts of these credentials, which are entered without a role.
    own: BTreeSet<String>,
}

impl Entered {
    /// Refuses to begin in the caller's own account alone, where roles are assumed in all the others and none lets him in: it is the
    /// role that is wrong, and nobody meant his own account to be the canary of that.
    fn others_too(&self) -> Result<(), RunError> {
        let is_own = |account_id: &&String| self.own.contains(*account_id);
        let mut refused =
            self.refused.iter().filter(|(account_id, _)| !self.own.contains(*account_id));
        match refused.next() {
            Some((_, first)) if self.accounts.keys().all(|account_id| is_own(&account_id)) => {
                let (refused, first) = (refused.count() + 1, first.clone());
                Err(RunError::OwnAccountAlone { refused, first })
            }
            _ => Ok(()),
        }
    }

    /// The first record of a run, with whose credentials it goes by: as which role an account was entered tells nothing of that.
    fn told_by(&self, event: &Event) -> Event {
        let mut event = event.clone();
        if let Event::Began { operator, .. } | Event::Resumed { operator, .. } = &mut event {
            operator.identity.clone_from(&self.identity);
        }
        event
    }
}

/// Opens a new run: nothing is recorded before the accounts are entered and locked. `began` is its first record, with the plan that
/// it keeps.
pub(super) async fn open(
    opening: Opening,
    began: Option<(&Event, &Path)>,
) -> Result<Run, RunError> {
    let client = client(&opening);
    let entered = entered(&opening, &client).await?;
    // What can be put back is put back.
    if !matches!(began, Some((Event::Began { action: Action::Undo, .. }, _))) {
        entered.others_too()?;
    }
    let locks = lock(&opening, &client).await?;
    // Once locked: a run that is there and does not end is dead.
    if let Some((Event::Began { action: Action::Apply, plan, .. }, _)) = began {
        not_at_work(plan, &opening.store).await?;
    }
    if let Some((_, plan)) = began {
        // The plan first: a run that has begun can be resumed.
        opening.store.keep_plan(&opening.run, plan).await?;
    }
    let journal = opening.store.create(&opening.run).await?;
    if let Some((began, _)) = began {
        let began = entered.told_by(began);
        journal.append(&began, opening.clock.now(&client)).await?;
    }
    started(opening, client, journal, entered, locks).await
}

/// Opens a run again, if that time has come by AWS's clock, which is known when the accounts are entered.
pub(super) async fn open_again(
    opening: Opening,
    resumed: &Event,
    not_before: Option<Timestamp>,
) -> Result<Run, RunError> {
    let client = client(&opening);
    let entered = entered(&opening, &client).await?;
    entered.others_too()?;
    if let Some(until) = not_before.filter(|until| opening.clock.now(&client) < *until) {
        return Err(RunError::TooEarly { run: opening.run, until: format!("{until:.0}") });
    }
    let locks = lock(&opening, &client).await?;
    let journal = opening.store.reopen(&opening.run).await?;
    let resumed = entered.told_by(resumed);
    journal.append(&resumed, opening.clock.now(&client)).await?;
    started(opening, client, journal, entered, locks).await
}

/// Whether what a run changed was put back: the waves that follow build on it.
pub(super) async fn was_put_back(past: &Past, store: &Store) -> Result<Option<String>, RunError> {
    if !past.put_back.is_empty() {
        return Ok(Some("put back what got worse: find out why, and plan again".to_owned()));
    }
    let undone = undo::undoing(store, &past.run).await?;
    let undone = undone.iter().find(|undone| undone.touches_anything());
    Ok(undone.map(|undone| match undone.state {
        RunState::Finished => format!("was undone by {}: plan again", undone.run),
        _ => format!(
            "is being undone, or {} was cut off at that: `imdsure undo {}` brings it to its end; then plan again",
            undone.run, past.run
        ),
    }))
}

/// Refuses a plan that another run is at work on, or waits with: a second one would pass over what stopped the first. The same
/// holds where something got worse and was put back.
async fn not_at_work(plan: &str, store: &Store) -> Result<(), RunError> {
    for run in store.runs().await?.into_iter().rev() {
        let past = match super::past::past(store, &run).await {
            Ok(past) => past,
            Err(error) if keeps(plan, store, &run).await => {
                return Err(RunError::NotKnown { run, error });
            }
            // One that is of another plan hides no other.
            Err(_) => continue,
        };
        let state = match past.state {
            RunState::Finished => continue,
            RunState::Soaking | RunState::Paused => "waits",
            RunState::Stopped => "stopped",
            RunState::Open => "has not ended",
        };
        let same = past.action == Action::Apply && past.plan == plan;
        if !same || !past.touches_anything() {
            continue;
        }
        match was_put_back(&past, store).await? {
            None => return Err(RunError::AtWork { run, state }),
            Some(_) if past.has_breach() => return Err(RunError::GotWorse { run }),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Whether a run, of which the journal cannot be read, keeps that plan.
async fn keeps(digest: &str, store: &Store, run: &RunId) -> bool {
    let Ok(kept) = store.plan(run).await else { return false };
    PlanFile::open(kept.path()).is_ok_and(|plan| plan.head.digest == digest)
}

fn client(opening: &Opening) -> Client {
    let unseen = Arc::new(imdsure_aws::progress::Progress::default());
    Client::new(unseen, opening.concurrency).with_share(opening.share)
}

async fn started(
    opening: Opening,
    client: Client,
    journal: Journal,
    entered: Entered,
    locks: Vec<Lock>,
) -> Result<Run, RunError> {
    let now = opening.clock.now(&client);
    for (account_id, caller) in entered.callers {
        journal.append(&Event::Entered { account_id, caller }, now).await?;
    }
    let not_entered = entered.refused.clone();
    for (account_id, found) in entered.refused {
        let event = Event::Preflight { account_id, region: None, kind: None, goes: false, found };
        journal.append(&event, now).await?;
    }
    Ok(Run {
        id: opening.run,
        journal,
        client,
        clock: opening.clock,
        stop: Stop::new(opening.stop),
        tally: Tally::default(),
        of_wave: Tally::default(),
        progress: opening.progress,
        under_way: turns::in_all(),
        accounts: entered.accounts,
        not_entered,
        locks,
    })
}

/// Enters the accounts, unless the user asks to stop: nothing is begun yet.
async fn entered(opening: &Opening, client: &Client) -> Result<Entered, RunError> {
    let entering = Box::pin(enter(opening, client));
    unless_asked(&opening.stop, entering).await.unwrap_or(Err(RunError::Asked))
}

/// Enters the accounts, each with a session that may do what the plan needs and nothing else, and asks AWS who that is.
async fn enter(opening: &Opening, client: &Client) -> Result<Entered, RunError> {
    let policy = session_policy(opening.kinds.iter().copied());
    // Accounts are those of the plan, whatever the organization lists.
    let request = ScopeRequest {
        accounts: opening.accounts.clone(),
        organization: false,
        session_name: Some(format!("imdsure-{}", opening.run)),
        ..opening.scope.clone()
    };
    let scope = request.resolve_with(client, policy).await?;
    let identity = (!scope.identities.is_empty()).then(|| scope.identities.join(", "));
    let (accounts, callers, refused) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let account_of = |arn: &String| arn.split(':').nth(4).map(str::to_owned);
    let own = scope.identities.iter().filter_map(account_of).collect();
    let mut entered = Entered { accounts, callers, refused, identity, own };
    let mut first = scope.errors.first().map(|error| (error.kind, error.to_string()));
    for account in
        scope.accounts.into_iter().filter(|account| opening.accounts.contains(&account.id))
    {
        let region = account.home_region.clone();
        let actor = Actor { client, account: &account, region: &region };
        let (kind, refused) = match actor.identity().await {
            Ok((id, arn)) if id == account.id => {
                entered.callers.insert(id, arn);
                entered.accounts.insert(account.id.clone(), account);
                continue;
            }
            Ok((id, arn)) => {
                let found = format!("AWS says that the caller is {arn} of account {id}");
                (ErrorKind::Refused, found)
            }
            Err(error) => (error.kind, error.to_string()),
        };
        first.get_or_insert_with(|| (kind, refused.clone()));
        entered.refused.insert(account.id, refused);
    }
    if entered.accounts.is_empty() && !opening.accounts.is_empty() {
        let (kind, first) = first.unwrap_or((ErrorKind::Refused, String::new()));
        return Err(RunError::NoAccount { kind, first });
    }
    same_organization(opening, client, &entered).await?;
    Ok(entered)
}

/// Refuses a plan of another organization. Who may not ask which one is his is not refused: the accounts themselves were entered.
async fn same_organization(
    opening: &Opening,
    client: &Client,
    entered: &Entered,
) -> Result<(), RunError> {
    let (Some(planned), Some(account)) = (&opening.organization, entered.accounts.values().next())
    else {
        return Ok(());
    };
    let region = account.home_region.clone();
    let actor = Actor { client, account, region: &region };
    let found = match actor.ask(&DESCRIBE_ORGANIZATION, &Parameters::new()).await {
        Ok(reply) => {
            reply.value.pointer("/Organization/Id").and_then(Value::as_str).map(str::to_owned)
        }
        Err(error) if error.kind == ErrorKind::Refused => {
            Some(format!("no organization ({})", error.code))
        }
        Err(_) => None,
    };
    match found {
        Some(found) if found != *planned => {
            Err(RunError::OtherOrganization { planned: planned.clone(), found })
        }
        _ => Ok(()),
    }
}

/// Locks the accounts, in their order, so that two runs cannot wait for each other.
async fn lock(opening: &Opening, client: &Client) -> Result<Vec<Lock>, RunError> {
    let mut locks = Vec::new();
    for account_id in &opening.accounts {
        let holder = Holder::of_this_process(opening.run.clone(), opening.clock.now(client));
        locks.push(opening.store.lock(account_id, holder).await?);
    }
    Ok(locks)
}
