//! Elastic Beanstalk's configuration beside an application: the files of `.ebextensions`, which are one
//! configuration together; saved configurations and `env.yaml`, each for itself.

use std::path::Path;

use crate::{
    dialect::{Dialect, Files, Sink, Unit, has_extension},
    source::Source,
};

mod rows;

#[cfg(test)]
mod tests;

/// The dialect.
pub(crate) static DIALECT: Beanstalk = Beanstalk;

/// Elastic Beanstalk's files.
pub(crate) struct Beanstalk;

impl Dialect for Beanstalk {
    fn name(&self) -> &'static str {
        "beanstalk"
    }

    fn page(&self) -> &'static str {
        include_str!("page.md")
    }

    fn unit(&self) -> Unit {
        Unit::Folder
    }

    fn looks_at(&self, path: &Path) -> bool {
        is_extension(path) || is_saved(path)
    }

    /// A folder of extensions belongs to an application whatever is in it.
    fn claims(&self, source: &Source) -> bool {
        is_extension(source.path()) || source.text().contains("OptionSettings")
    }

    fn read(&self, files: &Files<'_>, sink: &mut Sink) {
        let (extensions, saved): (Vec<_>, Vec<_>) = files
            .members()
            .iter()
            .map(AsRef::as_ref)
            .partition(|one: &&Source| is_extension(one.path()));
        rows::read(".ebextensions", "option_settings", &extensions, sink);
        for source in saved {
            let name = source.path().file_name().map(|name| name.to_string_lossy());
            rows::read(&name.unwrap_or_default(), "OptionSettings", &[source], sink);
        }
    }
}

/// `.ebextensions/NAME.config`
fn is_extension(path: &Path) -> bool {
    let folder = path.parent().and_then(Path::file_name);
    has_extension(path, &["config"]) && folder.is_some_and(|name| name == ".ebextensions")
}

/// `env.yaml`, and what `eb config save` writes.
fn is_saved(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    name == "env.yaml"
        || name.ends_with(".cfg.yml")
        || folder == Some("saved_configs") && has_extension(path, &["yml", "yaml"])
}
