//! The arguments of `scan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ReportArguments;

pub(super) const AFTER_HELP: &str = "\
Read are Terraform and OpenTofu (also states, plans as JSON and Terragrunt), CloudFormation and SAM,
Packer, Karpenter, eksctl, kOps, Cluster API and Ansible. What each place does not say it inherits:
it fails at medium severity unless --with-evidence, or in imdsure.toml
  [assume]
  account_default = \"required\"
shows that this requires tokens. Other tools' ignore comments count where imdsure.toml says so:
  [scan]
  honor = [\"checkov\", \"trivy\", \"tfsec\", \"kics\"]

Exit codes: 0 nothing fails; 1 something fails; 2 some file could not be read, or a repair could not
be written; 64 wrong usage or configuration.

Examples:
  imdsure scan .                                  what the code of this folder launches
  imdsure scan infra --diff                       the repair, as a patch
  imdsure scan infra --fix                        write it; says what it does and what is left
  imdsure scan infra --var-file prod.tfvars       with the values of production
  imdsure scan infra --with-evidence evidence     what is silent is judged by what it inherits in AWS
  imdsure scan . --output sarif > imdsure.sarif   for a pull request";

#[derive(Debug, Args)]
pub(crate) struct ScanArguments {
    /// Files and folders
    #[arg(value_name = "PATH", required_unless_present = "from")]
    pub(crate) paths: Vec<PathBuf>,
    /// Set a variable of Terraform or Packer (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable, help_heading = "What to read")]
    pub(crate) var: Vec<(String, String)>,
    /// Read variables from this file as well (repeatable)
    #[arg(long, value_name = "FILE", help_heading = "What to read")]
    pub(crate) var_file: Vec<PathBuf>,
    /// Keep what was read as an evidence set in this folder
    #[arg(long, value_name = "DIR", help_heading = "What to read")]
    pub(crate) save: Option<PathBuf>,
    /// Judge a kept scan again instead of reading code: a set, or a folder's newest
    #[arg(long, value_name = "DIR", help_heading = "What to read", conflicts_with_all = ["paths", "var", "var_file", "save", "fix", "diff"])]
    pub(crate) from: Option<PathBuf>,
    /// Controls to run, by name or alias (CKV_AWS_79, trivy:AWS-0028); the default ones without it
    #[arg(long, value_name = "NAME|ALIAS", num_args = 1.., value_delimiter = ',', help_heading = "What to judge")]
    pub(crate) control: Vec<String>,
    /// Judge what code inherits by evidence that `audit --save` kept: a set, or a folder's newest
    #[arg(long, value_name = "DIR", help_heading = "What to judge")]
    pub(crate) with_evidence: Option<PathBuf>,
    /// Repair what fails, in the files, and scan again; `unsafe` also where applying it replaces something
    #[arg(long, value_name = "WHICH", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "safe", help_heading = "Repair")]
    pub(crate) fix: Option<FixArgument>,
    /// Print the repair as a unified diff, in place of the report; alone it writes nothing
    #[arg(long, value_name = "WHICH", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "safe", conflicts_with = "output", help_heading = "Repair")]
    pub(crate) diff: Option<FixArgument>,
    #[command(flatten)]
    pub(crate) report: ReportArguments,
}

/// Which repairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FixArgument {
    /// Those that replace nothing when they are applied
    Safe,
    /// All, also those that replace instances
    Unsafe,
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("a variable is set as NAME=VALUE".to_owned()),
    }
}
