//! What can be said to the commands that change AWS.

use std::path::PathBuf;

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

Examples:
  imdsure plan --org --usage -o plan.json            read the organization, plan what is safe
  imdsure plan --from evidence --output md > plan.md from kept evidence, readable in a pull request
  imdsure plan --show plan.json                      read a plan again
  imdsure plan --from evidence --split-by owner -o plans
                                                     one plan and page for each owner";

#[derive(Debug, Args)]
#[command(after_help = PLAN_HELP)]
pub(crate) struct PlanArguments {
    #[command(flatten)]
    pub(crate) read: ReadArguments,
    /// Where to write the plan; a folder with --split-by [default: plan.json, or plans]
    #[arg(long, short = 'o', value_name = "FILE", help_heading = "Plan")]
    pub(crate) out: Option<PathBuf>,
    /// Only show a plan that was written before
    #[arg(long, value_name = "FILE", help_heading = "Plan", conflicts_with_all = ["out", "from", "org", "usage", "kind"])]
    pub(crate) show: Option<PathBuf>,
    /// Leave alone what code would take back: files, a folder, or a set that `scan --save` kept
    #[arg(long, value_name = "PATH|SET", help_heading = "What to plan", conflicts_with = "show")]
    pub(crate) with_code: Option<PathBuf>,
    /// Plan also what code would take back, with a warning
    #[arg(long, help_heading = "What to plan", requires = "with_code")]
    pub(crate) include_reverted: bool,
    /// How to show it on standard output: pretty, md, html or none
    #[arg(long, value_name = "FORMAT", default_value = "pretty", value_parser = plan_format, help_heading = "Plan")]
    pub(crate) output: ShownAs,
    /// The kinds of changes; `default` for those below (repeatable)
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind, help_heading = "What to plan")]
    pub(crate) kind: Vec<KindArgument>,
    /// Plan also what there is no data on version 1 of
    #[arg(long, help_heading = "What to plan")]
    pub(crate) include_unknown: bool,
    /// Only what has this tag (repeatable: all of them)
    #[arg(long, value_name = "KEY[=VALUE]", help_heading = "What to plan")]
    pub(crate) tag: Vec<TagFilter>,
    /// With image-imds-support: the AMI, by name or id, whose ImdsSupport is set for ever (repeatable)
    #[arg(long, value_name = "NAME|ID", value_delimiter = ',', help_heading = "What to plan")]
    pub(crate) image: Vec<String>,
    /// With sagemaker-notebook: plan also notebooks that run, which are stopped and started again
    #[arg(long, help_heading = "What to plan")]
    pub(crate) restart: bool,
    /// `keep` each hop limit, or raise lower ones to N
    #[arg(long, value_name = "keep|N", default_value = "keep", value_parser = hop_limit, help_heading = "What to plan")]
    pub(crate) hop_limit: HopLimit,
    /// How many changes go first: a number, or a share of all
    #[arg(long, value_name = "N|N%", default_value = "1%", help_heading = "Waves")]
    pub(crate) canary: Size,
    /// The largest wave [default: each wave five times the one before]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Waves")]
    pub(crate) max_per_wave: Option<u64>,
    /// The time between waves: 30m, 24h, 7d; 0 for none
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration, help_heading = "Waves")]
    pub(crate) soak: u64,
    /// The share of each of AWS's request rates that apply uses
    #[arg(long, value_name = "N%", default_value = "50%", value_parser = share, help_heading = "Waves")]
    pub(crate) rate_share: f64,
    /// When changes may be made, as `Mon-Fri 09:00-17:00 Europe/Berlin` (repeatable)
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

/// A kind, or those that are planned when nobody chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KindArgument {
    Default,
    Kind(ChangeKind),
}

fn kind(text: &str) -> Result<KindArgument, String> {
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
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(wrong)
}

fn share(text: &str) -> Result<f64, String> {
    match text.strip_suffix('%').map(str::parse::<f64>) {
        Some(Ok(share)) if share > 0.0 && share <= 100.0 => Ok(share / 100.0),
        _ => Err(format!("`{text}` is no share: 50% is")),
    }
}

fn days(text: &str) -> Result<u64, String> {
    Ok(duration(text)?.div_ceil(86_400))
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
    /// The time between waves instead of the plan's: 30m, 24h, 7d; 0 for none
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) soak: Option<u64>,
    /// With --resume: go on although the soak has not ended
    #[arg(long, requires = "resume")]
    pub(crate) before_soak_ends: bool,
    /// With --resume: go on although something got worse
    #[arg(long, requires = "resume")]
    pub(crate) ignore_breach: bool,
    /// What to do when something got worse: stop, or put the wave back
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = BreachArgument::Stop)]
    pub(crate) on_breach: BreachArgument,
    /// A command that says whether all is well: exit code 0 is yes. It has 10 minutes
    #[arg(long, value_name = "COMMAND")]
    pub(crate) check: Option<String>,
    /// Change also where there is no way back: ACCOUNT or ACCOUNT:REGION, `*` for any (repeatable)
    #[arg(long, value_name = "WHERE")]
    pub(crate) accept_no_way_back: Vec<String>,
    /// The age at which a plan is too old
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
        /// `pretty`, or `json`: one record a line, as it stands in the journal
        #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t = ListFormat::Pretty)]
        output: ListFormat,
    },
    /// Check that journals are as they were written; exit code 2 where one is not
    Verify {
        /// The run; all without it
        #[arg(value_name = "RUN")]
        run: Option<RunId>,
        /// The digest of the run's last record, where it was kept elsewhere
        #[arg(long, value_name = "DIGEST", requires = "run")]
        head: Option<String>,
        #[command(flatten)]
        store: StoreArguments,
    },
}

#[derive(Debug, Args)]
pub(crate) struct GuardSetArguments {
    /// Plan the default: launches that say nothing get version 2
    #[arg(long)]
    pub(crate) defaults: bool,
    /// Plan enforcement: launches with version 1 are refused, and no instance goes back to it
    #[arg(long)]
    pub(crate) enforce: bool,
    #[command(flatten)]
    pub(crate) plan: PlanArguments,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        let table = [("0", 0), ("90s", 90), ("30m", 1800), ("24h", 86_400), ("7d", 604_800)];
        for (text, seconds) in table {
            assert_eq!(duration(text), Ok(seconds));
        }
        for wrong in ["", "5", "h", "-1h", "1w", "99999999999999999999d", "18446744073709551615d"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
