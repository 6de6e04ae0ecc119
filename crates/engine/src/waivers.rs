//! Waivers in SQL: for each row of a control the waiver in force that covers it, asked of all rows at once.
//! The conditions are those of `model::waiver`, which tests compare with these.

mod uses;

use imdsure_model::{
    Verdict, Waiver,
    waiver::{Pattern, Tag},
};

use crate::{EngineError, Judged, rows};

/// The column of a control's rows that says where code stands.
const PATH: &str = "path";
/// The column that says which waiver covers a row: its place among all waivers, null for none.
pub(crate) const WAIVER: &str = "waiver";

/// The column of other tools' ignore comments, where the rows are of code.
pub(crate) const COMMENTS: &str = "ignore_comments";
/// What stands for a waiver where a comment in the code silences a row.
pub(crate) const SILENCED: i64 = -1;

/// How many findings that fail or are unknown a waiver fits, and how many of them it waives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Use {
    matches: u64,
    waives: u64,
}

impl Judged<'_> {
    /// The waivers of this control, each with its place among all of them.
    fn waivers(&self) -> impl Iterator<Item = (usize, &Waiver)> {
        let all = self.session.settings.waivers.all().iter().enumerate();
        all.filter(|(_, waiver)| waiver.names(&self.control.name))
    }

    /// The waiver in force that covers a row `c`: the first one that fits, of a row that fails or is unknown; else
    /// whether a comment in the code silences it, where such comments count.
    pub(crate) fn waiver_expression(&self) -> String {
        let today = self.session.settings.today;
        let in_force = self.waivers().filter(|(_, waiver)| waiver.in_force(today));
        let case = |(place, waiver)| format!("when {} then {place}", self.condition(waiver));
        let silenced = self.silenced().map(|silenced| format!("when {silenced} then {SILENCED}"));
        let cases: Vec<String> = in_force.map(case).chain(silenced).collect();
        if cases.is_empty() {
            return "cast(null as bigint)".to_owned();
        }
        format!("case when not ({}) then cast(null as bigint) {} end", self.open(), cases.join(" "))
    }

    /// Whether a comment silences a row `c`; none where none can.
    fn silenced(&self) -> Option<String> {
        let settings = &self.session.settings;
        if settings.honoured_comments.is_empty() || !self.facts.contains(COMMENTS) {
            return None;
        }
        let aliases = self.control.aliases.join(" ");
        let tools = settings.honoured_comments.join(" ");
        let (tools, aliases) = (text(&tools), text(&aliases));
        Some(format!("silencing_comment(c.{COMMENTS}, {tools}, {aliases}) is not null"))
    }

    /// Whether a row `c` fails or is unknown.
    fn open(&self) -> String {
        let open = |verdict| matches!(verdict, Verdict::Fail | Verdict::Unknown);
        let open = self.control.outcomes.iter().filter(|outcome| open(outcome.verdict));
        let open: Vec<String> = open.map(|outcome| text(&outcome.name)).collect();
        if open.is_empty() {
            "false".to_owned()
        } else {
            format!("c.outcome in ({})", open.join(", "))
        }
    }

    /// Whether all that a waiver names fits a row `c`; null, where it is not known, is no.
    fn condition(&self, waiver: &Waiver) -> String {
        let resource = |pattern: &Pattern| {
            format!("({} or {})", fits("c.resource", pattern), fits("c.name", pattern))
        };
        let path = |pattern: &Pattern| {
            if self.facts.contains(PATH) { fits("c.path", pattern) } else { "false".to_owned() }
        };
        let account = |account: &String| format!("c.account_id = {}", text(account));
        let parts = [
            waiver.account.as_ref().map(account),
            waiver.resource.as_ref().map(resource),
            waiver.path.as_ref().map(path),
            waiver.tag.as_ref().map(|tag| self.tag_condition(tag)),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "true".to_owned() } else { parts.join(" and ") }
    }

    fn tag_condition(&self, tag: &Tag) -> String {
        if !self.tagged {
            return "false".to_owned();
        }
        let known = format!("tag(c.tags, {})", text(&tag.key));
        match &tag.value {
            Some(value) => format!("{known} = {}", text(value)),
            None => format!("{known} is not null"),
        }
    }

    /// What this control's waivers fit and waive, each with its place among all waivers.
    async fn waiver_uses(&self) -> Result<Vec<(usize, Use)>, EngineError> {
        let waivers: Vec<(usize, &Waiver)> = self.waivers().collect();
        if waivers.is_empty() {
            return Ok(Vec::new());
        }
        let counts = waivers.iter().map(|(place, waiver)| {
            format!(
                "count(*) filter (where {}) as matches_{place}, \
                 count(*) filter (where c.{WAIVER} = {place}) as waives_{place}",
                self.condition(waiver)
            )
        });
        let sql = format!(
            "select {} from (select c.*, {} as {WAIVER} from \"{}\" c where {}) c",
            counts.collect::<Vec<_>>().join(", "),
            self.waiver_expression(),
            self.view,
            self.open(),
        );
        let mut counted = serde_json::Map::new();
        for batch in self.session.sql(&sql).await?.collect().await? {
            counted = rows::rows(&batch)?.into_iter().next().unwrap_or(counted);
        }
        let number = |column: String| {
            counted.get(&column).and_then(serde_json::Value::as_u64).unwrap_or_default()
        };
        let used = |(place, _)| {
            let matches = number(format!("matches_{place}"));
            (place, Use { matches, waives: number(format!("waives_{place}")) })
        };
        Ok(waivers.into_iter().map(used).collect())
    }
}

/// Whether a column fits a pattern.
fn fits(column: &str, pattern: &Pattern) -> String {
    let pattern = pattern.as_str();
    if !pattern.contains('*') {
        return format!("{column} = {}", text(pattern));
    }
    // What `like` takes for more than itself, escaped; then ours in its words.
    let pattern = pattern.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("{column} like {}", text(&pattern.replace('*', "%")))
}

/// A text as SQL writes it.
fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
