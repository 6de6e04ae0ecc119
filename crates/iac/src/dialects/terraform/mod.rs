//! Terraform, OpenTofu and Terragrunt: modules in HCL and JSON, files of variables, plans and states. A
//! folder is a module, so folders are read at a time, and a folder that others call through its callers.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    dialect::{self, Dialect, Files, Overlay, Sink, Unit, has_extension, has_word},
    source::Source,
};

pub(super) mod blocks;
mod calls;
mod documents;
mod inputs;
mod instances;
pub(super) mod kinds;
mod known;
mod manifest;
pub(super) mod module;
mod module_fix;
mod names;
pub(super) mod options;
mod paths;
mod policies;
mod references;
mod registry;
pub(super) mod repair;
mod rows;
mod scope;
mod session;
mod snapshot;
mod survey;
mod terragrunt;
mod types;
mod version;

#[cfg(test)]
mod tests;

/// The dialect.
pub(crate) static DIALECT: Terraform = Terraform;

/// Terraform.
pub(crate) struct Terraform;

impl Dialect for Terraform {
    fn name(&self) -> &'static str {
        "terraform"
    }

    fn page(&self) -> &'static str {
        include_str!("page.md")
    }

    fn unit(&self) -> Unit {
        Unit::Folder
    }

    fn looks_at(&self, path: &Path) -> bool {
        has_extension(path, &["tf", "tofu", "tfvars", "tfstate", "json"]) || is_terragrunt(path)
    }

    fn claims(&self, source: &Source) -> bool {
        !has_extension(source.path(), &["json", "tfstate"])
            || is_module_file(source.path())
            || ends_with(source.path(), ".tfvars.json")
            || is_snapshot(source)
    }

    fn survey(&self, paths: &[PathBuf], overlay: &Overlay) -> Option<dialect::Survey> {
        Some(Box::new(survey::Survey::of(paths, overlay)))
    }

    fn read(&self, files: &Files<'_>, sink: &mut Sink) {
        let nothing = survey::Survey::default();
        let survey = files.survey::<survey::Survey>().unwrap_or(&nothing);
        for source in files.members() {
            if is_snapshot(source) {
                snapshot::read(source, sink);
            } else if is_terragrunt(source.path()) {
                terragrunt::read(files, survey, source, sink);
            }
        }
        module(files, survey, sink);
    }
}

/// The module that the files of a folder are.
fn module(files: &Files<'_>, survey: &survey::Survey, sink: &mut Sink) {
    let members: Vec<&Arc<Source>> =
        files.members().iter().filter(|source| is_module_file(source.path())).collect();
    let variables = inputs::given(files, sink);
    for source in files.members().iter().filter(|one| has_extension(one.path(), &["tfvars"])) {
        if let Some(error) = inputs::check(source) {
            sink.error(error);
        }
    }
    let Some(folder) = members.first().and_then(|source| source.path().parent()) else { return };
    let is_root = survey.is_root(folder);
    let read = match (!is_root).then(|| survey.module(folder, files.overlay())).flatten() {
        Some(Ok(module)) => module,
        _ => Arc::new(module::Module::of(folder, members.into_iter().cloned().collect())),
    };
    if !is_root {
        // Its rows come through its callers.
        rows::told_by_callers(&read, sink);
        for error in read.errors() {
            sink.error(error);
        }
        return;
    }
    let session = session::Session::new(files, survey);
    let root = session.root(read, variables);
    rows::read(&session, &root, sink);
    session.errors(sink);
}

fn ends_with(path: &Path, end: &str) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(end))
}

/// Whether a file is code of a module.
fn is_module_file(path: &Path) -> bool {
    has_extension(path, &["tf", "tofu"])
        || ends_with(path, ".tf.json")
        || ends_with(path, ".tofu.json")
}

fn is_terragrunt(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "terragrunt.hcl")
}

/// Whether a file may call modules.
fn is_code(path: &Path) -> bool {
    is_module_file(path) || is_terragrunt(path)
}

/// Whether a file is a state, or a plan as JSON.
fn is_snapshot(source: &Source) -> bool {
    let path = source.path();
    has_extension(path, &["tfstate", "json"])
        && !is_module_file(path)
        && !ends_with(path, ".tfvars.json")
        && has_word(source, &["\"terraform_version\"", "\"format_version\""])
        && has_word(source, &["\"planned_values\"", "\"root_module\"", "\"resources\""])
}
