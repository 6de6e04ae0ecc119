//! CloudFormation.

use std::path::Path;

use crate::{
    dialect::{Dialect, Files, Sink, has_extension, has_word},
    source::Source,
};

/// The dialect.
pub(crate) static DIALECT: CloudFormation = CloudFormation;

/// CloudFormation templates.
pub(crate) struct CloudFormation;

impl Dialect for CloudFormation {
    fn name(&self) -> &'static str {
        "cloudformation"
    }

    fn page(&self) -> &'static str {
        include_str!("page.md")
    }

    fn looks_at(&self, path: &Path) -> bool {
        has_extension(path, &["yaml", "yml", "json", "template", "cfn", "txt"])
    }

    fn claims(&self, source: &Source) -> bool {
        has_word(source, &["AWSTemplateFormatVersion", "AWS::"])
    }

    fn read(&self, _files: &Files<'_>, _sink: &mut Sink) {}
}
