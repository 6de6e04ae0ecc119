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
    wait::{HOURS, Patience},
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
    let group = living(task).await?;
    let under_way = at_work(task).await?;
    let id = match under_way {
        Some(_) if !task.begun => {
            let why = "a refresh of the group is under way already";
            return Ok(End::because(Ending::Drifted, why));
        }
        // Begun by the run before it was cut off.
        Some(id) => id,
        None => {
            if optional(task, &group).await? == 0 {
                let ending = if task.begun { Ending::Done } else { Ending::Already };
                return Ok(End::because(ending, "all members require tokens"));
            }
            if let Some(why) = launches::version_1(task, &group).await? {
                return Ok(End::because(
                    Ending::Drifted,
                    format!("new members would be no better: {why}"),
                ));
            }
            start(task, &group).await?
        }
    };
    through(task, &id).await
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
            refreshes(task).await?.first().and_then(id_of)
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
    match optional(task, &living(task).await?).await? {
        0 => Ok(End::new(Ending::Done, after)),
        left => {
            let why = Some(format!("{left} of the group's members still allow version 1"));
            Ok(End { ending: Ending::Unverified, why, after })
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
    let mut patience = Patience::of(HOURS);
    loop {
        let all = refreshes(task).await?;
        let found = all.into_iter().find(|refresh| text(refresh, "/InstanceRefreshId") == Some(id));
        let refresh = found.unwrap_or_default();
        // One that does not show yet may show later.
        let waits = refresh.is_null() || is_at_work(&refresh);
        if !waits || !patience.lasts(task).await? {
            return Ok(refresh);
        }
    }
}

/// Cancels the refresh if it is at work, and says what cannot be put back.
pub(crate) async fn undo(task: &Task<'_>, made: &Made) -> Result<End, Fault> {
    let before = living(task).await?;
    let told = made.step(START).and_then(|made| text(made, "/InstanceRefreshId"));
    let under_way = at_work(task).await?;
    // Where the answer never came, the one that is at work is ours: there was none before.
    let ours = under_way.filter(|id| told.is_none_or(|told| told == id));
    let Some(id) = ours else {
        return Ok(left_of(&made.before, &before, "the refresh is over"));
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
    Ok(left_of(&made.before, &living(task).await?, &format!("the refresh is {status}")))
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
