//! The controls that are built into the program.

use imdsure_model::{Catalog, Control, ControlError};

include!(concat!(env!("OUT_DIR"), "/controls.rs"));

/// The embedded catalogue, parsed by the parser that let it through the build.
pub fn embedded_catalog() -> Result<Catalog, ControlError> {
    let parse = |(name, page, sql): &(&str, &str, &str)| Control::parse(name, page, sql);
    Ok(Catalog::new(FILES.iter().map(parse).collect::<Result<Vec<_>, _>>()?))
}
