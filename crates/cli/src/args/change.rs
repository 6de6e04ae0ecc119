//! What can be said to the commands that change AWS.

use std::{collections::BTreeSet, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use imdsure_fix::{
    journal::RunId,
    plan::{Size, TagFilter, Window},
};
use imdsure_model::plan::ChangeKind;
use imdsure_report::plan::PlanFormat;

use super::{ListFormat, ReadArguments};

const PLAN_HELP: &str = "\
Without --usage (or kept evidence that holds it) nothing is known of who still calls version 1, and
instances and templates stay unplanned as `no-data`, unless --include-unknown.

Kinds that are planned without --kind: launch-template, instance, group-member, and account-defaults
and account-enforcement where nothing runs. By name: account-defaults and account-enforcement
everywhere, launch-configuration (a template in its place), instance-refresh (replaces the members of
groups), image-imds-support (with --image; cannot be undone), sagemaker-notebook (what runs only with
--restart), beanstalk-environment (replaces its instances), lightsail-instance (in place).
`--kind default,KIND` adds to them.

`imdsure permissions plan`, with the same --kind and --usage, prints the policy that it needs.

Examples:
  imdsure plan --org --usage -o plan.json            read the organization, plan what is safe
  imdsure plan --from evidence --output md > plan.md from kept evidence, readable in a pull request
  imdsure plan --show plan.json                      read a plan again
  imdsure plan --from evidence --split-by owner -o plans
                                                     one plan and page for each owner";

/// What shapes a plan, and has no meaning beside one that is shown.
const SHAPING: [&str; 33] = [
    "profile",
    "role_arn",
    "org",
    "ou",
    "account",
    "exclude_account",
    "accounts_file",
    "role_name",
    "external_id",
    "regions",
    "endpoint_url",
    "concurrency",
    "usage",
    "usage_days",
    "max_cost",
    "save",
    "from",
    "out",
    "split_by",
    "ticket",
    "with_code",
    "include_reverted",
    "kind",
    "include_unknown",
    "tag",
    "image",
    "restart",
    "hop_limit",
    "canary",
    "max_per_wave",
    "soak",
    "rate_share",
    "schedule",
];

#[derive(Debug, Args)]
#[command(after_help = PLAN_HELP)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) shaped: ShapeArguments,
    /// Only show a plan that was written before
    #[arg(long, value_name = "FILE", help_heading = "Plan", conflicts_with_all = SHAPING)]
    pub(crate) show: Option<PathBuf>,
    /// Leave alone what code would take back: files, a folder, or a set that `scan --save` kept
    #[arg(long, value_name = "PATH|SET", help_heading = "What to plan")]
    pub(crate) with_code: Option<PathBuf>,
    /// Plan also what code would take back, with a warning
    #[arg(long, help_heading = "What to plan", requires = "with_code")]
    pub(crate) include_reverted: bool,
    /// The kinds of changes; `default` for those below (repeatable)
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind, help_heading = "What to plan")]
    pub(crate) kind: Vec<KindArgument>,
    /// Only what has this tag (repeatable: all of them)
    #[arg(long, value_name = "KEY[=VALUE]", help_heading = "What to plan")]
    pub(crate) tag: Vec<TagFilter>,
    /// With image-imds-support: the AMI, by name or id, whose ImdsSupport is set for ever (repeatable)
    #[arg(long, value_name = "NAME|ID", value_delimiter = ',', help_heading = "What to plan")]
    pub(crate) image: Vec<String>,
    /// With sagemaker-notebook: plan also notebooks that run, which are stopped and started again
    #[arg(long, help_heading = "What to plan")]
    pub(crate) restart: bool,
    /// How many changes go first: a number, or a share of all
    #[arg(long, value_name = "N|N%", default_value = "1%", help_heading = "Waves")]
    pub(crate) canary: Size,
}

