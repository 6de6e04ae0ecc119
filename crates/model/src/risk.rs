//! Risk, 0 to 100: which finding to repair first. A sum of parts that were read; a part that was not
//! read does not count.

use crate::Severity;

/// Added when a role is attached: there are credentials to steal.
pub const ROLE_RISK: u8 = 30;
/// Added when the resource has a public address: requests can be forged from outside.
pub const PUBLIC_ADDRESS_RISK: u8 = 20;

/// The part that the control's severity gives. With every other part added it stays within 100.
pub const fn severity_risk(severity: Severity) -> u8 {
    match severity {
        Severity::Low => 10,
        Severity::Medium => 20,
        Severity::High => 35,
        Severity::Critical => 50,
    }
}

const _: () = assert!(severity_risk(Severity::Critical) + ROLE_RISK + PUBLIC_ADDRESS_RISK <= 100);
