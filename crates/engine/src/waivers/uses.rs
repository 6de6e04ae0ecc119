//! What became of each waiver: what it fits, and where it fits nothing, whether it was looked for.

use std::collections::{BTreeMap, BTreeSet};

use imdsure_model::{Waiver, WaiverState, WaiverUse};

use super::{Use, text};
use crate::{EngineError, Judged, Session, rows};

/// Tables that everything hangs on, whatever a control reads.
const ALWAYS: [&str; 3] = ["aws_account", "aws_region", "scan_error"];

impl Session {
    /// What became of each waiver under these controls. `narrowed` is whether the run left out accounts that
    /// it could have read; `paths` are the files and folders of code that it read.
    pub async fn waiver_uses(
        &self,
        judged: &[Judged<'_>],
        narrowed: bool,
        paths: &[String],
    ) -> Result<Vec<WaiverUse>, EngineError> {
        let waivers = self.settings.waivers.all();
        let mut uses = vec![Use::default(); waivers.len()];
        for control in judged {
            for (place, of_control) in control.waiver_uses().await? {
                if let Some(used) = uses.get_mut(place) {
                    used.matches += of_control.matches;
                    used.waives += of_control.waives;
                }
            }
        }
        let mut all = Vec::new();
        let mut known = BTreeMap::new();
        for (waiver, Use { matches, waives }) in waivers.iter().zip(uses) {
            let state = if !waiver.in_force(self.settings.today) {
                WaiverState::Expired
            } else if matches > 0 {
                WaiverState::InForce
            } else if self.looked_for(waiver, judged, (narrowed, paths), &mut known).await? {
                WaiverState::MatchesNothing
            } else {
                WaiverState::NotJudged
            };
            all.push(WaiverUse::new(waiver, state, matches, waives));
        }
        Ok(all)
    }

    /// Whether everything that the waiver could fit was read and judged. `known` is what was asked before: many
    /// waivers are for one place.
    async fn looked_for(
        &self,
        waiver: &Waiver,
        judged: &[Judged<'_>],
        (narrowed, paths): (bool, &[String]),
        known: &mut BTreeMap<String, u64>,
    ) -> Result<bool, EngineError> {
        let ran = |name: &String| judged.iter().find(|judged| judged.control.name == *name);
        let Some(controls) = waiver.controls.iter().map(ran).collect::<Option<Vec<_>>>() else {
            return Ok(false);
        };
        if controls.iter().all(|judged| judged.control.judges_code()) {
            let gaps = "select count(*) from scan_error where path is not null".to_owned();
            return Ok(lies_within(waiver, paths) && self.number_of(gaps, known).await? == 0);
        }
        if !ALWAYS.iter().all(|table| self.has(table)) {
            return Ok(false);
        }
        let place = Place::of(waiver);
        let accounts = match &place.account {
            Some(account) => format!("account_id = {}", text(account)),
            None if narrowed => return Ok(false),
            None => "true".to_owned(),
        };
        let tables = controls.iter().flat_map(|control| control.tables());
        let tables: BTreeSet<&str> = tables.map(String::as_str).chain(ALWAYS).collect();
        let read = format!("select count(*) from aws_account where {accounts}");
        Ok(self.number_of(read, known).await? > 0
            && self.number_of(place.missing(&tables), known).await? == 0)
    }

    async fn number_of(
        &self,
        sql: String,
        known: &mut BTreeMap<String, u64>,
    ) -> Result<u64, EngineError> {
        if let Some(number) = known.get(&sql) {
            return Ok(*number);
        }
        let number = rows::number(self.sql(&sql).await?).await?;
        known.insert(sql, number);
        Ok(number)
    }
}

/// Whether all that a waiver could fit lies in files or folders that were read.
fn lies_within(waiver: &Waiver, roots: &[String]) -> bool {
    let Some(pattern) = waiver.path.as_ref().or(waiver.resource.as_ref()) else { return false };
    let fixed = pattern.as_str().split('*').next().unwrap_or_default();
    roots.iter().any(|root| match root.trim_end_matches('/') {
        "." => !fixed.starts_with('/'),
        root => fixed
            .strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || rest.starts_with(':')),
    })
}

/// Where alone a waiver can fit anything; everywhere without account, in all regions without region.
struct Place<'a> {
    account: Option<&'a str>,
    region: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(waiver: &'a Waiver) -> Self {
        // arn:partition:service:region:account:resource
        let parts = waiver.resource.as_ref().map(|pattern| pattern.as_str().splitn(6, ':'));
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        let said = |index: usize| {
            let part = parts.get(index).copied().filter(|_| parts.len() == 6 && parts[0] == "arn");
            part.filter(|part| !part.is_empty() && !part.contains('*'))
        };
        Self { account: waiver.account.as_deref().or_else(|| said(4)), region: said(3) }
    }

    /// Counts what of these tables is missing there: gaps, and enabled regions that were not to be read.
    fn missing(&self, tables: &BTreeSet<&str>) -> String {
        let tables: Vec<String> = tables.iter().map(|table| text(table)).collect();
        let here = |column: &str, value: Option<&str>| match value {
            Some(value) => format!("({column} is null or {column} = {})", text(value)),
            None => "true".to_owned(),
        };
        let here =
            format!("{} and {}", here("account_id", self.account), here("region", self.region));
        format!(
            "select count(*) from (\
               select 1 as missing from scan_error \
               where (table_name is null or table_name in ({})) and {here} \
               union all select 1 as missing from aws_region \
               where not coalesce(read, false) and {here} \
               and opt_in_status is distinct from 'not-opted-in')",
            tables.join(", ")
        )
    }
}
