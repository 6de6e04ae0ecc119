//! Where files are that code names: `file("${path.module}/scp.json")`.

use std::path::{Component, Path, PathBuf};

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

/// The folder that all of these files are in.
pub(super) fn common(files: &[PathBuf]) -> PathBuf {
    let mut folders = files.iter().map(|file| clean(file.parent().unwrap_or(Path::new(""))));
    let first = folders.next().unwrap_or_default();
    folders.fold(first, |common, folder| {
        let same = common.components().zip(folder.components()).take_while(|(one, two)| one == two);
        same.map(|(part, _)| part).collect()
    })
}

/// Whether a file is in that folder. Where code lies far apart, in what is worked in: whoever writes code should
/// not get to see the files of who scans it.
pub(super) fn within(top: &Path, file: &Path) -> bool {
    let named = top.components().any(|part| matches!(part, Component::Normal(_)));
    let away = matches!(file.components().next(), Some(Component::ParentDir)) || file.has_root();
    file.starts_with(top) && (named || !away)
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

    #[test]
    fn only_files_among_the_code_are_read() {
        let top = |files: &[&str]| common(&files.iter().map(PathBuf::from).collect::<Vec<_>>());
        let read = |files: &[&str], file: &str| within(&top(files), Path::new(file));
        let infra = ["./infra/org/main.tf", "infra/policies/a.json"];
        assert!(read(&infra, "infra/policies/b.json.tpl"));
        assert!(!read(&infra, "other/b.json") && !read(&infra, "../b.json"));
        assert!(read(&["main.tf"], "b.json") && !read(&["main.tf"], "../b.json"));
        assert!(read(&["../infra/main.tf"], "../infra/b.json"));
        assert!(!read(&["../infra/main.tf"], "../b.json"));
        assert!(read(&["/x/main.tf"], "/x/b.json") && !read(&["/x/main.tf"], "/etc/passwd"));
        assert!(!read(&["/x/main.tf", "/y/main.tf"], "/etc/passwd"));
        assert!(!read(&["../main.tf", "../../main.tf"], "../../../b.json"));
    }
}