/// What every plan is shaped by, whatever it changes.
#[derive(Debug, Args)]
pub(crate) struct ShapeArguments {
    #[command(flatten)]
    pub(crate) read: ReadArguments,
    /// Where to write the plan [default: plan.json]; with --split-by a folder that holds no plans yet
    /// [default: plans]
    #[arg(long, short = 'o', value_name = "FILE", help_heading = "Plan")]
    pub(crate) out: Option<PathBuf>,
    /// How to show it on standard output: pretty, md, html or none
    #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = plan_format, help_heading = "Plan")]
    pub(crate) output: ShownAs,
    /// Plan also what there is no data on version 1 of
    #[arg(long, help_heading = "What to plan")]
    pub(crate) include_unknown: bool,
    /// `keep` each hop limit, or raise lower ones to N
    #[arg(long, value_name = "keep|N", default_value = "keep", value_parser = hop_limit, help_heading = "What to plan")]
    pub(crate) hop_limit: HopLimit,
    /// The largest wave [default: each wave five times the one before]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Waves")]
    pub(crate) max_per_wave: Option<u64>,
    /// The time between waves: 30m, 24h, 7d; 0 for none
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration, help_heading = "Waves")]
    pub(crate) soak: u64,
    /// The share of each of AWS's request rates that apply uses
    #[arg(long, value_name = "N%", default_value = "50%", value_parser = share, help_heading = "Waves")]
    pub(crate) rate_share: f64,
    /// When changes may be made, as `Mon-Fri 09:00-17:00 Europe/Berlin`; UTC without a zone (repeatable)
    #[arg(long, value_name = "WINDOW", help_heading = "Waves")]
    pub(crate) schedule: Vec<Window>,
    /// One plan for each account, organizational unit or owner
    #[arg(long, value_name = "BY", value_enum, help_heading = "Plan")]
    pub(crate) split_by: Option<SplitArgument>,
    /// The change's number in the system that keeps them: it stands in plan and journal
    #[arg(long, value_name = "TEXT", help_heading = "Plan")]
    pub(crate) ticket: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SplitArgument {
    Account,
    Ou,
    Owner,
}

/// How a plan is shown, if it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShownAs {
    Format(PlanFormat),
    Nothing,
}

fn plan_format(text: &str) -> Result<ShownAs, String> {
    match text {
        "none" => Ok(ShownAs::Nothing),
        name => match name.parse() {
            Ok(format) => Ok(ShownAs::Format(format)),
            Err(error) => Err(format!("{error}, none")),
        },
    }
}

impl KindArgument {
    /// The kinds that are meant; the default ones without any.
    pub(crate) fn all(chosen: &[Self]) -> BTreeSet<ChangeKind> {
        let chosen = if chosen.is_empty() { &[Self::Default][..] } else { chosen };
        let of = |kind: &Self| match kind {
            Self::Default => ChangeKind::DEFAULT.to_vec(),
            Self::Kind(kind) => vec![*kind],
        };
        chosen.iter().flat_map(of).collect()
    }
}

/// A kind, or those that are planned when nobody chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KindArgument {
    Default,
    Kind(ChangeKind),
}

