//! Operations of STS and IAM: who the caller is and how accounts are entered.

use super::{Bucket, Operation, once};
use crate::service::{IAM, STS};

/// Who the credentials belong to. AWS asks for no permission.
pub static GET_CALLER_IDENTITY: Operation = once(&STS, "GetCallerIdentity", &[], Bucket::Identity);

/// Temporary credentials of a role in another account.
pub static ASSUME_ROLE: Operation = once(&STS, "AssumeRole", &["sts:AssumeRole"], Bucket::Identity);

/// The account's alias: a name for an account that is read without its organization.
pub static LIST_ACCOUNT_ALIASES: Operation =
    once(&IAM, "ListAccountAliases", &["iam:ListAccountAliases"], Bucket::Identity);
