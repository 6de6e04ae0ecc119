//! What the three formats show of the same plans.

use imdsure_model::plan::{Change, ChangeKind, Gap, Reason, Unplanned};
use proptest::prelude::*;

use super::{
    PlanFormat, PlanReport,
    sample::{self, Sample},
};
use crate::Style;

fn render(sample: &Sample, format: PlanFormat, colour: bool) -> String {
    within(sample, format, colour, None)
}

fn within(sample: &Sample, format: PlanFormat, colour: bool, columns: Option<usize>) -> String {
    let mut report = PlanReport::new(format, Style { colour }, &sample.head, "plan.json");
    if let Some(columns) = columns {
        report = report.within(columns);
    }
    sample.changes.iter().for_each(|change| report.change(change));
    sample.unplanned.iter().for_each(|unplanned| report.unplanned(unplanned));
    let mut text = Vec::new();
    report.write(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn plain(sample: &Sample, format: PlanFormat) -> String {
    render(sample, format, false)
}

#[test]
fn a_plan_at_a_terminal() {
    insta::assert_snapshot!(plain(&sample::small(), PlanFormat::Pretty));
}

#[test]
fn a_plan_in_a_pull_request() {
    insta::assert_snapshot!(plain(&sample::small(), PlanFormat::Markdown));
}

#[test]
fn a_plan_as_a_page() {
    let page = plain(&sample::small(), PlanFormat::Html);
    let body = page.split_once("<body>").unwrap().1;
    insta::assert_snapshot!(body);
}

#[test]
fn a_plan_without_changes() {
    let mut sample = sample::small();
    sample.head = sample::head(&[], &sample.unplanned, &[]);
    sample.changes.clear();
    for format in PlanFormat::ALL {
        let text = plain(&sample, format);
        assert!(text.contains("Nothing is to be changed"), "{text}");
        assert!(!text.contains("--approve") && !text.contains("To approve"), "{text}");
    }
}

#[test]
fn no_data_is_never_shown_as_no_call() {
    let mut sample = sample::small();
    sample.changes.retain(|change| change.kind == ChangeKind::GroupMember);
    assert_eq!(sample.changes[0].evidence.as_ref().unwrap().calls, None);
    sample.head = sample::head(&sample.changes, &[], &["", "canary"]);
    for format in PlanFormat::ALL {
        let text = plain(&sample, format);
        let text = text.split_once("<body>").map_or(text.as_str(), |(_, body)| body);
        let label =
            if format == PlanFormat::Html { ">no data</span>" } else { "no data in 14 days" };
        assert!(text.contains(label), "{text}");
        assert!(!text.contains("no v1 call"), "{text}");
    }
}

#[test]
fn lines_that_do_not_fit_their_head_are_loud() {
    let mut sample = sample::small();
    sample.changes.pop();
    for format in PlanFormat::ALL {
        assert!(plain(&sample, format).contains("do not approve it"));
    }
}

#[test]
fn lines_are_no_longer_than_the_terminal_is_wide() {
    for sample in [sample::small(), sample::realistic(), many(10_000, 3)] {
        for line in plain(&sample, PlanFormat::Pretty).lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
        let longest = |columns| {
            let shown = within(&sample, PlanFormat::Pretty, false, Some(columns));
            shown.lines().map(|line| line.chars().count()).max().unwrap()
        };
        assert!(longest(80) <= 80);
        assert!(longest(140) > 100 && longest(140) <= 140);
    }
}

#[test]
fn what_is_said_of_a_window_holds_for_the_hours_with_data() {
    let mut sample = sample::small();
    sample.changes.retain(|change| change.kind == ChangeKind::Instance);
    let evidence = sample.changes[0].evidence.as_mut().unwrap();
    evidence.from = Some("2026-11-07T17:00:00Z".to_owned());
    evidence.covered_hours = Some(216);
    let text = plain(&sample, PlanFormat::Pretty);
    assert!(
        text.contains("no v1 call in the 216 of 357 h with data, a start in the window"),
        "{text}"
    );
    assert!(!text.contains("15 days"), "{text}");
}

#[test]
fn only_waves_that_soak_are_waited_for() {
    let mut sample = sample::small();
    let shown = |sample: &Sample| plain(sample, PlanFormat::Pretty);
    // Three waves, of which the first has nothing to soak and the last nothing to wait for.
    let text = shown(&sample);
    assert!(text.contains("soak of 24 h between waves, none after wave 1 · 24 h 1"), "{text}");
    sample.head.waves[0].soaks = true;
    assert!(shown(&sample).contains("soak of 24 h between waves · 2 days"), "{}", shown(&sample));
    sample.head.waves.iter_mut().for_each(|wave| wave.soaks = false);
    assert!(shown(&sample).contains("no soak between waves"));
    let page = plain(&sample, PlanFormat::Html);
    assert!(!page.contains("then the next wave"), "{page}");
}

#[test]
fn code_that_could_not_be_read_is_no_gap_of_the_evidence() {
    let mut sample = sample::small();
    sample.head.evidence.incomplete = false;
    let gap = &mut sample.head.gaps[0];
    (gap.account_id, gap.path) = (None, Some("infra/main.tf".to_owned()));
    for format in PlanFormat::ALL {
        let text = plain(&sample, format);
        assert!(text.contains("1 file of code could not be read, and may take changes back."));
        assert!(text.contains("infra/main.tf"), "{text}");
        assert!(!text.contains("somebody accepted"), "{text}");
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let sample = sample::realistic();
    let coloured = render(&sample, PlanFormat::Pretty, true);
    let mut stripped = String::new();
    let mut parts = coloured.split('\x1b');
    stripped.push_str(parts.next().unwrap());
    for part in parts {
        stripped.push_str(part.split_once('m').unwrap().1);
    }
    assert_eq!(stripped, plain(&sample, PlanFormat::Pretty));
}

/// A plan of that many changes in that many waves, with long names.
fn many(changes: usize, waves: usize) -> Sample {
    let names = vec!["a wave"; waves];
    let changes: Vec<Change> = (0..changes)
        .map(|number| {
            let wave = (number * waves / changes) as u32 + 1;
            let mut change = sample::change(wave, ChangeKind::Instance, number);
            change.name = Some(format!("{number}{}", "<|`*é".repeat(60)));
            change.warnings = vec![format!("warning {number}"); number % 12];
            change.blast.groups = vec!["<group>".repeat(20); 40];
            change
        })
        .collect();
    let unplanned: Vec<Unplanned> = (0..10_000)
        .map(|number| {
            let mut left = sample::left(Reason::ALL[number % 9], number);
            left.owner = Some(format!("owner {number} {}", "<|`*é".repeat(60)));
            left
        })
        .collect();
    let mut head = sample::head(&changes, &unplanned, &names);
    head.gaps = (0..10_000)
        .map(|number| Gap {
            account_id: Some(format!("{number:012}")),
            region: Some("us-east-1".to_owned()),
            path: None,
            operation: format!("Operation{number}"),
            code: "Denied".to_owned(),
        })
        .collect();
    head.accounts = (0..10_000).map(|number| format!("{number:012}")).collect();
    Sample { head, changes, unplanned }
}

#[test]
fn reports_stay_short_however_large_the_plan() {
    for waves in [1, 4, 2_000] {
        let sample = many(10_000, waves);
        let pretty = plain(&sample, PlanFormat::Pretty);
        assert!(pretty.lines().count() < 3_000, "{}", pretty.lines().count());
        assert!(pretty.contains("in plan.json"));
        // What GitHub takes as a comment.
        let markdown = plain(&sample, PlanFormat::Markdown);
        assert!(markdown.chars().count() < 65_536, "{}", markdown.chars().count());
        assert!(markdown.contains("in `plan.json`"));
        let html = plain(&sample, PlanFormat::Html);
        assert!(html.len() < 20_000_000, "{}", html.len());
        assert!(html.matches("<tr>").count() < 5_000);
    }
}

#[test]
fn what_has_to_be_looked_at_is_shown_before_what_has_not() {
    let names = ["canary"];
    let mut changes: Vec<Change> =
        (0..1_000).map(|number| sample::change(1, ChangeKind::SagemakerNotebook, number)).collect();
    changes[900].warnings = vec!["look here".to_owned()];
    let head = sample::head(&changes, &[], &names);
    let sample = Sample { head, changes, unplanned: Vec::new() };
    for format in PlanFormat::ALL {
        let text = plain(&sample, format);
        assert!(
            text.matches("look here").count() >= 2 && text.contains("notebook-900"),
            "{format}"
        );
    }
}

/// Text as an attacker might name things.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<script>",
        "</td>",
        "</details>",
        "\"onclick=",
        "'",
        "&amp;",
        "&#60;",
        "`",
        "```",
        "|",
        "\\",
        "\n",
        "\r\n",
        "\n# ",
        "\x1b[2J",
        "\u{9b}",
        "\u{202e}",
        "\u{2066}",
        "\0",
        "\x07",
        "@team",
        "#1",
        "https://evil",
        "[a](b)",
        "![",
        "**",
        "<!--",
        "-->",
        "é",
        "日本",
        " ",
        "{{ x }}",
        "{% x %}",
        "web",
    ]);
    prop_oneof![
        prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat()),
        any::<String>()
    ]
}

