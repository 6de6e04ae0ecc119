//! A control as its folder states it: front matter and page (`control.md`) and query (`control.sql`).
//! The build script and the program parse it with this one parser, so that what builds also runs.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::{Effect, FixTemplate, Severity, Template, TemplateError, Verdict};

/// Headings that every control's page has, in this order.
const HEADINGS: [&str; 4] =
    ["## What it judges", "## Why it matters", "## How to repair", "## Sources"];
const FENCE: &str = "+++";
/// What makes a control one of `scan`: the tables that it fills, and the view over them.
const CODE_TABLES: [&str; 2] = ["iac_", "code_launch"];

/// One control: a query whose rows carry an outcome, and what each outcome means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// The folder's name.
    pub name: String,
    /// What it asks for, in a line.
    pub title: String,
    /// How much a failure matters.
    pub severity: Severity,
    /// Whether it runs when no control is chosen.
    pub default: bool,
    /// `source:id` names of the same rule elsewhere.
    pub aliases: Vec<String>,
    /// What its query may answer, and what that means.
    pub outcomes: Vec<Outcome>,
    /// The repairs that outcomes name.
    pub fixes: Vec<FixTemplate>,
    /// The documentation page (Markdown, without the front matter).
    pub page: String,
    /// The query: the columns `resource`, `name`, `account_id`, `region`, `managed_by` and `outcome`,
    /// `tags` where its table has any, and any others, which become the finding's facts.
    pub sql: String,
}

/// What one value of the query's `outcome` column means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The value.
    pub name: String,
    /// Its verdict.
    pub verdict: Verdict,
    /// How much it matters, where that is not what the control's failures matter.
    pub severity: Option<Severity>,
    /// Its sentence, over the row's facts.
    pub reason: Template,
    /// The name of its repair.
    pub fix: Option<String>,
}

