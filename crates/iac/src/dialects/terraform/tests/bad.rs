//! What is broken, endless or not what it says.

use super::{instance, rows};
use crate::testing::{Tree, row, word};

#[test]
fn a_syntax_error_has_its_place_and_hides_nothing_else() {
    let good = instance("\"required\"", "");
    for (text, at) in [
        ("resource \"aws_instance\" \"x\" {\n  a = [1\n  http_tokens = \"optional\"\n", (3, 0)),
        (
            "resource \"aws_instance\" \"x\" {\n  metadata_options {\n    http_tokens = \"optional\"\n    x = = 1\n  }\n}\n",
            (4, 9),
        ),
        ("}\nhttp_tokens = \"optional\"\n", (1, 1)),
        ("variable \"x\" {\n  default = \"unfinished\n}\nhttp_tokens = \"optional\"\n", (4, 16)),
        (
            "resource \"aws_instance\" \"x\" {\n  user_data = <<EOF\nnever ends\n  http_tokens = \"optional\"\n}\n",
            (3, 0),
        ),
    ] {
        let tree = Tree::of(&[("a/main.tf", text), ("b/main.tf", &good), ("a/z.tf", &good)]);
        let scanned = tree.scan();
        let [error] = scanned.errors.as_slice() else { panic!("{text}\n{:?}", scanned.errors) };
        assert_eq!(error.code, "Syntax", "{text}");
        assert!(error.path.ends_with("a/main.tf"));
        assert_eq!(error.line, Some(at.0), "{text}\n{error}");
        assert!(at.1 == 0 || error.column == Some(at.1), "{text}\n{error}");
        let found: Vec<String> = scanned.specs.iter().map(row).collect();
        assert_eq!(
            found,
            ["http_tokens: optional", "aws_instance.web: required", "aws_instance.web: required"],
            "{text}"
        );
    }
}

#[test]
fn what_terraform_takes_is_taken() {
    let text = instance("\"required\"", "");
    assert_eq!(rows(&[("main.tf", &format!("\u{feff}{text}"))]), ["aws_instance.web: required"]);
    let duplicate = "locals {\n  a = { x = 1, x = 2, t = \"required\" }\n}\n";
    assert_eq!(
        rows(&[("main.tf", &instance("local.a.t", duplicate))]),
        ["aws_instance.web: required"]
    );
    let heredoc = "locals {\n  a = <<EOT\nEOT\"\nx\nEOT\n  t = \"required\"\n}\n";
    assert_eq!(rows(&[("main.tf", &instance("local.t", heredoc))]), ["aws_instance.web: required"]);
    let lines = "locals {\n  a = { for k, v in { x = 1 } : k => v == 1\n    ? \"required\"\n    : \"optional\"\n  }\n}\n";
    assert_eq!(rows(&[("main.tf", &instance("local.a.x", lines))]), ["aws_instance.web: required"]);
    assert_eq!(rows(&[("main.tf", "")]), Vec::<String>::new());
    assert_eq!(rows(&[("main.tf", "\u{feff}# nothing\r\n")]), Vec::<String>::new());
}

#[test]
fn circles_end() {
    let above = "locals {\n  a = local.b\n  b = [local.a]\n  c = \"${local.c}\"\n}\n";
    for expression in ["local.a", "local.b[0]", "local.c"] {
        let found = rows(&[("main.tf", &instance(expression, above))]);
        assert!(found[0].contains("unresolved"), "{found:?}");
    }
    let a = format!("module \"b\" {{\n  source = \"../b\"\n}}\n{}", instance("\"optional\"", ""));
    let b = "module \"a\" {\n  source = \"../a\"\n}\n";
    let scanned = Tree::of(&[("a/main.tf", &a), ("b/main.tf", b)]).scan();
    assert!(scanned.specs.iter().any(|spec| spec.address == "aws_instance.web"));
    assert!(scanned.specs.len() < 50, "{}", scanned.specs.len());
    let own = format!("module \"me\" {{\n  source = \"./\"\n}}\n{}", instance("\"optional\"", ""));
    assert!(Tree::of(&[("main.tf", &own)]).scan().specs.len() < 50);
    // Twice as many at each level.
    let twice: Vec<(String, String)> = (0..12)
        .map(|level| {
            let call = |name: &str| {
                format!("module \"{name}\" {{\n  source = \"../m{}\"\n}}\n", level + 1)
            };
            (format!("m{level}/main.tf"), call("a") + &call("b") + &call("c"))
        })
        .collect();
    let files: Vec<(&str, &str)> =
        twice.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert!(Tree::of(&files).scan().specs.len() < 10_000);
}

