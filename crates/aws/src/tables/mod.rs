//! The tables that AWS and code fill, column by column. Where Steampipe has a table of the same name, the same
//! columns carry the same values.

mod base;
mod code;
mod instance;
mod launch;
mod organization;
mod services;
mod usage;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// A table: what one row is, and its columns in order.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name in SQL and as a file of kept evidence.
    pub name: &'static str,
    /// What one row stands for.
    pub about: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
}

/// A column. Every column may be null: null is "AWS did not
/// report it", of code "the text does not say it".
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it means, and where it comes from.
    pub about: &'static str,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text with few distinct values, or many rows a value.
    Text,
    /// Text that differs from row to row.
    Unique,
    /// A JSON document as text.
    Json,
    /// A 64-bit integer.
    Integer,
    /// True or false.
    Boolean,
    /// A UTC instant in milliseconds.
    Time,
}

impl Table {
    /// The Arrow schema.
    pub fn schema(&self) -> SchemaRef {
        let field = |column: &Column| Field::new(column.name, column.kind.data_type(), true);
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }
}

impl Kind {
    /// The Arrow type.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text | Self::Unique | Self::Json => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Boolean => DataType::Boolean,
            Self::Time => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        }
    }
}

const fn column(name: &'static str, kind: Kind, about: &'static str) -> Column {
    Column { name, kind, about }
}

pub use base::{AWS_ACCOUNT, AWS_REGION, SCAN_ERROR};
pub use code::{IAC_LAUNCH_SPEC, IAC_POLICY};
pub use instance::AWS_EC2_INSTANCE;
pub use launch::{
    AWS_EC2_AMI, AWS_EC2_AUTOSCALING_GROUP, AWS_EC2_AUTOSCALING_GROUP_MEMBER,
    AWS_EC2_INSTANCE_METADATA_DEFAULTS, AWS_EC2_LAUNCH_CONFIGURATION, AWS_EC2_LAUNCH_TEMPLATE_USE,
    AWS_EC2_LAUNCH_TEMPLATE_VERSION, AWS_EC2_SPOT_REQUEST,
};
pub use organization::{AWS_ORGANIZATIONS_EFFECTIVE_POLICY, AWS_ORGANIZATIONS_POLICY};
pub use services::{
    AWS_APPSTREAM_FLEET, AWS_BATCH_COMPUTE_ENVIRONMENT, AWS_ECS_CAPACITY_PROVIDER,
    AWS_EKS_NODE_GROUP, AWS_ELASTIC_BEANSTALK_ENVIRONMENT, AWS_EMR_SECURITY_CONFIGURATION,
    AWS_IMAGEBUILDER_INFRASTRUCTURE_CONFIGURATION, AWS_LIGHTSAIL_INSTANCE,
    AWS_SAGEMAKER_NOTEBOOK_INSTANCE,
};
pub use usage::AWS_CLOUDWATCH_IMDS_USAGE;

/// Every table that a source fills.
pub static TABLES: [&Table; 26] = [
    &AWS_ACCOUNT,
    &AWS_REGION,
    &AWS_EC2_INSTANCE,
    &AWS_EC2_LAUNCH_TEMPLATE_VERSION,
    &AWS_EC2_LAUNCH_TEMPLATE_USE,
    &AWS_EC2_LAUNCH_CONFIGURATION,
    &AWS_EC2_AUTOSCALING_GROUP,
    &AWS_EC2_AUTOSCALING_GROUP_MEMBER,
    &AWS_EC2_AMI,
    &AWS_EC2_INSTANCE_METADATA_DEFAULTS,
    &AWS_EC2_SPOT_REQUEST,
    &AWS_EKS_NODE_GROUP,
    &AWS_ECS_CAPACITY_PROVIDER,
    &AWS_BATCH_COMPUTE_ENVIRONMENT,
    &AWS_SAGEMAKER_NOTEBOOK_INSTANCE,
    &AWS_ELASTIC_BEANSTALK_ENVIRONMENT,
    &AWS_EMR_SECURITY_CONFIGURATION,
    &AWS_LIGHTSAIL_INSTANCE,
    &AWS_APPSTREAM_FLEET,
    &AWS_IMAGEBUILDER_INFRASTRUCTURE_CONFIGURATION,
    &AWS_ORGANIZATIONS_POLICY,
    &AWS_ORGANIZATIONS_EFFECTIVE_POLICY,
    &AWS_CLOUDWATCH_IMDS_USAGE,
    &IAC_LAUNCH_SPEC,
    &IAC_POLICY,
    &SCAN_ERROR,
];

impl Table {
    /// The place of a column.
    pub fn index(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }
}