pub(super) fn kind(text: &str) -> Result<KindArgument, String> {
    match text {
        "default" => Ok(KindArgument::Default),
        kind => kind.parse().map(KindArgument::Kind),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HopLimit(pub(crate) Option<u8>);

fn hop_limit(text: &str) -> Result<HopLimit, String> {
    match (text, text.parse::<u8>()) {
        ("keep", _) => Ok(HopLimit(None)),
        (_, Ok(limit @ 1..=64)) => Ok(HopLimit(Some(limit))),
        _ => Err("a hop limit is `keep` or 1 to 64".to_owned()),
    }
}

/// The longest time that can be meant, in seconds: a year.
const LONGEST: u64 = 365 * 86_400;

/// Seconds of `90s`, `30m`, `24h`, `7d`, or `0`.
pub(crate) fn duration(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no duration: 90s, 30m, 24h, 7d, or 0");
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None if text == "0" => return Ok(0),
        None => return Err(wrong()),
    };
    let factor = match unit {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    // More digits than a number has are too long, not wrong.
    let seconds = number.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(factor);
    match (number.is_empty(), seconds) {
        (true, _) => Err(wrong()),
        (false, ..=LONGEST) => Ok(seconds),
        _ => Err(format!("`{text}` is too long: at most 365d")),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.strip_suffix('%').map(str::parse::<f64>) {
        Some(Ok(share)) if share > 0.0 && share <= 100.0 => Ok(share / 100.0),
        _ => Err(format!("`{text}`: say a share above 0% and up to 100%, `50%` for example")),
    }
}

fn days(text: &str) -> Result<u64, String> {
    Ok(duration(text)?.div_ceil(86_400))
}

/// A digest as a run prints it (`sha256 HEX`), as plans have it (`sha256:HEX`), or alone.
fn head(text: &str) -> Result<String, String> {
    let hex = text.strip_prefix("sha256").map_or(text, |rest| rest.trim_start_matches([':', ' ']));
    let hex = hex.trim().to_ascii_lowercase();
    if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(hex)
    } else {
        Err("a digest is 64 hexadecimal digits, with or without `sha256:` before them".to_owned())
    }
}

/// As whom the accounts of a plan are entered.
#[derive(Debug, Args)]
#[command(next_help_heading = "As whom")]
pub(crate) struct AccessArguments {
    /// With this profile of the AWS configuration
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Vec<String>,
    /// With this role, assumed with your credentials (repeatable)
    #[arg(long, value_name = "ARN")]
    pub(crate) role_arn: Vec<String>,
    /// The role to assume in other accounts [default: OrganizationAccountAccessRole]
    #[arg(long, value_name = "NAME")]
    pub(crate) role_name: Option<String>,
    /// The external id that the roles' trust policies ask for
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// Send all calls there instead of to AWS (also `AWS_ENDPOINT_URL`)
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Calls under way at once
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,
}

/// Where runs are recorded.
#[derive(Debug, Args)]
pub(crate) struct StoreArguments {
    /// Where runs are recorded and accounts locked: a folder, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "DIR|URL", default_value = ".imdsure", env = "IMDSURE_JOURNAL")]
    pub(crate) journal: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RunFormat {
    /// For people
    Pretty,
    /// For programs
    Json,
    /// Nothing
    None,
}

const APPLY_HELP: &str = "\
A run does one wave, looks at what was changed, and ends with the time to come back (a soak of up to
15 minutes is waited for). `--resume RUN` goes on: it looks again first, at refused version 1 calls
(MetadataNoTokenRejected), instance status, load balancers and --check, and stops if anything got
worse. What has called version 1 since it was planned is left alone. Everything is recorded before
and after each call; a run that was cut off is resumed or undone.

Examples:
  imdsure apply plan.json                              asks for approval on a terminal
  imdsure apply plan.json --approve sha256:…           in a pipeline
  imdsure apply --resume 20261124T185600Z-3f9a2c       the next wave
  imdsure apply plan.json --approve sha256:… --soak 0  all waves at once: for tests";

#[derive(Debug, Args)]
#[command(after_help = APPLY_HELP)]
pub(crate) struct ApplyArguments {
    /// The plan
    #[arg(value_name = "PLAN", required_unless_present = "resume", conflicts_with = "resume")]
    pub(crate) plan: Option<PathBuf>,
    /// The digest of the plan that you approve; asked for on a terminal without it
    #[arg(long, value_name = "DIGEST")]
    pub(crate) approve: Option<String>,
    /// Go on with a run: the next wave, or where it stopped or was cut off
    #[arg(long, value_name = "RUN")]
    pub(crate) resume: Option<RunId>,
    /// The time between waves instead of the plan's (or, with --resume, that of before): 30m, 24h, 7d; 0 for none
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) soak: Option<u64>,
    /// With --resume: go on although the soak has not ended
    #[arg(long, requires = "resume")]
    pub(crate) before_soak_ends: bool,
    /// With --resume: go on although something got worse
    #[arg(long, requires = "resume")]
    pub(crate) ignore_breach: bool,
    /// What to do when something got worse: stop, or put the wave back [default: stop; with --resume, as before]
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) on_breach: Option<BreachArgument>,
    /// A command that says whether all is well: exit code 0 within 10 minutes is yes; with --resume, the one before unless this names another ('' for none)
    #[arg(long, value_name = "COMMAND")]
    pub(crate) check: Option<String>,
    /// Change also where there is no way back: ACCOUNT or ACCOUNT:REGION, `*` for any (repeatable)
    #[arg(long, value_name = "WHERE")]
    pub(crate) accept_no_way_back: Vec<String>,
    /// The age at which a plan is too old, its own or that of its evidence
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = days)]
    pub(crate) max_age: u64,
    /// The share of each of AWS's request rates instead of the plan's
    #[arg(long, value_name = "N%", value_parser = share)]
    pub(crate) rate_share: Option<f64>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// How to tell what came of it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = RunFormat::Pretty)]
    pub(crate) output: RunFormat,
    #[command(flatten)]
    pub(crate) access: AccessArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BreachArgument {
    /// Stop, and say so
    Stop,
    /// Put the wave back
    Undo,
}

