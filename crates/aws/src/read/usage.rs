//! x
use crate::{
    error::CallError,
    unit::{SeenInstance, Unit},
};
pub(crate) async fn usage(
    _unit: &Unit<'_>,
    _i: &[SeenInstance],
    _now: jiff::Timestamp,
    _days: u32,
) -> Result<(), CallError> {
    Ok(())
}
