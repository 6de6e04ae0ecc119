//! Where files are that code names: `file("${path.module}/scp.json")`.

use std::path::{Path, PathBuf};

use super::survey::clean;

/// A folder as `path.module` gives it: the one that is worked in has a name too.
pub(super) fn written(folder: &Path) -> String {
    match folder.to_string_lossy() {
        text if text.is_empty() => ".".to_owned(),
        text => text.into_owned(),
    }
}

/// The file behind a name: names begin with the module's folder or the root's, or count from the root's, where
/// Terraform is run. An absolute one leads away from the code and is not followed.
pub(super) fn beside(root: &Path, module: &Path, name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    let within = |folder: &Path| path.starts_with(written(folder));
    if within(module) || within(root) {
        return Some(clean(path));
    }
    (!path.has_root()).then(|| clean(&root.join(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_files_beside_the_code() {
        let beside = |root: &str, module: &str, name: &str| {
            beside(Path::new(root), Path::new(module), name).map(|path| path.display().to_string())
        };
        let some = |path: &str| Some(path.to_owned());
        assert_eq!(beside("infra", "infra/m", "infra/m/a.json"), some("infra/m/a.json"));
        assert_eq!(beside("infra", "infra", "a.json"), some("infra/a.json"));
        assert_eq!(beside("", "", "./a.json"), some("a.json"));
        assert_eq!(beside("/x/infra", "/x/infra", "/x/infra/../a.json"), some("/x/a.json"));
        assert_eq!(beside("infra", "infra", "/etc/passwd"), None);
        assert_eq!(beside("", "", "/etc/passwd"), None);
    }
}
