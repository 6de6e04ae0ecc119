//! `ImdsSupport` of an AMI: ModifyImageAttribute. AWS takes it back from no AMI, so that nothing here undoes it.

use imdsure_aws::{
    Parameters,
    operation::{DESCRIBE_IMAGES, MODIFY_IMAGE_ATTRIBUTE},
};
use serde_json::{Value, json};

use super::{
    Made, text,
    wait::{Patience, SHORT, shows},
};
use crate::{
    event::Ending,
    run::{End, Fault, Task},
};

const STEP: &str = "set-imds-support";
const WANTED: &str = "v2.0";

/// `ImdsSupport` as EC2 shows it, null where the AMI has none; none where there is no such AMI.
async fn find(task: &Task<'_>) -> Result<Option<Value>, Fault> {
    let named = Parameters::new().with_list("ImageId", [&task.change.id]);
    let answer = match task.ask(&DESCRIBE_IMAGES, &named).await {
        Err(error) if error.code.starts_with("InvalidAMIID") => return Ok(None),
        answer => answer?,
    };
    let image = answer.pointer("/imagesSet/0");
    Ok(image.map(|image| image.get("imdsSupport").cloned().unwrap_or_default()))
}

fn gone() -> End {
    End::because(Ending::Gone, "EC2 shows no such AMI")
}

pub(crate) async fn apply(task: &Task<'_>) -> Result<End, Fault> {
    let Some(now) = find(task).await? else { return Ok(gone()) };
    if now == WANTED && !task.begun {
        return Ok(End::new(Ending::Already, json!({"ImdsSupport": now})));
    }
    if now != WANTED && !now.is_null() {
        return Ok(End::because(Ending::Drifted, format!("ImdsSupport is {now} by now")));
    }
    task.begin(json!({"ImdsSupport": null})).await?;
    let parameters = Parameters::new()
        .with("ImageId", task.change.id.as_str())
        .with("ImdsSupport.Value", WANTED);
    let sent = json!({"ImdsSupport": WANTED});
    task.call(STEP, &MODIFY_IMAGE_ATTRIBUTE, &parameters, sent, |_| Value::Null).await?;
    task.is_sent();
    let mut patience = Patience::of(SHORT);
    loop {
        let Some(now) = find(task).await? else { return Ok(gone()) };
        if now == WANTED {
            return Ok(End::new(Ending::Done, json!({"ImdsSupport": now})));
        }
        if !patience.lasts(task).await? {
            let why = Some("ImdsSupport does not show".to_owned());
            return Ok(End { ending: Ending::Unverified, why, after: json!({"ImdsSupport": now}) });
        }
    }
}

/// Says whether there is anything to take back, and that it cannot be.
pub(crate) async fn undo(task: &Task<'_>, made: &Made) -> Result<End, Fault> {
    let Some(now) = find(task).await? else {
        return Ok(End::because(Ending::Gone, "the AMI was deregistered"));
    };
    let is_set = async || {
        let now = find(task).await?.unwrap_or_default();
        Ok((text(&now, "") == Some(WANTED)).then_some(()))
    };
    // What AWS answered is so, whatever a late read shows.
    if now == WANTED || made.step(STEP).is_some() || shows(task, is_set).await?.is_some() {
        let why = "AWS takes ImdsSupport back from no AMI: one that is registered anew from its snapshots has none";
        return Ok(End::because(Ending::Irreversible, why));
    }
    Ok(End::because(Ending::Done, "it was not set: there is nothing to put back"))
}
