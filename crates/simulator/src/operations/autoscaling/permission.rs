//! What else somebody must be allowed who gives a group a launch template: to launch with it himself
//! ("Control Amazon EC2 launch template usage in Auto Scaling groups", EC2 Auto Scaling User Guide).

use super::Call;
use crate::error::ApiError;
use crate::gate;
use crate::world::group::{Reference, Source};
use crate::world::ids;
use crate::world::launching::profile;
use crate::world::stock::Stock;

/// Refuses a source whose templates the caller may not launch from.
pub(super) fn check(call: &Call<'_>, stock: &Stock<'_>, source: &Source) -> Result<(), ApiError> {
    let may_use = |reference: &&Reference| {
        let may_pass = |role: String| {
            let role = format!("arn:aws:iam::{}:role/{role}", call.account.id);
            let to = [("iam:PassedToService", "ec2.amazonaws.com".to_owned())];
            gate::may(call, "iam:PassRole", &role, &to)
        };
        let template = ids::text("lt-", reference.id);
        let template = call.arn("ec2", format_args!("launch-template/{template}"));
        gate::may(call, "ec2:RunInstances", "*", &[("ec2:LaunchTemplate", template)])
            && profile_of(stock, reference).is_none_or(may_pass)
    };
    match source.references().into_iter().find(|reference| !may_use(reference)) {
        None => Ok(()),
        Some(reference) => {
            let id = ids::text("lt-", reference.id);
            let text = format!("You are not authorized to use launch template: {id}");
            Err(ApiError::new(403, "AccessDenied", text))
        }
    }
}

/// The instance profile that a template's version names. Here its role has the same name.
fn profile_of(stock: &Stock<'_>, reference: &Reference) -> Option<String> {
    let (_, template) = stock.find_template(reference.id)?;
    let number = template.number(reference.version.as_deref().unwrap_or("$Default"))?;
    let data = &template.version(number)?.data;
    profile(data.get("IamInstanceProfile.Name"), data.get("IamInstanceProfile.Arn"))
}
