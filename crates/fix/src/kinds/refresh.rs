//! New instances for the members of a group: StartInstanceRefresh. What it replaced is gone: undoing stops one that is still
//! under way, and says what it cannot bring back.

use imdsure_aws::{
    Parameters,
    operation::{
        CANCEL_INSTANCE_REFRESH, DESCRIBE_INSTANCE_REFRESHES, DESCRIBE_INSTANCES,
        START_INSTANCE_REFRESH,
    },
};
use serde_json::{Value, json};

use super::{
    Made, group, launches, text,
    wait::{HOURS, LATE, Patience, SHORT, shows},
};
use crate::{
    event::Ending,
    run::{End, Fault, Task},
};

const START: &str = "start-refresh";
const CANCEL: &str = "cancel-refresh";
const ID: &str = "InstanceRefreshId";
const SUCCESSFUL: &str = "Successful";
/// States in which it is at work.
const AT_WORK: [&str; 5] = ["Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking"];
/// Instances that one call asks about: EC2 takes 200 values of a filter.
const A_CALL: usize = 200;

fn named(task: &Task<'_>) -> Parameters {
    Parameters::new().with("AutoScalingGroupName", task.change.id.as_str())
}

/// The group; one that is being deleted is gone.
async fn living(task: &Task<'_>) -> Result<Value, Fault> {
    let found = group::find(task, &task.change.id).await?;
    let found = found.filter(|group| text(group, "/Status").is_none());
    found.ok_or_else(|| End::because(Ending::Gone, "the group is gone or being deleted").into())
}

/// Members by id, but for those that are on their way out.
fn members(group: &Value) -> Vec<&str> {
    let members = group.get("Instances").and_then(Value::as_array).into_iter().flatten();
    let stays = |member: &&Value| {
        text(member, "/LifecycleState").is_none_or(|state| !state.starts_with("Terminat"))
    };
    members.filter(stays).filter_map(|member| text(member, "/InstanceId")).collect()
}

/// Members that do not require tokens.
async fn optional(task: &Task<'_>, group: &Value) -> Result<u64, Fault> {
    let mut optional = 0;
    for ids in members(group).chunks(A_CALL) {
        // By filter: an id that is gone makes no error of the others.
        let asked =
            Parameters::new().with("Filter.1.Name", "instance-id").with_list("Filter.1.Value", ids);
        let found = task.list(&DESCRIBE_INSTANCES, &asked, &["reservationSet"]).await?;
        let instances = found
            .iter()
            .filter_map(|reservation| reservation.get("instancesSet")?.as_array())
            .flatten();
        optional += instances.filter(|instance| is_optional(instance)).count() as u64;
    }
    Ok(optional)
}

fn is_optional(instance: &Value) -> bool {
    let ends =
        matches!(text(instance, "/instanceState/name"), Some("terminated" | "shutting-down"));
    !ends && text(instance, "/metadataOptions/httpTokens") != Some("required")
}

/// The group's refreshes, the newest first.
async fn refreshes(task: &Task<'_>) -> Result<Vec<Value>, Fault> {
    let answer = task.ask(&DESCRIBE_INSTANCE_REFRESHES, &named(task)).await?;
    Ok(answer.get("InstanceRefreshes").and_then(Value::as_array).cloned().unwrap_or_default())
}

fn is_at_work(refresh: &Value) -> bool {
    text(refresh, "/Status").is_some_and(|status| AT_WORK.contains(&status))
}

/// The id of the refresh that is at work.
async fn at_work(task: &Task<'_>) -> Result<Option<String>, Fault> {
    let all = refreshes(task).await?;
    Ok(all.iter().find(|refresh| is_at_work(refresh)).and_then(id_of))
}

fn id_of(refresh: &Value) -> Option<String> {
    text(refresh, "/InstanceRefreshId").map(str::to_owned)
}

