//! The command line: what can be said, and nothing that does not work.

pub(crate) mod change;
mod scan;

use std::{net::SocketAddr, path::PathBuf};

pub(crate) use change::{
    AccessArguments, ApplyArguments, GuardSetArguments, JournalCommand, PlanArguments, RunFormat,
    StoreArguments, UndoArguments,
};

pub(crate) use scan::{FixArgument, ScanArguments};

use clap::{Args, Parser, Subcommand, ValueEnum};
use imdsure_model::FailOn;
use imdsure_report::FormatName;
use imdsure_simulator::Fault;

const AFTER_HELP: &str = "\
Exit codes: 0 nothing fails; 1 something fails; 2 something could not be read;
4 an apply or undo was stopped, or rolled back; 5 it finished, but skipped targets that drifted or
were refused; 64 wrong usage or configuration; 70 a bug.

Examples:
  imdsure demo                                  see it work, no AWS account needed
  imdsure audit                                 the account of your current credentials
  imdsure audit --org --save evidence           every account of the organization, evidence kept
  imdsure audit --from evidence --control EC2.8 judge kept evidence by another rule, offline
  imdsure scan infra                            what Terraform, CloudFormation, … will launch
  imdsure plan --org --usage -o plan.json       what can be changed safely, for review
  imdsure apply plan.json                       the first wave of it; asks for approval
  imdsure undo RUN                              everything back as it was";

/// Take an AWS organization to IMDSv2, and be sure.
#[derive(Debug, Parser)]
#[command(name = "imdsure", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The configuration [default: imdsure.toml of the working directory, if there is one]
    #[arg(long, global = true, value_name = "FILE", env = "IMDSURE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read AWS, run the controls, say which instances still answer IMDSv1
    Audit(Box<AuditArguments>),
    /// Read infrastructure code, say what each place will launch, and repair it with --fix
    #[command(after_help = scan::AFTER_HELP)]
    Scan(Box<ScanArguments>),
    /// Draw up a plan: what can be changed, in which waves, on what evidence
    Plan(Box<PlanArguments>),
    /// Carry out a plan in waves, each change verified and recorded
    Apply(Box<ApplyArguments>),
    /// Put back what a run changed
    #[command(visible_alias = "rollback")]
    Undo(Box<UndoArguments>),
    /// What runs changed: when, by whom, on what evidence
    #[command(subcommand)]
    Journal(JournalCommand),
    /// List, explain and run single controls
    #[command(subcommand)]
    Control(ControlCommand),
    /// Policies that keep IMDSv1 away: write them, find their mistakes, ask what they decide
    #[command(subcommand)]
    Guard(GuardCommand),
    /// Print the exact IAM policy that a command needs
    #[command(subcommand)]
    Permissions(PermissionsCommand),
    /// A simulated AWS organization that any AWS client can use
    #[command(subcommand)]
    Simulator(SimulatorCommand),
    /// The story of a careful rollout on a simulated organization, no AWS account needed
    Demo,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArguments {
    #[command(flatten)]
    pub(crate) read: ReadArguments,
    /// Controls to run, by name or alias (EC2.8, cis-aws:5.6); the default ones without it
    #[arg(long, value_name = "NAME|ALIAS", num_args = 1.., value_delimiter = ',', help_heading = "What to judge")]
    pub(crate) control: Vec<String>,
    #[command(flatten)]
    pub(crate) report: ReportArguments,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What to read")]
pub(crate) struct ReadArguments {
    /// Read with this profile of the AWS configuration (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Vec<String>,
    /// Read with this role, assumed with your credentials (repeatable)
    #[arg(long, value_name = "ARN")]
    pub(crate) role_arn: Vec<String>,
    /// Read every active account of the organization
    #[arg(long)]
    pub(crate) org: bool,
    /// Read the accounts of this organizational unit and below, or of the root: by id, or by the path of names
    /// (`Root/Workloads`) (repeatable; implies --org)
    #[arg(long, value_name = "ID|PATH", value_delimiter = ',')]
    pub(crate) ou: Vec<String>,
    /// Read these accounts; with --org, only these of it (repeatable)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) account: Vec<String>,
    /// Leave these accounts of the organization out (repeatable)
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) exclude_account: Vec<String>,
    /// Read the accounts of this file: one id a line, `#` begins a comment
    #[arg(long, value_name = "FILE")]
    pub(crate) accounts_file: Option<PathBuf>,
    /// The role to assume in other accounts [default: OrganizationAccountAccessRole]
    #[arg(long, value_name = "NAME")]
    pub(crate) role_name: Option<String>,
    /// The external id that the roles' trust policies ask for
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// Read these regions, or `all` that are enabled
    #[arg(long, value_name = "R1,R2", value_delimiter = ',', default_value = "all")]
    pub(crate) regions: Vec<String>,
    /// Send all calls there instead of to AWS (also `AWS_ENDPOINT_URL`)
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// Calls under way at once
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,
    /// Ask CloudWatch how often each instance used version 1. CloudWatch bills for it: the estimate is
    /// shown first
    #[arg(long)]
    pub(crate) usage: bool,
    /// The days that --usage looks back on
    #[arg(long, value_name = "N", default_value_t = 14, requires = "usage", value_parser = clap::value_parser!(u16).range(1..=455))]
    pub(crate) usage_days: u16,
    /// What --usage may cost at most, in US dollars: asked for nothing if it could cost more
    #[arg(long, value_name = "USD", default_value_t = 10.0, requires = "usage", value_parser = dollars)]
    pub(crate) max_cost: f64,
    /// Keep what was read as an evidence set in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) save: Option<PathBuf>,
    /// Read kept evidence instead of AWS: a set, or a folder's newest
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = ["profile", "role_arn", "org", "exclude_account", "accounts_file", "role_name", "external_id", "usage", "usage_days", "max_cost", "regions", "endpoint_url", "concurrency", "save"]
    )]
    pub(crate) from: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct ReportArguments {
    /// pretty, brief, json, jsonl, csv, sarif or none [default: pretty on a terminal, else brief]
    #[arg(long, short, value_name = "FORMAT")]
    pub(crate) output: Option<FormatName>,
    /// Write a report to a file as well: by its extension, or `FORMAT:FILE` (repeatable)
    #[arg(long, value_name = "FILE", value_parser = export)]
    pub(crate) export: Vec<Export>,
    /// Which findings make the exit code 1
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = FailOnArgument::Fail)]
    pub(crate) fail_on: FailOnArgument,
}