#[test]
fn no_nesting_is_too_deep() {
    const LEVELS: usize = 10_000;
    let nested = |open: &str, close: &str| open.repeat(LEVELS) + "1" + &close.repeat(LEVELS);
    for expression in [
        nested("[", "]"),
        nested("{ a = ", " }"),
        nested("(", ")"),
        nested("upper(", ")"),
        "!".repeat(LEVELS) + "true",
        "-".repeat(LEVELS) + "1",
        nested("\"${", "}\""),
        "a ? b : ".repeat(LEVELS) + "1",
        "1 + ".repeat(LEVELS) + "1",
        "x".to_owned() + &".a".repeat(LEVELS),
        "x".to_owned() + &"[0]".repeat(LEVELS),
        nested("[for x in y : ", "]"),
    ] {
        let text = instance(&expression, "");
        let scanned = Tree::of(&[("main.tf", &text)]).scan();
        let refused = scanned.errors.iter().any(|error| matches!(error.code, "TooDeep" | "Syntax"));
        let open = scanned.specs.iter().any(|spec| word(spec).starts_with("unresolved"));
        assert!(refused || open, "{expression:.60}: {scanned:?}");
    }
    let blocks = "a {\n".repeat(LEVELS) + &"}\n".repeat(LEVELS);
    let text = format!("resource \"aws_instance\" \"x\" {{\n{blocks}}}\n");
    let scanned = Tree::of(&[("main.tf", &text)]).scan();
    assert_eq!(scanned.errors[0].code, "TooDeep");
    let json = format!("{{\"resource\": {}}}", nested("[", "]"));
    let scanned = Tree::of(&[("main.tf.json", &json)]).scan();
    assert_eq!(scanned.errors[0].code, "TooDeep");
}

#[test]
fn what_grows_without_end_is_given_up() {
    let above = "locals {\n  a = range(100000)\n  b = [for x in range(5000) : [for y in range(5000) : [for z in range(5000) : x]]]\n  c0 = \"0123456789012345678901234567890123456789\"\n  c1 = join(\"\", [for x in range(1000) : local.c0])\n  c2 = join(\"\", [for x in range(1000) : local.c1])\n  c3 = join(\"\", [for x in range(1000) : local.c2])\n}\n";
    for expression in ["local.a[0]", "length(local.b)", "local.c3"] {
        let found = rows(&[("main.tf", &instance(expression, above))]);
        assert!(found[0].contains("unresolved"), "{found:?}");
    }
    let many = "resource \"aws_instance\" \"web\" {\n  count = 1000000\n}\n";
    assert_eq!(rows(&[("main.tf", many)]), ["aws_instance.web: absent"]);
}

#[test]
fn files_that_are_something_else_are_no_code() {
    let garbage = "\u{0}\u{1}{{{not code";
    let scanned = Tree::of(&[("main.tf", garbage)]).scan();
    assert_eq!(scanned.errors.len(), 1);
    assert_eq!(scanned.specs, []);
    for (name, text) in [
        ("x.json", "[1, 2]"),
        ("package.json", "{\"name\": \"resources\", \"version\": 1}"),
        ("plan.json", "{\"format_version\": 1, \"terraform_version\": [], \"planned_values\": 3}"),
        ("terraform.tfstate", "{\"terraform_version\": \"1\", \"resources\": {\"a\": 1}}"),
    ] {
        assert_eq!(rows(&[(name, text)]), Vec::<String>::new(), "{name}");
    }
}
