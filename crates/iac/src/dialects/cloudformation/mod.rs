//! CloudFormation, with SAM and what the CDK synthesises: templates in YAML and JSON, read by one reader.

use std::path::Path;

use crate::{
    dialect::{Dialect, Files, Sink, has_extension, has_word},
    node::Parsed,
    source::Source,
};

mod condition;
mod embedded;
mod evaluate;
mod kinds;
mod policies;
mod references;
mod repair;
mod resources;
mod rows;
mod template;
mod value;

#[cfg(test)]
mod fixtures_tests;
#[cfg(test)]
mod tests;

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
        has_extension(path, &["yaml", "yml", "json", "template", "cfn", "cform"])
    }

    fn claims(&self, source: &Source) -> bool {
        has_word(source, &["AWSTemplateFormatVersion"])
            || has_word(source, &["Resources"])
                && has_word(source, &["AWS::"])
                && has_word(source, &["Type"])
    }

    fn read(&self, files: &Files<'_>, sink: &mut Sink) {
        for source in files.members() {
            let parsed = tree(source);
            if let Some(error) = &parsed.error {
                sink.tree_error(source, error);
            }
            for document in &parsed.documents {
                if let Some(template) = template::Template::of(source, document) {
                    rows::read(&template, sink);
                }
            }
        }
    }
}

/// JSON by its first character, whatever the file is called. Tabs are no YAML, so JSON is not read as such.
fn tree(source: &Source) -> &Parsed {
    if source.body().0.trim_start().starts_with('{') {
        let json = source.json();
        if json.error.is_none() || has_extension(source.path(), &["json"]) {
            return json;
        }
    }
    source.yaml()
}