pub(crate) async fn apply(task: &Task<'_>) -> Result<End, Fault> {
    living(task).await?;
    let now = if task.begun {
        // What the run began before it was cut off may not show yet.
        shows(task, async || Ok(Some(look(task).await?).filter(|now| *now != Now::Open))).await?
    } else {
        Some(look(task).await?)
    };
    let id = match now.unwrap_or(Now::Open) {
        Now::AtWork(_) if !task.begun => {
            let why = "a refresh of the group is under way already";
            return Ok(End::because(Ending::Drifted, why));
        }
        Now::AtWork(id) => id,
        Now::Through => {
            let ending = if task.begun { Ending::Done } else { Ending::Already };
            return Ok(End::because(ending, "all members require tokens"));
        }
        Now::Open => start(task, &ready(task).await?).await?,
    };
    through(task, &id).await
}

/// Where a group stands.
#[derive(Debug, PartialEq, Eq)]
enum Now {
    /// A refresh is at work; its id.
    AtWork(String),
    /// All members require tokens.
    Through,
    Open,
}

async fn look(task: &Task<'_>) -> Result<Now, Fault> {
    if let Some(id) = at_work(task).await? {
        return Ok(Now::AtWork(id));
    }
    let optional = optional(task, &living(task).await?).await?;
    Ok(if optional == 0 { Now::Through } else { Now::Open })
}

/// The group, once its next members would require tokens: what the run itself changed of them may not show yet.
async fn ready(task: &Task<'_>) -> Result<Value, Fault> {
    let mut patience = Patience::of(LATE);
    loop {
        let group = living(task).await?;
        let Some(why) = launches::version_1(task, &group).await? else { return Ok(group) };
        if !patience.lasts(task).await? {
            let why = format!("new members would be no better: {why}");
            return Err(End::because(Ending::Drifted, why).into());
        }
    }
}

async fn start(task: &Task<'_>, group: &Value) -> Result<String, Fault> {
    task.begin(json!({"Members": members(group)})).await?;
    let sent = json!({"AutoScalingGroupName": task.change.id});
    let made = |answer: &Value| json!({ID: answer.get(ID)});
    let called = task.call(START, &START_INSTANCE_REFRESH, &named(task), sent, made).await;
    task.is_sent();
    let id = match called {
        // Answered by nobody it was sent again, and refused since the first had begun.
        Err(Fault::Call(error)) if error.code.starts_with("InstanceRefreshInProgress") => {
            let begun = shows(task, async || at_work(task).await).await?;
            // It may have ended as soon.
            if begun.is_some() { begun } else { refreshes(task).await?.first().and_then(id_of) }
        }
        called => id_of(&called?.value),
    };
    id.ok_or_else(|| End::because(Ending::Failed, "AWS told no id of the refresh").into())
}

/// Waits until a refresh is through, and looks whether it did what it should.
async fn through(task: &Task<'_>, id: &str) -> Result<End, Fault> {
    let refresh = ended(task, id).await?;
    let after = summary(&refresh);
    let status = text(&refresh, "/Status").unwrap_or("gone");
    if status != SUCCESSFUL {
        let reason = text(&refresh, "/StatusReason").unwrap_or("Auto Scaling tells no reason");
        let why = Some(format!("the refresh is {status}: {reason}"));
        let still = is_at_work(&refresh);
        let ending = if still { Ending::Unverified } else { Ending::Failed };
        return Ok(End { ending, why, after });
    }
    let mut patience = Patience::of(LATE);
    loop {
        let left = optional(task, &living(task).await?).await?;
        if left == 0 {
            return Ok(End::new(Ending::Done, after));
        }
        if !patience.lasts(task).await? {
            let why = Some(format!("{left} of the group's members still allow version 1"));
            return Ok(End { ending: Ending::Unverified, why, after });
        }
    }
}

fn summary(refresh: &Value) -> Value {
    let members = [ID, "Status", "PercentageComplete", "InstancesToUpdate"];
    let members = members
        .iter()
        .map(|name| ((*name).to_owned(), refresh.get(*name).cloned().unwrap_or_default()));
    Value::Object(members.collect())
}

/// The refresh when it ended, or when patience did.
async fn ended(task: &Task<'_>, id: &str) -> Result<Value, Fault> {
    let (mut patience, mut early) = (Patience::of(HOURS), Patience::of(SHORT));
    loop {
        let refresh = named_refresh(task, id).await?.unwrap_or_default();
        let waits = if refresh.is_null() {
            // One that does not show yet may show later.
            early.lasts(task).await?
        } else {
            early = Patience::of(SHORT);
            is_at_work(&refresh) && patience.lasts(task).await?
        };
        if !waits {
            return Ok(refresh);
        }
    }
}