/// The small plan with that text wherever text can stand.
fn poisoned(text: &str) -> Sample {
    let mut sample = sample::small();
    let text = text.to_owned();
    for change in &mut sample.changes {
        change.id.clone_from(&text);
        change.target.clone_from(&text);
        change.name = Some(format!("{text}x"));
        change.account_id.clone_from(&text);
        change.region.clone_from(&text);
        change.send.insert(text.clone(), text.clone().into());
        change.before.insert(text.clone(), "before".into());
        change.before.insert("Kept".to_owned(), text.clone().into());
        change.warnings = vec![text.clone()];
        let blast = &mut change.blast;
        blast.groups = vec![text.clone()];
        for field in [
            &mut blast.service,
            &mut blast.role,
            &mut blast.owner,
            &mut blast.state,
            &mut blast.launched,
            &mut blast.last_v1_call,
        ] {
            *field = Some(text.clone());
        }
    }
    for left in &mut sample.unplanned {
        for field in
            [&mut left.id, &mut left.target, &mut left.account_id, &mut left.region, &mut left.why]
        {
            field.clone_from(&text);
        }
        left.name = Some(format!("{text}x"));
        left.owner = Some(text.clone());
    }
    let head = &mut sample.head;
    for field in [
        &mut head.digest,
        &mut head.imdsure,
        &mut head.created,
        &mut head.evidence.started,
        &mut head.evidence.finished,
        &mut head.evidence.manifest,
    ] {
        field.clone_from(&text);
    }
    for field in [&mut head.ticket, &mut head.organization, &mut head.part] {
        *field = Some(text.clone());
    }
    head.accounts = vec![text.clone()];
    head.pace.schedule = vec![text.clone()];
    for wave in &mut head.waves {
        wave.name.clone_from(&text);
    }
    for notes in head.kinds.values_mut() {
        for field in [&mut notes.precondition, &mut notes.verified, &mut notes.undone] {
            field.clone_from(&text);
        }
        notes.iam = vec![text.clone()];
    }
    for gap in &mut head.gaps {
        for field in [&mut gap.operation, &mut gap.code] {
            field.clone_from(&text);
        }
        gap.region = Some(text.clone());
    }
    sample
}