fn dollars(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(dollars) if dollars.is_finite() && dollars >= 0.0 => Ok(dollars),
        _ => Err("an amount of dollars is a number, 0 or more".to_owned()),
    }
}

/// A file, and the format it gets.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    pub(crate) format: FormatName,
    pub(crate) path: PathBuf,
}

fn export(text: &str) -> Result<Export, String> {
    if let Some((format, path)) = text.split_once(':')
        && let Ok(format) = format.parse()
        && !path.is_empty()
    {
        return Ok(Export { format, path: path.into() });
    }
    let path = PathBuf::from(text);
    let format = FormatName::of_extension(&path).ok_or(
        "its extension stands for no format (json, jsonl, csv, sarif, txt); write FORMAT:FILE instead",
    )?;
    Ok(Export { format, path })
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FailOnArgument {
    /// Failing findings
    Fail,
    /// Failing and unknown findings
    Unknown,
    /// None: the code tells only whether everything was read
    Never,
}

impl From<FailOnArgument> for FailOn {
    fn from(argument: FailOnArgument) -> Self {
        match argument {
            FailOnArgument::Fail => Self::Fail,
            FailOnArgument::Unknown => Self::Unknown,
            FailOnArgument::Never => Self::Never,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ControlCommand {
    /// List all controls with their aliases
    List {
        /// `pretty` or `json`
        #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t = ListFormat::Pretty)]
        output: ListFormat,
    },
    /// Print the documentation page of a control
    Show {
        /// Its name or an alias
        #[arg(value_name = "NAME|ALIAS")]
        control: String,
    },
    /// Run controls: `audit` with only these
    Run(Box<RunArguments>),
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Their names or aliases
    #[arg(value_name = "NAME|ALIAS", required = true)]
    pub(crate) control: Vec<String>,
    #[command(flatten)]
    pub(crate) read: ReadArguments,
    #[command(flatten)]
    pub(crate) report: ReportArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people
    Pretty,
    /// For programs
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GuardCommand {
    /// What guards each account now: which policies reach it, what they stop and what they leave open
    Show(Box<GuardShowArguments>),
    /// Write a policy that is sound, to standard output; what to know before attaching it, to standard error
    #[command(subcommand)]
    Generate(GenerateCommand),
    /// Plan the account's defaults and enforcement: the same plan, apply and journal as all changes
    Set(Box<GuardSetArguments>),
    /// Find what policies do not do although they look like it; exit code 1 for errors and warnings
    #[command(after_help = LINT_HELP)]
    Lint(LintArguments),
    /// Ask what policies decide about a request: allowed, denied or unknown, and by which statement
    #[command(after_help = SIMULATE_HELP)]
    Simulate(SimulateArguments),
}

const LINT_HELP: &str = "\
Service control policies, policies of identities and EC2 (declarative) policies are told apart by
their content. A note is something that the policy leaves to others, and no mistake.

Examples:
  imdsure guard lint scp.json ec2-policy.json
  aws organizations describe-policy --policy-id p-12345678 --query Policy.Content --output text |
    imdsure guard lint -";

const SIMULATE_HELP: &str = "\
A request is ACTION or ACTION:NAME=VALUE,NAME=VALUE…, and stands for a caller who sends just that:
  RunInstances                                   a launch that is silent about metadata options
  RunInstances:HttpTokens=required,HttpPutResponseHopLimit=3
  RunInstances:HttpTokens=required,template=yes  a launch from a launch template
  ModifyInstanceMetadataOptions:HttpTokens=optional
  ModifyInstanceMetadataDefaults:HttpTokens=no-preference
  s3:GetObject:RoleDelivery=1.0                  a call with credentials that IMDSv1 delivered
Each may add principal=ARN, account=ID and region=NAME: what is not said and matters is unknown.

The files are taken as attached together, as service control policies are. Where none of them
allows anything, everything they do not deny is taken as allowed (AWS attaches FullAWSAccess).";

#[derive(Debug, Args)]
pub(crate) struct GuardShowArguments {
    #[command(flatten)]
    pub(crate) read: ReadArguments,
    /// `pretty` or `json`
    #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t = ListFormat::Pretty, help_heading = "Output")]
    pub(crate) output: ListFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GenerateCommand {
    /// A service control policy: launches require version 2, no way back, defaults stay as they are
    Scp(ScpArguments),
    /// The same for identities: a policy of users and roles, or a permissions boundary
    Iam(GuardArguments),
    /// An EC2 (declarative) policy: version 2 as the default, and enforced
    Ec2Policy(Ec2PolicyArguments),
    /// A service control policy that binds an instance's credentials to its VPC and address
    DataPerimeter(PerimeterArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ScpArguments {
    #[command(flatten)]
    pub(crate) guard: GuardArguments,
    /// Leave out the statement that denies taking the policy away
    #[arg(long)]
    pub(crate) no_self_protection: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GuardArguments {
    /// Deny hop limits above this, at launch and later
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) max_hop_limit: Option<u8>,
    /// Deny every call with credentials that IMDSv1 delivered: the sharpest tool, read its warning
    #[arg(long)]
    pub(crate) role_delivery: bool,
    #[command(flatten)]
    pub(crate) perimeter: PerimeterArguments,
}

#[derive(Debug, Args)]
pub(crate) struct PerimeterArguments {
    /// Let this role or user through, `*` for any account or part of a name (repeatable)
    #[arg(long, value_name = "ARN")]
    pub(crate) exempt: Vec<String>,
    /// The partition of the organization: aws, aws-cn or aws-us-gov
    #[arg(long, value_name = "NAME", default_value = "aws")]
    pub(crate) partition: String,
}

#[derive(Debug, Args)]
pub(crate) struct Ec2PolicyArguments {
    /// Only set the default; launches that ask for IMDSv1 still get it
    #[arg(long)]
    pub(crate) defaults_only: bool,
    /// The default hop limit
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub(crate) hop_limit: Option<u8>,
    /// What AWS tells people whose call is refused, as where to ask
    #[arg(long, value_name = "TEXT")]
    pub(crate) exception_message: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct LintArguments {
    /// Policies as JSON; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) file: Vec<PathBuf>,
    /// `pretty` or `json`
    #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t = ListFormat::Pretty)]
    pub(crate) output: ListFormat,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// Policies of the IAM language as JSON; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) file: Vec<PathBuf>,
    /// The request, see below (repeatable)
    #[arg(long, value_name = "TEXT", required = true)]
    pub(crate) request: Vec<String>,
    /// `pretty` or `json`
    #[arg(long, short, value_name = "FORMAT", value_enum, default_value_t = ListFormat::Pretty)]
    pub(crate) output: ListFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PermissionsCommand {
    /// What `audit` needs: in each account, or with --org for the identity that starts it
    Audit(PermissionsArguments),
    /// What `plan` needs to read AWS: in each account, or with --org for the identity that starts it
    Plan(PlanPermissionsArguments),
    /// What `apply` and `undo` need: in each account, or with --org for the identity that starts them
    Enforce(EnforceArguments),
}

#[derive(Debug, Args)]
pub(crate) struct EnforceArguments {
    /// For these kinds of changes, as for `plan`; for those that it plans by itself without it (repeatable)
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = change::kind)]
    pub(crate) kind: Vec<change::KindArgument>,
    /// The policy of the identity that starts `apply`, instead of that of the role in each account
    #[arg(long)]
    pub(crate) org: bool,
    /// The role that is assumed in each account [default: imdsure-enforce for the templates, else
    /// OrganizationAccountAccessRole]
    #[arg(long, value_name = "NAME")]
    pub(crate) role_name: Option<String>,
    /// `json`: the policy alone; `cloudformation`, `terraform`: with the role, ready for every account
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = PolicyFormat::Json)]
    pub(crate) format: PolicyFormat,
    /// Who may assume the role: the ARN of a role or user, or an account id (templates only)
    #[arg(long, value_name = "ARN|ID")]
    pub(crate) trust: Option<String>,
    /// The external id that the role asks for (templates only)
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
}

/// The role that reads, or the identity that enters it.
#[derive(Debug, Args)]
pub(crate) struct RoleArguments {
    /// The policy of the identity that reads a whole organization, instead of that of the role in each
    /// account
    #[arg(long)]
    pub(crate) org: bool,
    /// The role that is assumed in each account [default: imdsure-audit for the templates, else
    /// OrganizationAccountAccessRole]
    #[arg(long, value_name = "NAME")]
    pub(crate) role_name: Option<String>,
    /// `json`: the policy alone; `cloudformation`, `terraform`: with the role, ready for every account
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = PolicyFormat::Json)]
    pub(crate) format: PolicyFormat,
    /// Who may assume the role: the ARN of a role or user, or an account id (templates only)
    #[arg(long, value_name = "ARN|ID")]
    pub(crate) trust: Option<String>,
    /// The external id that the role asks for (templates only)
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PlanPermissionsArguments {
    /// For these kinds of changes, as for `plan`; for those that it plans by itself without it (repeatable)
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = change::kind)]
    pub(crate) kind: Vec<change::KindArgument>,
    /// For `plan --usage` too
    #[arg(long)]
    pub(crate) usage: bool,
    #[command(flatten)]
    pub(crate) role: RoleArguments,
}

#[derive(Debug, Args)]
pub(crate) struct PermissionsArguments {
    /// Only for these controls, by name or alias; the default ones without it
    #[arg(long, value_name = "NAME|ALIAS", num_args = 1.., value_delimiter = ',')]
    pub(crate) control: Vec<String>,
    /// For `audit --usage` too
    #[arg(long)]
    pub(crate) usage: bool,
    #[command(flatten)]
    pub(crate) role: RoleArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyFormat {
    /// The policy document
    Json,
    /// A CloudFormation template with role and policy
    #[value(name = "cloudformation")]
    CloudFormation,
    /// Terraform configuration with role and policy
    Terraform,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SimulatorCommand {
    /// Serve until stopped; prints the environment that AWS clients need
    Serve(ServeArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Where to listen
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Accounts of the organization
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub(crate) accounts: u32,
    /// Instances in all, spread over accounts and regions
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) instances: u64,
    /// The same seed gives the same organization
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Regions: a number of them, or their names
    #[arg(long, value_name = "N|R1,R2", default_value = "4")]
    pub(crate) regions: String,
    /// Launch templates in all [default: a tenth of the instances]
    #[arg(long, value_name = "N")]
    pub(crate) templates: Option<u64>,
    /// Auto Scaling groups in all [default: a twentieth of the instances]
    #[arg(long, value_name = "N")]
    pub(crate) groups: Option<u64>,
    /// The external id that the accounts' roles ask for
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// Seconds until a change is through: options that were pending are applied
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) settle_seconds: u32,
    /// Close this region to a unit of the organization by a service control policy
    #[arg(long, value_name = "REGION")]
    pub(crate) closed_region: Option<String>,
    /// Deny every call that this IAM policy does not allow
    #[arg(long, value_name = "FILE")]
    pub(crate) allow_only: Option<PathBuf>,
    /// Make a share of calls go wrong: throttle, error500, error503, slow, cut, stale-read, lost-reply,
    /// expire or drift (repeatable)
    #[arg(long, value_name = "KIND=RATE")]
    pub(crate) fault: Vec<Fault>,
    /// Deny calls, `service:Action` with `*` where any fits (repeatable)
    #[arg(long, value_name = "ACCOUNT:REGION:ACTION")]
    pub(crate) deny: Vec<String>,
    /// Deny calls as a service control policy does (repeatable)
    #[arg(long, value_name = "ACCOUNT:REGION:ACTION")]
    pub(crate) deny_by_policy: Vec<String>,
}
