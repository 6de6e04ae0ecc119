//! Embeds the folder `controls/`: the directory is the registry. A control whose files are incomplete
//! stops the build here, with its name and what is missing.

use std::{
    collections::BTreeMap,
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use imdsure_model::Control;

fn main() -> Result<(), String> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let controls = manifest.join("../../controls");
    println!("cargo::rerun-if-changed={}", controls.display());
    let mut folders: Vec<PathBuf> = fs::read_dir(&controls)
        .map_err(|error| format!("{}: {error}", controls.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let mut code = String::from("pub(crate) static FILES: &[(&str, &str, &str)] = &[\n");
    let mut aliases = BTreeMap::new();
    for folder in &folders {
        let control = embed(folder, &mut code)?;
        for alias in control.aliases {
            if let Some(other) = aliases.insert(alias.clone(), control.name.clone()) {
                return Err(format!("alias {alias} names two controls: {other}, {}", control.name));
            }
        }
    }
    code.push_str("];\n");
    let target = Path::new(&variable("OUT_DIR")?).join("controls.rs");
    fs::write(&target, code).map_err(|error| format!("{}: {error}", target.display()))
}

fn embed(folder: &Path, code: &mut String) -> Result<Control, String> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let read = |file: &str| {
        let path = folder.join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        fs::read_to_string(&path).map_err(|error| format!("control {name}: {file}: {error}"))
    };
    let (page, sql) = (read("control.md")?, read("control.sql")?);
    let control =
        Control::parse(&name, &page, &sql).map_err(|error| format!("control {name}: {error}"))?;
    if read("tests.md")?.trim().is_empty() {
        return Err(format!("control {name}: tests.md is empty"));
    }
    writeln!(code, "    ({name:?}, {page:?}, {sql:?}),").map_err(|error| error.to_string())?;
    Ok(control)
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}