#[derive(Debug, Args)]
pub(crate) struct UndoArguments {
    /// The run, as `journal list` names it
    #[arg(value_name = "RUN")]
    pub(crate) run: RunId,
    /// The run once more, to approve it; asked for on a terminal without it
    #[arg(long, value_name = "RUN")]
    pub(crate) approve: Option<String>,
    /// Lift enforcement that the run did not set where it forbids the way back, and set it again after
    #[arg(long)]
    pub(crate) lift_enforcement: bool,
    /// Undo also what was undone before
    #[arg(long)]
    pub(crate) again: bool,
    /// The share of each of AWS's request rates
    #[arg(long, value_name = "N%", default_value = "50%", value_parser = share)]
    pub(crate) rate_share: f64,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// How to tell what came of it
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = RunFormat::Pretty)]
    pub(crate) output: RunFormat,
    #[command(flatten)]
    pub(crate) access: AccessArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// List all runs, newest last
    List {
        #[command(flatten)]
        store: StoreArguments,
        /// `pretty` or `json`
        #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t = ListFormat::Pretty)]
        output: ListFormat,
    },
    /// Show what a run did, record by record
    Show {
        /// The run
        #[arg(value_name = "RUN")]
        run: RunId,
        #[command(flatten)]
        store: StoreArguments,
        /// `pretty`, or `json`: the lines as they stand in the journal, each chained to the one before by `prev`
        #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t = ListFormat::Pretty)]
        output: ListFormat,
    },
    /// Check that journals are as they were written; exit code 2 where one is not
    Verify {
        /// The run; all without it
        #[arg(value_name = "RUN")]
        run: Option<RunId>,
        /// The digest of the run's last record, where it was kept elsewhere
        #[arg(long, value_name = "DIGEST", requires = "run", value_parser = head)]
        head: Option<String>,
        #[command(flatten)]
        store: StoreArguments,
    },
}

const GUARD_SET_HELP: &str = "\
Without --defaults and --enforce both are planned, enforcement in the waves after the defaults.

Examples:
  imdsure guard set --defaults --org --usage -o defaults.json
  imdsure guard set --enforce --org --usage -o enforce.json   when all is quiet";

#[derive(Debug, Args)]
#[command(after_help = GUARD_SET_HELP)]
pub(crate) struct GuardSetArguments {
    /// Plan the default: launches that say nothing get version 2
    #[arg(long, help_heading = "What to plan")]
    pub(crate) defaults: bool,
    /// Plan enforcement: launches with version 1 are refused, and no instance goes back to it
    #[arg(long, help_heading = "What to plan")]
    pub(crate) enforce: bool,
    #[command(flatten)]
    pub(crate) shaped: ShapeArguments,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser};

    use super::*;

    #[test]
    fn a_journals_head_is_taken_as_a_run_prints_it() {
        let hex = "0123456789abcdef".repeat(4);
        for text in [hex.clone(), format!("sha256:{hex}"), format!("sha256 {hex}")] {
            assert_eq!(head(&text), Ok(hex.clone()), "{text}");
        }
        for wrong in ["", "sha256:", "sha256:abc", "banana"] {
            assert!(head(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        let table = [("0", 0), ("90s", 90), ("30m", 1800), ("24h", 86_400), ("7d", 604_800)];
        for (text, seconds) in table {
            assert_eq!(duration(text), Ok(seconds));
        }
        for wrong in ["", "5", "h", "-1h", "1w"] {
            assert!(duration(wrong).unwrap_err().contains("no duration"), "{wrong}");
        }
        assert_eq!(duration("365d"), Ok(31_536_000));
        for long in ["366d", "99999999999999d", "99999999999999999999d", "18446744073709551615d"] {
            assert!(duration(long).unwrap_err().contains("at most 365d"), "{long}");
        }
    }

    #[derive(Debug, Parser)]
    struct Planning {
        #[command(flatten)]
        plan: PlanArguments,
    }

    #[test]
    fn what_shapes_a_plan_does_not_go_with_one_that_is_shown() {
        let command = Planning::command();
        let free = ["show", "output", "help"];
        let all = command.get_arguments().map(|argument| argument.get_id().as_str());
        let shaping: Vec<&str> = all.filter(|id| !free.contains(id)).collect();
        for id in &shaping {
            assert!(SHAPING.contains(id), "{id}");
        }
        assert_eq!(shaping.len(), SHAPING.len());
        let parsed = |more: &[&str]| {
            Planning::try_parse_from([&["plan", "--show", "plan.json"], more].concat())
        };
        assert!(parsed(&["--output", "md"]).is_ok());
        for refused in [&["--soak", "1h"][..], &["--include-unknown"], &["--regions", "us-east-1"]]
        {
            assert!(parsed(refused).unwrap_err().to_string().contains("--show"), "{refused:?}");
        }
    }
}
