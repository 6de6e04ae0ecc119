//! Which findings a report asks for.

/// Findings, in an order that is the same on every run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// None: numbers are enough.
    Nothing,
    /// All, by account, region and resource.
    All,
    /// All that fail or are unknown, waived or not, by account, region and resource.
    Open,
    /// The worst so many that fail or are unknown and are not waived: failing before unknown, highest risk first.
    Worst(usize),
}