async fn named_refresh(task: &Task<'_>, id: &str) -> Result<Option<Value>, Fault> {
    let all = refreshes(task).await?;
    Ok(all.into_iter().find(|refresh| text(refresh, "/InstanceRefreshId") == Some(id)))
}

/// Cancels the refresh if it is at work, and says what cannot be put back.
pub(crate) async fn undo(task: &Task<'_>, made: &Made) -> Result<End, Fault> {
    let before = living(task).await?;
    let told = made.step(START).and_then(|made| text(made, "/InstanceRefreshId"));
    // Where the answer never came, the one that is at work is ours: there was none before.
    let ours = async || match told {
        Some(told) => named_refresh(task, told).await,
        None => Ok(refreshes(task).await?.into_iter().find(is_at_work)),
    };
    let found = shows(task, ours).await?.unwrap_or_default();
    let Some(id) = id_of(&found).filter(|_| is_at_work(&found)) else {
        return left(task, &made.before, &found, "the refresh is over").await;
    };
    task.begin(json!({"Members": members(&before)})).await?;
    let sent = json!({"AutoScalingGroupName": task.change.id, ID: id});
    match task.call(CANCEL, &CANCEL_INSTANCE_REFRESH, &named(task), sent, |_| Value::Null).await {
        // It ended by itself meanwhile.
        Err(Fault::Call(error)) if error.code.starts_with("ActiveInstanceRefreshNotFound") => {}
        called => drop(called?),
    }
    let refresh = ended(task, &id).await?;
    let status = text(&refresh, "/Status").unwrap_or("gone");
    left(task, &made.before, &refresh, &format!("the refresh is {status}")).await
}

/// The same as [`left_of`], of what is there by now. Where the refresh says that it replaced members, they are gone, and only
/// shown late.
async fn left(task: &Task<'_>, before: &Value, refresh: &Value, what: &str) -> Result<End, Fault> {
    let percent = refresh.get("PercentageComplete").and_then(number).unwrap_or_default();
    let mut patience = Patience::of(LATE);
    loop {
        let end = left_of(before, &living(task).await?, what);
        if end.ending != Ending::Done || percent == 0 || !patience.lasts(task).await? {
            return Ok(end);
        }
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// Whether any of the members that were there is gone.
fn left_of(before: &Value, now: &Value, what: &str) -> End {
    let were = before.get("Members").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let are = members(now);
    let gone = were.iter().filter(|id| id.as_str().is_some_and(|id| !are.contains(&id))).count();
    if gone == 0 && !were.is_empty() {
        return End::because(Ending::Done, format!("{what}, and no member was replaced"));
    }
    let why = format!(
        "{what}; {gone} of {} members are gone and cannot be brought back: what new ones get is up to what the group launches from",
        were.len()
    );
    End::because(Ending::Irreversible, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_members_that_are_gone_cannot_be_brought_back() {
        let group = |ids: &[&str]| json!({"Instances": ids.iter().map(|id| json!({"InstanceId": id})).collect::<Vec<_>>()});
        let before = json!({"Members": ["i-1", "i-2"]});
        let table = [
            (&["i-1", "i-2", "i-3"][..], Ending::Done),
            (&["i-1", "i-3"][..], Ending::Irreversible),
            (&[][..], Ending::Irreversible),
        ];
        for (now, ending) in table {
            assert_eq!(left_of(&before, &group(now), "it is over").ending, ending, "{now:?}");
        }
        // Without a record of who was there nothing is claimed.
        assert_eq!(left_of(&Value::Null, &group(&["i-1"]), "").ending, Ending::Irreversible);
    }

    #[test]
    fn what_ends_is_no_member_that_allows_version_1() {
        let instance = |state: &str, tokens: &str| json!({"instanceState": {"name": state}, "metadataOptions": {"httpTokens": tokens}});
        assert!(is_optional(&instance("running", "optional")));
        assert!(!is_optional(&instance("running", "required")));
        assert!(!is_optional(&instance("shutting-down", "optional")));
        assert!(is_optional(&json!({"instanceState": {"name": "running"}})));
    }
}
