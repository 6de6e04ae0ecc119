//! The words of waivers, for every format that people read.

use imdsure_model::{Finding, Waived, WaiverState, WaiverUse};

use crate::text::{clean, count};

/// What a waiver is about: its controls, and what it names.
pub(crate) fn subject(waiver: &WaiverUse) -> String {
    let named = [
        ("", &waiver.resource),
        ("", &waiver.path),
        ("account ", &waiver.account),
        ("tag ", &waiver.tag),
    ];
    let named = named.into_iter().filter_map(|(kind, value)| Some((kind, value.as_ref()?)));
    let named: Vec<String> = named.map(|(kind, value)| format!("{kind}`{value}`")).collect();
    let controls = match &waiver.controls[..] {
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        controls => controls.join(", "),
    };
    clean(&format!("{controls} on {}", named.join(", "))).into_owned()
}

/// What an expired waiver leaves behind.
pub(crate) fn expired(waiver: &WaiverUse) -> String {
    match waiver.matches {
        // Perhaps nobody looked.
        0 => "it waives nothing".to_owned(),
        number => format!("{} count again", count(number, "finding", "findings")),
    }
}

/// What somebody has to do about a waiver, in a line; none where nothing is to be done.
pub fn waiver_warning(waiver: &WaiverUse) -> Option<String> {
    let what = format!("{}: the waiver of {}", clean(&waiver.from), subject(waiver));
    match waiver.state {
        WaiverState::Expired => {
            let expires = &waiver.expires;
            Some(format!("{what} expired after {expires}: {}", expired(waiver)))
        }
        WaiverState::MatchesNothing => Some(format!(
            "{what} matches nothing that fails or is unknown: correct it, or take it away"
        )),
        WaiverState::InForce | WaiverState::NotJudged => None,
    }
}

/// `until 2027-01-31 (imdsure.toml:12): a reason; compensating: a role without rights`.
pub(crate) fn terms(waived: &Waived) -> String {
    let Waived { reason, expires, compensating, from } = waived;
    let compensating = match &compensating[..] {
        [] => String::new(),
        measures => format!("; compensating: {}", measures.join(", ")),
    };
    let until = expires.as_ref().map(|day| format!("until {day} ")).unwrap_or_default();
    clean(&format!("{until}({from}): {reason}{compensating}")).into_owned()
}

/// The terms under which a finding is waived, as the fields of a table: reason, expiry, what compensates, and
/// where that stands.
pub(crate) fn fields(finding: &Finding) -> [String; 4] {
    match &finding.waived {
        Some(Waived { reason, expires, compensating, from }) => [
            reason.clone(),
            expires.clone().unwrap_or_default(),
            compensating.join("; "),
            from.clone(),
        ],
        None => Default::default(),
    }
}
