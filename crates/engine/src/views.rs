//! Deriving: views over tables, computed when they are asked for, so that old evidence is judged anew by
//! a better rule. Neither collected nor kept.

use std::borrow::Cow;

use crate::{EngineError, Session};

/// What resolves the launches of a view: their place in it is `{launches}`.
const EFFECTIVE: &str = include_str!("../views/effective.sql");

/// A view, and the tables that it is derived from.
pub(crate) struct View {
    pub(crate) name: &'static str,
    tables: &'static [&'static str],
    sql: &'static str,
    /// Whether its rows are launches, of which EFFECTIVE says what they give.
    launches: bool,
}

/// Every view.
pub(crate) static VIEWS: [View; 7] = [
    View {
        name: "code_launch",
        tables: &["iac_launch_spec"],
        sql: include_str!("../views/code_launch.sql"),
        launches: false,
    },
    View {
        name: "instance",
        tables: &["aws_ec2_instance"],
        sql: include_str!("../views/instance.sql"),
        launches: false,
    },
    View {
        name: "launch_template_version",
        tables: &[
            "aws_ec2_launch_template_version",
            "aws_ec2_instance_metadata_defaults",
            "aws_ec2_ami",
        ],
        sql: include_str!("../views/launch_template_version.sql"),
        launches: true,
    },
    View {
        name: "launch_configuration",
        tables: &[
            "aws_ec2_launch_configuration",
            "aws_ec2_instance_metadata_defaults",
            "aws_ec2_ami",
        ],
        sql: include_str!("../views/launch_configuration.sql"),
        launches: true,
    },
    View {
        name: "autoscaling_group_part",
        tables: &[
            "aws_ec2_autoscaling_group",
            "aws_ec2_launch_template_use",
            "aws_ec2_launch_template_version",
            "aws_ec2_launch_configuration",
            "aws_ec2_instance_metadata_defaults",
            "aws_ec2_ami",
            "scan_error",
        ],
        sql: include_str!("../views/autoscaling_group_part.sql"),
        launches: true,
    },
    View {
        name: "spot_specification",
        tables: &["aws_ec2_spot_request", "aws_ec2_instance_metadata_defaults", "aws_ec2_ami"],
        sql: include_str!("../views/spot_specification.sql"),
        launches: true,
    },
    View {
        name: "imagebuilder_infrastructure",
        tables: &[
            "aws_imagebuilder_infrastructure_configuration",
            "aws_ec2_instance_metadata_defaults",
            "aws_ec2_ami",
        ],
        sql: include_str!("../views/imagebuilder_infrastructure.sql"),
        launches: true,
    },
];

impl View {
    fn query(&self) -> Cow<'static, str> {
        if self.launches {
            EFFECTIVE.replace("{launches}", self.sql).into()
        } else {
            self.sql.into()
        }
    }

    /// The tables that a session lacks for it.
    pub(crate) fn missing(&self, session: &Session) -> Vec<&'static str> {
        session.missing(self.tables)
    }
}

impl Session {
    /// Those of these tables that it lacks.
    pub(crate) fn missing(&self, tables: &[&'static str]) -> Vec<&'static str> {
        tables.iter().copied().filter(|table| !self.has(table)).collect()
    }

    /// Makes the views that a table makes possible that has just come in.
    pub(crate) async fn derive_from(&self, table: &str) -> Result<(), EngineError> {
        for view in VIEWS.iter().filter(|view| view.tables.contains(&table)) {
            if view.missing(self).is_empty() {
                let derived = self.sql(&view.query()).await?.into_view();
                self.context.register_table(view.name, derived)?;
            }
        }
        Ok(())
    }
}
