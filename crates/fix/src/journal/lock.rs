//! One run for each account at a time.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{error::Cause, local::FileLock, object::ObjectLock, run::RunId};

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its run.
    pub run: RunId,
    /// Its process.
    pub pid: u32,
    /// The machine that it runs on.
    pub host: String,
    /// Who started it.
    pub user: String,
    /// When it took the lock.
    pub since: Timestamp,
}

/// Why an account cannot be locked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Another run is changing the account.
    #[error("account {account_id} is being changed by {}: wait for it, or stop it ({place}{})", who(.holder.as_deref()), when_free(*.free_after))]
    Held {
        /// The account.
        account_id: String,
        /// The lock.
        place: String,
        /// By whom, where the lock says it.
        holder: Option<Box<Holder>>,
        /// How long after its holder's end the lock is free; at once where it is none.
        free_after: Option<Duration>,
    },
    /// No account has such a number.
    #[error("`{account_id}` is no account: its number has 12 digits")]
    BadAccount {
        /// What was given.
        account_id: String,
    },
    /// The lock cannot be read or written.
    #[error("account {account_id} cannot be locked ({place}): {cause}")]
    Store {
        /// The account.
        account_id: String,
        /// The lock.
        place: String,
        /// What went wrong.
        cause: Cause,
    },
}

fn who(holder: Option<&Holder>) -> String {
    match holder {
        None => "another run".to_owned(),
        Some(Holder { run, pid, host, user, since }) => {
            format!("run {run} (process {pid} of {user} on {host}) since {since:.0}")
        }
    }
}

fn when_free(after: Option<Duration>) -> String {
    match after {
        None => String::new(),
        Some(after) => format!("; free {} seconds after its holder's end", after.as_secs()),
    }
}

impl Holder {
    /// This process.
    pub fn of_this_process(run: RunId, since: Timestamp) -> Self {
        let unknown = || "unknown".to_owned();
        Self {
            run,
            pid: std::process::id(),
            host: host().unwrap_or_else(unknown),
            user: user().unwrap_or_else(unknown),
            since,
        }
    }
}

fn named(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// Who runs this process, as journals and locks call him.
pub fn user() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(named).or_else(user_number)
}

/// The number of the user, where the environment has no name: in a container, say.
fn user_number() -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let uid = std::fs::metadata("/proc/self").ok()?.uid();
        Some(format!("uid {uid}"))
    }
    #[cfg(not(unix))]
    None
}

/// What this machine is called in journals and locks.
pub fn host() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"))
        .map(|name| name.trim().to_owned());
    let name = name.ok().filter(|name| !name.is_empty());
    name.or_else(|| ["HOSTNAME", "COMPUTERNAME"].into_iter().find_map(named))
}

/// An account that no other run changes while this value lives.
#[derive(Debug)]
pub struct Lock {
    account_id: String,
    took_over: Option<Holder>,
    held: Held,
}

#[derive(Debug)]
pub(super) enum Held {
    File(FileLock),
    Object(ObjectLock),
}

impl Lock {
    pub(super) fn new(account_id: &str, took_over: Option<Holder>, held: Held) -> Self {
        Self { account_id: account_id.to_owned(), took_over, held }
    }

    /// The account.
    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// The run that held it before and did not release it: it died, and what it left is unfinished.
    pub const fn took_over(&self) -> Option<&Holder> {
        self.took_over.as_ref()
    }

    /// Whether the lock is this run's no more, or may not be. To be asked before each call: after a yes the
    /// run may call nothing.
    pub fn lost(&self) -> bool {
        match &self.held {
            Held::File(file) => file.lost(),
            Held::Object(object) => object.lost(),
        }
    }

    /// Releases the lock, and waits for it. (Dropping it does the same without waiting.)
    pub async fn release(self) {
        match self.held {
            Held::File(file) => drop(file),
            Held::Object(object) => object.release().await,
        }
    }
}

/// Whether this can be an account's number, and thereby a file's name.
pub(super) fn check_account(account_id: &str) -> Result<(), LockError> {
    if account_id.len() == 12 && account_id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    let account_id = account_id.chars().filter(|c| !c.is_control()).take(40).collect();
    Err(LockError::BadAccount { account_id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_account_number_can_be_locked() {
        assert_eq!(check_account("111122223333"), Ok(()));
        for text in ["", "1", "1111222233334", "../../../etc", "11112222333a", "１１１１"] {
            assert!(check_account(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_error_names_who_holds_it() {
        let since = "2026-11-24T18:56:00.5Z".parse().unwrap();
        let holder = Holder {
            run: "20261124T185600Z-3f9a2c".parse().unwrap(),
            pid: 7,
            host: "build-1".to_owned(),
            user: "ann".to_owned(),
            since,
        };
        let mut error = LockError::Held {
            account_id: "111122223333".to_owned(),
            place: "locks/111122223333.lock".to_owned(),
            holder: Some(Box::new(holder)),
            free_after: None,
        };
        assert_eq!(
            error.to_string(),
            "account 111122223333 is being changed by run 20261124T185600Z-3f9a2c (process 7 of ann on \
             build-1) since 2026-11-24T18:56:00Z: wait for it, or stop it (locks/111122223333.lock)"
        );
        if let LockError::Held { holder, free_after, .. } = &mut error {
            *holder = None;
            *free_after = Some(Duration::from_mins(5));
        }
        assert!(error.to_string().contains("by another run: "), "{error}");
        assert!(error.to_string().contains("; free 300 seconds after"), "{error}");
    }
}