/// What is wrong with a control's folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// `control.md` does not begin with `+++`, TOML, `+++`.
    #[error("control.md must begin with front matter between two `+++` lines")]
    NoFrontMatter,
    /// The front matter is not what a control states.
    #[error("front matter: {0}")]
    FrontMatter(String),
    /// A field that must say something says nothing.
    #[error("`{0}` is empty")]
    Empty(&'static str),
    /// The name is not a folder name in the house's spelling.
    #[error("`{0}` must be lower case words joined by `-`")]
    BadName(String),
    /// An alias that is not `source:id`.
    #[error("alias `{0}` must be written `source:id`")]
    BadAlias(String),
    /// Two outcomes of one name.
    #[error("outcome `{0}` is stated twice")]
    OutcomeTwice(String),
    /// A control that can never fail, or never pass, checks nothing.
    #[error("no outcome with the verdict `{0}`")]
    NoOutcome(Verdict),
    /// The query does not name an outcome that the front matter explains.
    #[error("control.sql never answers the outcome `{0}`")]
    OutcomeUnused(String),
    /// A reason that is no template.
    #[error("reason of outcome `{0}`: {1}")]
    Reason(String, TemplateError),
    /// A command that is no template.
    #[error("command of fix `{0}`: {1}")]
    Command(String, TemplateError),
    /// Two fixes of one name.
    #[error("fix `{0}` is stated twice")]
    FixTwice(String),
    /// An outcome names a fix that is not stated.
    #[error("outcome `{outcome}` names the fix `{fix}`, which has no [[fix]] entry")]
    NoFix {
        /// The outcome.
        outcome: String,
        /// What it names.
        fix: String,
    },
    /// An outcome with a verdict that asks for no repair names one.
    #[error("outcome `{0}` passes or skips, and names a fix")]
    FixWithoutNeed(String),
    /// No outcome names a fix.
    #[error("no outcome names the fix `{0}`")]
    FixUnused(String),
    /// A heading of the page is missing or out of order.
    #[error("the page needs the heading `{0}` (order: {order})", order = HEADINGS.join(", "))]
    NoHeading(&'static str),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    title: String,
    severity: Severity,
    #[serde(default)]
    default: bool,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(rename = "outcome", default)]
    outcomes: Vec<FrontMatterOutcome>,
    #[serde(rename = "fix", default)]
    fixes: Vec<FrontMatterFix>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatterFix {
    name: String,
    effect: Option<Effect>,
    command: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatterOutcome {
    name: String,
    verdict: Verdict,
    severity: Option<Severity>,
    reason: String,
    fix: Option<String>,
}

impl Control {
    /// Parses and checks a control's two files.
    pub fn parse(name: &str, markdown: &str, sql: &str) -> Result<Self, ControlError> {
        check_words(name)?;
        let (front, page) = split_front_matter(markdown)?;
        let front: FrontMatter =
            toml::from_str(front).map_err(|error| ControlError::FrontMatter(error.to_string()))?;
        if front.title.trim().is_empty() {
            return Err(ControlError::Empty("title"));
        }
        if sql.trim().is_empty() {
            return Err(ControlError::Empty("control.sql"));
        }
        check_aliases(&front.aliases)?;
        check_headings(page)?;
        let outcomes = outcomes(front.outcomes, sql)?;
        let fixes = fixes(front.fixes, &outcomes)?;
        Ok(Self {
            name: name.to_owned(),
            title: front.title,
            severity: front.severity,
            default: front.default,
            aliases: front.aliases,
            outcomes,
            fixes,
            page: page.trim().to_owned(),
            sql: sql.to_owned(),
        })
    }

    /// The outcome of that name.
    pub fn outcome(&self, name: &str) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| outcome.name == name)
    }

    /// Whether it judges code: whether its query reads what `scan` fills. Every other control judges AWS.
    pub fn judges_code(&self) -> bool {
        CODE_TABLES.iter().any(|table| self.sql.contains(table))
    }

    /// How much a finding of that outcome matters.
    pub fn severity_of(&self, outcome: &Outcome) -> Severity {
        outcome.severity.unwrap_or(self.severity)
    }

    /// The fix of that name.
    pub fn fix(&self, name: &str) -> Option<&FixTemplate> {
        self.fixes.iter().find(|fix| fix.name == name)
    }

    /// The first paragraph of "What it judges": the control in a few sentences.
    pub fn description(&self) -> String {
        let after = self.page.split_once(HEADINGS[0]).map_or("", |(_, after)| after);
        let paragraph = after.trim_start().split("\n\n").next().unwrap_or_default();
        paragraph.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn split_front_matter(markdown: &str) -> Result<(&str, &str), ControlError> {
    let rest = markdown.trim_start().strip_prefix(FENCE).ok_or(ControlError::NoFrontMatter)?;
    let closing = format!("\n{FENCE}\n");
    rest.split_once(&closing).ok_or(ControlError::NoFrontMatter)
}

fn check_words(name: &str) -> Result<(), ControlError> {
    let word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    if name.split('-').all(word) { Ok(()) } else { Err(ControlError::BadName(name.to_owned())) }
}

fn check_aliases(aliases: &[String]) -> Result<(), ControlError> {
    let fits = |alias: &&String| {
        alias.split_once(':').is_some_and(|(source, id)| !source.is_empty() && !id.is_empty())
    };
    match aliases.iter().find(|alias| !fits(alias)) {
        Some(bad) => Err(ControlError::BadAlias(bad.clone())),
        None => Ok(()),
    }
}

fn check_headings(page: &str) -> Result<(), ControlError> {
    let mut rest = page;
    for heading in HEADINGS {
        rest = rest.split_once(heading).ok_or(ControlError::NoHeading(heading))?.1;
    }
    Ok(())
}

fn outcomes(stated: Vec<FrontMatterOutcome>, sql: &str) -> Result<Vec<Outcome>, ControlError> {
    let mut names = BTreeSet::new();
    for outcome in &stated {
        check_words(&outcome.name)?;
        if !names.insert(outcome.name.clone()) {
            return Err(ControlError::OutcomeTwice(outcome.name.clone()));
        }
        if !sql.contains(&format!("'{}'", outcome.name)) {
            return Err(ControlError::OutcomeUnused(outcome.name.clone()));
        }
    }
    for verdict in [Verdict::Pass, Verdict::Fail] {
        if !stated.iter().any(|outcome| outcome.verdict == verdict) {
            return Err(ControlError::NoOutcome(verdict));
        }
    }
    let outcome = |stated: FrontMatterOutcome| {
        let reason = Template::parse(&stated.reason)
            .map_err(|error| ControlError::Reason(stated.name.clone(), error))?;
        let FrontMatterOutcome { name, verdict, severity, fix, .. } = stated;
        Ok(Outcome { name, verdict, severity, reason, fix })
    };
    stated.into_iter().map(outcome).collect()
}

fn fixes(
    stated: Vec<FrontMatterFix>,
    outcomes: &[Outcome],
) -> Result<Vec<FixTemplate>, ControlError> {
    let mut names = BTreeSet::new();
    for fix in &stated {
        check_words(&fix.name)?;
        if !names.insert(fix.name.as_str()) {
            return Err(ControlError::FixTwice(fix.name.clone()));
        }
    }
    let mut unused = names.clone();
    for outcome in outcomes {
        let Some(fix) = &outcome.fix else { continue };
        if !names.contains(fix.as_str()) {
            let (outcome, fix) = (outcome.name.clone(), fix.clone());
            return Err(ControlError::NoFix { outcome, fix });
        }
        if matches!(outcome.verdict, Verdict::Pass | Verdict::Skip) {
            return Err(ControlError::FixWithoutNeed(outcome.name.clone()));
        }
        unused.remove(fix.as_str());
    }
    if let Some(fix) = unused.first() {
        return Err(ControlError::FixUnused((*fix).to_owned()));
    }
    let template = |stated: FrontMatterFix| {
        let command = Template::parse(&stated.command)
            .map_err(|error| ControlError::Command(stated.name.clone(), error))?;
        Ok(FixTemplate { name: stated.name, effect: stated.effect, command })
    };
    stated.into_iter().map(template).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\n## What it judges\n\nOne thing,\nin two lines.\n\nMore.\n\n## Why it matters\n\n## How to repair\n\n## Sources\n";
    const OUTCOMES: &str = "[[outcome]]\nname = \"good\"\nverdict = \"pass\"\nreason = \"is {state}\"\n\n[[outcome]]\nname = \"bad\"\nverdict = \"fail\"\nreason = \"is not\"\n";
    const SQL: &str = "select case when true then 'good' else 'bad' end as outcome";

    fn markdown(head: &str, outcomes: &str, page: &str) -> String {
        format!("+++\n{head}\n{outcomes}+++\n{page}")
    }

    #[test]
    fn a_whole_control_is_read() {
        let text =
            markdown("title = \"T\"\nseverity = \"high\"\naliases = [\"a:b\"]", OUTCOMES, PAGE);
        let control = Control::parse("some-control", &text, SQL).unwrap();
        assert_eq!(control.severity, Severity::High);
        assert!(!control.default);
        assert_eq!(control.outcome("bad").unwrap().verdict, Verdict::Fail);
        assert_eq!(control.description(), "One thing, in two lines.");
    }

    const FIX: &str =
        "[[fix]]\nname = \"mend\"\neffect = \"in place\"\ncommand = \"aws mend {resource}\"\n";

    #[test]
    fn fixes_are_stated_once_and_named() {
        let head = "title = \"T\"\nseverity = \"high\"";
        let mended = OUTCOMES.replace("\"is not\"\n", "\"is not\"\nfix = \"mend\"\n");
        let parse = |outcomes: &str, fixes: &str| {
            Control::parse("x", &markdown(head, &format!("{outcomes}{fixes}"), PAGE), SQL)
        };
        let control = parse(&mended, FIX).unwrap();
        let fix = control.fix(control.outcome("bad").unwrap().fix.as_deref().unwrap()).unwrap();
        let values = serde_json::json!({"resource": "a b"});
        let fix = fix.for_finding(values.as_object().unwrap()).unwrap();
        assert_eq!((fix.effect, fix.command.as_str()), (Effect::InPlace, "aws mend 'a b'"));
        let refused = |outcomes: &str, fixes: &str| parse(outcomes, fixes).unwrap_err();
        let nowhere = ControlError::NoFix { outcome: "bad".into(), fix: "mend".into() };
        assert_eq!(refused(&mended, ""), nowhere);
        assert_eq!(refused(OUTCOMES, FIX), ControlError::FixUnused("mend".into()));
        assert_eq!(refused(&mended, &FIX.repeat(2)), ControlError::FixTwice("mend".into()));
        let passing = mended.replace("\"is {state}\"\n", "\"is {state}\"\nfix = \"mend\"\n");
        assert_eq!(refused(&passing, FIX), ControlError::FixWithoutNeed("good".into()));
        let broken = FIX.replace("{resource}", "{");
        assert!(matches!(refused(&mended, &broken), ControlError::Command(..)));
        let unknown = FIX.replace("in place", "magic");
        assert!(matches!(refused(&mended, &unknown), ControlError::FrontMatter(_)));
    }

    #[test]
    fn incomplete_metadata_is_refused() {
        let head = "title = \"T\"\nseverity = \"high\"";
        let refused =
            |name: &str, text: &str, sql: &str| Control::parse(name, text, sql).unwrap_err();
        let good = markdown(head, OUTCOMES, PAGE);
        assert_eq!(refused("x", "no front matter", SQL), ControlError::NoFrontMatter);
        assert_eq!(refused("Bad", &good, SQL), ControlError::BadName("Bad".into()));
        assert_eq!(refused("x", &good, " "), ControlError::Empty("control.sql"));
        assert_eq!(refused("x", &good, "select 1"), ControlError::OutcomeUnused("good".into()));
        let untitled = markdown("title = \" \"\nseverity = \"high\"", OUTCOMES, PAGE);
        assert_eq!(refused("x", &untitled, SQL), ControlError::Empty("title"));
        let unknown_key = markdown("title = \"T\"\nseverity = \"high\"\nowner = 1", OUTCOMES, PAGE);
        assert!(matches!(refused("x", &unknown_key, SQL), ControlError::FrontMatter(_)));
        let alias =
            markdown("title = \"T\"\nseverity = \"high\"\naliases = [\"EC2.8\"]", OUTCOMES, PAGE);
        assert_eq!(refused("x", &alias, SQL), ControlError::BadAlias("EC2.8".into()));
        let (passing, _) = OUTCOMES.split_once("\n\n").unwrap();
        let never_fails = markdown(head, &format!("{passing}\n"), PAGE);
        assert_eq!(refused("x", &never_fails, SQL), ControlError::NoOutcome(Verdict::Fail));
        let twice = markdown(head, &OUTCOMES.replace("bad", "good"), PAGE);
        assert_eq!(refused("x", &twice, SQL), ControlError::OutcomeTwice("good".into()));
        let no_sources = markdown(head, OUTCOMES, &PAGE.replace("## Sources", ""));
        assert_eq!(refused("x", &no_sources, SQL), ControlError::NoHeading("## Sources"));
    }
}
