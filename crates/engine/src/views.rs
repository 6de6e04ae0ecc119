//! Deriving: views over tables, computed when they are asked for, so that old evidence is judged anew by
//! a better rule. Neither collected nor kept.

use crate::{EngineError, Session};

/// A view, and the table that it is derived from.
pub(crate) struct View {
    pub(crate) name: &'static str,
    pub(crate) table: &'static str,
    sql: &'static str,
}

/// Every view.
pub(crate) static VIEWS: [View; 1] = [View {
    name: "instance",
    table: "aws_ec2_instance",
    sql: include_str!("../views/instance.sql"),
}];

impl Session {
    /// Makes the views over a table that has just come in.
    pub(crate) async fn derive_from(&self, table: &str) -> Result<(), EngineError> {
        for view in VIEWS.iter().filter(|view| view.table == table) {
            let derived = self.sql(view.sql).await?.into_view();
            self.context.register_table(view.name, derived)?;
        }
        Ok(())
    }
}