/// The tags of a page, without what stands in their attributes.
fn tags(page: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        let mut quoted = false;
        let mut tag = String::new();
        for c in after.chars() {
            if c == '>' && !quoted {
                break;
            }
            quoted ^= c == '"';
            if !quoted {
                tag.push(c);
            }
        }
        tags.push(tag);
        rest = after;
    }
    tags
}

/// The markup of a Markdown text: what is in code neither of a line nor of a block.
fn outside_code(markdown: &str) -> String {
    let mut outside = String::new();
    let mut fence: Option<&str> = None;
    for line in markdown.lines() {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            Some(open) => fence = (line != open).then_some(open),
            None if ticks.len() > 2 => fence = Some(ticks),
            None => {
                outside.extend(line.split('`').step_by(2));
                outside.push('\n');
            }
        }
    }
    outside
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_text_from_outside_steers_a_terminal(text in hostile(), colour in any::<bool>()) {
        let shown = render(&poisoned(&text), PlanFormat::Pretty, colour);
        let mut ours = shown.replace('\n', "");
        if colour {
            let styles = ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"];
            for style in styles {
                ours = ours.replace(style, "");
            }
        }
        prop_assert!(ours.chars().all(|c| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')), "{ours:?}");
    }

    #[test]
    fn no_text_from_outside_becomes_markup(text in hostile()) {
        let harmless = plain(&poisoned("harmless"), PlanFormat::Html);
        let page = plain(&poisoned(&text), PlanFormat::Html);
        let bidi = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        prop_assert!(!page.chars().any(|c| bidi(c) || (c.is_control() && c != '\n')));
        // The same tags, but for what an empty text leaves out.
        if !text.is_empty() && text != "stopped" && text != "running" {
            prop_assert_eq!(tags(&page), tags(&harmless));
        }
    }

    #[test]
    fn no_text_from_outside_becomes_markdown(text in hostile()) {
        let shown = plain(&poisoned(&text), PlanFormat::Markdown);
        let outside = outside_code(&shown);
        prop_assert!(!outside.contains("<script") && !outside.contains("](") && !outside.contains("://"));
        prop_assert!(!outside.contains("@team"));
        let opened = outside.matches("<details>").count();
        prop_assert_eq!(outside.matches("</details>").count(), opened);
        // Each row of a table has as many cells as its head.
        let mut cells = None;
        for line in outside.lines().map(|line| line.trim_start_matches("> ")) {
            if !line.starts_with('|') {
                cells = None;
                continue;
            }
            let here = line.matches('|').count();
            prop_assert_eq!(*cells.get_or_insert(here), here, "{}", line);
        }
    }
}

/// `IMDSURE_LOOK=FOLDER cargo test -p imdsure-report -- --ignored` writes a plan there in every format.
#[test]
#[ignore = "writes files for eyes"]
fn look() {
    let folder = std::env::var("IMDSURE_LOOK").unwrap();
    for format in PlanFormat::ALL {
        let path = std::path::Path::new(&folder).join(format!("plan.{format}"));
        std::fs::write(path, render(&sample::realistic(), format, true)).unwrap();
    }
}
