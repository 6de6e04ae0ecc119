//! The finding: one row that a control says something about. Its field names and their order are the
//! ones users script against.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Code, Fix, Location, Severity, Verdict};

/// One verdict on one resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The control's name.
    pub control: String,
    /// What other tools and frameworks call the control.
    pub aliases: Vec<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// The outcome's severity, which is the control's where the outcome has none of its own.
    pub severity: Severity,
    /// 0 to 100, to order the work; null where there is none (`pass`, `skip`).
    pub risk: Option<u8>,
    /// The resource's ARN; of code `path:address`.
    pub resource: String,
    /// The resource's `Name` tag or its own name.
    pub name: Option<String>,
    /// Who is to repair it.
    pub owner: Option<String>,
    /// The twelve digits of the account.
    pub account_id: Option<String>,
    /// The account's name, where it could be read.
    pub account_name: Option<String>,
    /// The organizational units above the account, from the root down (`Root/Workloads/Prod`), where the
    /// tree was read.
    pub organizational_unit: Option<String>,
    /// The region's code.
    pub region: Option<String>,
    /// The service or group that owns the resource, as `autoscaling:web`.
    pub managed_by: Option<String>,
    /// The verdict in a sentence.
    pub reason: String,
    /// The values that the verdict rests on, by column name.
    pub facts: Map<String, Value>,
    /// Where in code it stands (findings of `scan`).
    pub location: Option<Location>,
    /// The repair that is known for it.
    pub fix: Option<Fix>,
    /// Set where somebody accepted the finding, with reason and expiry.
    pub waived: Option<Waived>,
    /// What shows it and repairs it, where it stands in code.
    #[serde(skip)]
    pub code: Option<Box<Code>>,
}

/// An accepted finding: why, until when, and what compensates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waived {
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is accepted (`2027-01-31`); null of a comment in code, which has none.
    pub expires: Option<String>,
    /// What reduces the risk meanwhile.
    pub compensating: Vec<String>,
    /// Where the waiver is written: `imdsure.toml:12`.
    pub from: String,
}
