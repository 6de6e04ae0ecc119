//! `docs/scan-and-checkov.md` says what checkov and imdsure make of the same fixtures. imdsure is held to its column here;
//! `make compare` runs checkov as well.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;

use crate::{
    harness::workspace,
    scan::{fixtures, report},
};

const LAUNCHES: &str = "code-launches-imdsv2";

/// One line of the page's tables.
struct Line {
    case: String,
    place: String,
    checkov: String,
    imdsure: String,
    /// Who is right and why; only where they differ.
    explained: Option<(String, String)>,
}

fn page() -> Vec<Line> {
    let text = fs::read_to_string(workspace().join("docs/scan-and-checkov.md")).unwrap();
    text.lines().filter(|line| line.starts_with("| [")).map(line).collect()
}

fn line(text: &str) -> Line {
    let cells: Vec<&str> = text.trim_matches('|').split(" | ").map(str::trim).collect();
    let [link, place, checkov, imdsure, rest @ ..] = cells.as_slice() else { panic!("{text}") };
    let (case, _) = link.trim_start_matches('[').split_once(']').unwrap();
    let explained = match rest {
        [right, why] => Some(((*right).to_owned(), (*why).to_owned())),
        _ => None,
    };
    Line {
        case: case.to_owned(),
        place: place.trim_matches('`').to_owned(),
        checkov: (*checkov).to_owned(),
        imdsure: (*imdsure).to_owned(),
        explained,
    }
}

/// The control that a fixture's first lines ask for.
fn control(case: &str) -> String {
    let file = fixtures("compare").join(case).join("main.tf");
    let text = fs::read_to_string(file).unwrap_or_default();
    let compare = text.lines().find_map(|line| line.strip_prefix("# compare: "));
    compare.and_then(|pair| pair.split(' ').nth(1)).unwrap_or(LAUNCHES).to_owned()
}

/// What imdsure says, in the words of the page: `case place: verdict`.
fn said(report: &Value) -> BTreeSet<String> {
    let mut verdicts: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    let controls = report["controls"].as_array().unwrap();
    for finding in controls.iter().flat_map(|control| control["findings"].as_array().unwrap()) {
        let word = |name: &str| finding[name].as_str().unwrap();
        let path = finding["location"]["path"].as_str().unwrap();
        let case = path.splitn(3, '/').take(2).collect::<Vec<_>>().join("/");
        if control(&case) != word("control") {
            continue;
        }
        let medium = word("control") == LAUNCHES && word("severity") == "medium";
        let suffix = if medium && word("verdict") == "fail" { ", medium" } else { "" };
        let place = finding["location"]["address"].as_str().unwrap().to_owned();
        verdicts.entry((case, place)).or_default().insert(format!("{}{suffix}", word("verdict")));
    }
    let words = |words: BTreeSet<String>| words.into_iter().collect::<Vec<_>>().join(" and ");
    verdicts
        .into_iter()
        .map(|((case, place), verdicts)| format!("{case} {place}: {}", words(verdicts)))
        .collect()
}

#[test]
fn imdsure_says_of_each_fixture_what_the_page_says() {
    let controls = [".", "--control", LAUNCHES, "code-hop-limit", "code-hop-limit-one"];
    let (_, report) = report(&fixtures("compare"), &controls);
    let committed: BTreeSet<_> = page()
        .into_iter()
        .filter(|line| line.imdsure != "nothing")
        .map(|line| format!("{} {}: {}", line.case, line.place, line.imdsure))
        .collect();
    let said = said(&report);
    let only = |one: &BTreeSet<String>, other| one.difference(other).cloned().collect::<Vec<_>>();
    assert_eq!((only(&said, &committed), only(&committed, &said)), (Vec::new(), Vec::new()));
}

#[test]
fn every_difference_is_explained() {
    let lines = page();
    assert!(lines.len() > 100, "{} lines", lines.len());
    for line in &lines {
        let differs = line.checkov != line.imdsure.trim_end_matches(", medium");
        let explained = line.explained.as_ref().is_some_and(|(right, why)| {
            ["imdsure", "checkov", "neither", "either"].contains(&right.as_str()) && why.len() > 20
        });
        assert_eq!(differs, explained, "{}", line.case);
    }
    let shown: BTreeSet<_> = lines.into_iter().map(|line| line.case).collect();
    for dialect in ["terraform", "cloudformation"] {
        for case in fs::read_dir(fixtures("compare").join(dialect)).unwrap() {
            let case = format!("{dialect}/{}", case.unwrap().file_name().display());
            assert!(shown.contains(&case), "{case} is not on the page");
        }
    }
}
