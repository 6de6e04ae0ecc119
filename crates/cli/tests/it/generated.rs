//! What is generated from the code and committed: the help text, the page of tables, the dialects' pages. Compared here,
//! refreshed with `make generate`.

use std::{fmt::Write as _, fs};

use imdsure_aws::tables::{Kind, TABLES};
use imdsure_iac::dialects::DIALECTS;

use crate::harness::{Run as _, imdsure, workspace};

const COMMANDS: [&[&str]; 28] = [
    &[],
    &["audit"],
    &["scan"],
    &["plan"],
    &["apply"],
    &["undo"],
    &["journal"],
    &["journal", "list"],
    &["journal", "show"],
    &["journal", "verify"],
    &["control"],
    &["control", "list"],
    &["control", "show"],
    &["control", "run"],
    &["guard"],
    &["guard", "generate"],
    &["guard", "generate", "scp"],
    &["guard", "generate", "iam"],
    &["guard", "generate", "ec2-policy"],
    &["guard", "generate", "data-perimeter"],
    &["guard", "lint"],
    &["guard", "simulate"],
    &["permissions", "audit"],
    &["permissions", "plan"],
    &["permissions", "enforce"],
    &["simulator"],
    &["simulator", "serve"],
    &["demo"],
];

#[test]
fn generated_help_is_the_committed_one() {
    let mut text = String::new();
    for command in COMMANDS {
        let ended = imdsure(&[command, &["--help"]].concat()).env("COLUMNS", "100").ended();
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        writeln!(text, "$ imdsure {}\n\n{}", [command, &["--help"]].concat().join(" "), ended.out)
            .unwrap();
    }
    committed("docs/help.txt", &text);
}

#[test]
fn generated_page_of_tables_is_the_committed_one() {
    let mut text = String::from(
        "# Tables\n\nWhat a source fills and a control reads. Every column may be null: null is \"AWS did not \
         report it\".\nThis page is generated from `crates/aws/src/tables/` (`make generate`).\n",
    );
    for table in TABLES {
        write!(
            text,
            "\n## {}\n\n{}\n\n| column | holds | meaning |\n|---|---|---|\n",
            table.name, table.about
        )
        .unwrap();
        for column in table.columns {
            writeln!(text, "| `{}` | {} | {} |", column.name, kind(column.kind), column.about)
                .unwrap();
        }
    }
    committed("docs/tables.md", &text);
}

/// What stands above this in `docs/scan.md` is written by hand.
const BELOW: &str =
    "<!-- Below this line: generated from the dialects' pages (make generate). -->\n";

#[test]
fn generated_pages_of_dialects_are_the_committed_ones() {
    let page = fs::read_to_string(workspace().join("docs/scan.md")).unwrap();
    let (by_hand, _) = page.split_once(BELOW).unwrap();
    let mut text = format!("{by_hand}{BELOW}\n| dialect | what is read |\n|---|---|\n");
    let mut dialects: Vec<_> = DIALECTS.iter().collect();
    dialects.sort_by_key(|dialect| dialect.name());
    for dialect in &dialects {
        let page = dialect.page().trim();
        let (title, rest) = page.split_once('\n').unwrap_or((page, ""));
        let title = title.trim_start_matches("# ");
        let anchor = title.to_lowercase().replace(' ', "-");
        let about = rest.trim().split("\n\n").next().unwrap_or_default().replace('\n', " ");
        writeln!(text, "| [{title}](#{anchor}) | {about} |").unwrap();
    }
    for dialect in dialects {
        text.push('\n');
        let mut in_code = false;
        for line in dialect.page().trim().lines() {
            in_code ^= line.starts_with("```");
            let deeper = if line.starts_with('#') && !in_code { "##" } else { "" };
            writeln!(text, "{deeper}{line}").unwrap();
        }
    }
    committed("docs/scan.md", &text);
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Unique => "text",
        Kind::Json => "JSON as text",
        Kind::Integer => "integer",
        Kind::Boolean => "boolean",
        Kind::Time => "UTC time, milliseconds",
    }
}

fn committed(path: &str, text: &str) {
    let full = workspace().join(path);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        fs::write(&full, text).unwrap();
    }
    let committed = fs::read_to_string(&full).unwrap_or_default();
    assert!(text == committed, "{path} is not what the code says: run `make generate`\n{text}");
}

#[test]
fn every_command_of_the_help_is_covered() {
    let ended = imdsure(&["--help"]).ended();
    let listed = ended.out.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next());
    for command in listed.filter(|command| *command != "help") {
        assert!(COMMANDS.iter().any(|known| known.first() == Some(&command)), "{command}");
    }
}
