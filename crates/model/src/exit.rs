//! Exit codes: a public, documented part of the command line.

/// How a command ends, as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Everything that was asked was read, and nothing fails.
    Ok = 0,
    /// At least one finding fails.
    Findings = 1,
    /// Some account, region, file or control could not be read or run. Stronger than findings.
    Incomplete = 2,
    /// An apply or undo was stopped, or rolled back.
    Stopped = 4,
    /// An apply or undo finished, but skipped targets that drifted or were refused.
    Skipped = 5,
    /// Wrong usage or invalid configuration.
    Usage = 64,
    /// A bug in imdsure.
    Bug = 70,
}

/// Which verdicts make a run end with [`ExitCode::Findings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FailOn {
    /// Failing findings.
    #[default]
    Fail,
    /// Failing and unknown findings.
    Unknown,
    /// None: the code tells only whether everything was read.
    Never,
}

impl ExitCode {
    /// The code of a judged run: incomplete beats findings, findings beat none.
    pub fn of_run(incomplete: bool, counts: crate::Counts, fail_on: FailOn) -> Self {
        let failing = match fail_on {
            FailOn::Fail => counts.fail > 0,
            FailOn::Unknown => counts.fail > 0 || counts.unknown > 0,
            FailOn::Never => false,
        };
        match (incomplete, failing) {
            (true, _) => Self::Incomplete,
            (false, true) => Self::Findings,
            (false, false) => Self::Ok,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Counts;

    #[test]
    fn incomplete_is_stronger_than_findings() {
        let counts = |fail, unknown| Counts { fail, unknown, pass: 1, skip: 1 };
        let table = [
            (false, counts(0, 0), FailOn::Fail, ExitCode::Ok),
            (false, counts(0, 3), FailOn::Fail, ExitCode::Ok),
            (false, counts(0, 3), FailOn::Unknown, ExitCode::Findings),
            (false, counts(2, 0), FailOn::Fail, ExitCode::Findings),
            (false, counts(2, 2), FailOn::Never, ExitCode::Ok),
            (true, counts(2, 0), FailOn::Fail, ExitCode::Incomplete),
            (true, counts(0, 0), FailOn::Never, ExitCode::Incomplete),
        ];
        for (incomplete, counts, fail_on, expected) in table {
            assert_eq!(ExitCode::of_run(incomplete, counts, fail_on), expected);
        }
    }
}
