//! What expressions come to, beside what Terraform itself makes of them: a value of ours is Terraform's
//! value, or it is unknown.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
    sync::Arc,
};

use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};

use super::{
    body,
    eval::{Budget, Evaluator, Names},
    json,
    value::{Origin, Value},
};
use crate::source::Source;

/// Expressions that are told apart by their edges.
const EDGES: &[&str] = &[
    "element([\"a\", \"b\"], 3)",
    "element([], 0)",
    "coalesce(\"\", \"x\")",
    "coalesce(null, \"x\")",
    "coalesce(null)",
    "coalescelist([], [1])",
    "lookup({ a = 1 }, \"b\", 2)",
    "lookup({ a = 1 }, \"b\")",
    "title(\"ab-cd ef\")",
    "title(\"ABC dEF\")",
    "substr(\"hello\", -2, -1)",
    "substr(\"hello\", 1, 2)",
    "substr(\"hello\", 4, 9)",
    "format(\"%s %d %v %q %%\", \"a\", 1, true, \"b\")",
    "format(\"%v\", [1])",
    "format(\"%05d\", 3)",
    "format(\"%s\")",
    "split(\",\", \"a,b\")",
    "split(\"\", \"abc\")",
    "split(\",\", \"\")",
    "join(\",\", [\"a\", 1, true])",
    "join(\",\", [])",
    "trim(\"?!a!?\", \"!?\")",
    "trimprefix(\"aab\", \"a\")",
    "trimsuffix(\"baa\", \"a\")",
    "trimspace(\" \\t a\\n\")",
    "chomp(\"a\\r\\n\\n\")",
    "strrev(\"aé\")",
    "replace(\"aXbX\", \"X\", \"\")",
    "replace(\"aXbX\", \"/X/\", \"\")",
    "contains([1, 2], 2)",
    "contains([1, 2], \"2\")",
    "contains([], 1)",
    "1 == \"1\"",
    "\"a\" == null",
    "null == null",
    "[] == []",
    "true == \"true\"",
    "10 / 4",
    "7 % 3",
    "-7 % 3",
    "1 / 0",
    "1.5 + 1.5",
    "100000000000000000000",
    "1e3",
    "max(1, 2.5)",
    "min(3, 2)",
    "abs(-1)",
    "ceil(1.2)",
    "floor(-1.2)",
    "signum(-3)",
    "pow(2, 3)",
    "range(3)",
    "range(5, 0, -2)",
    "range(1, 1)",
    "slice([\"a\", \"b\", \"c\"], 1, 2)",
    "slice([\"a\"], 0, 3)",
    "setproduct([\"a\"], [\"b\", \"c\"])",
    "zipmap([\"a\"], [1])",
    "zipmap([\"a\", \"b\"], [1])",
    "flatten([[1], [[2]], 3])",
    "compact([\"a\", \"\", null])",
    "distinct([2, 1, 2])",
    "reverse([1, 2])",
    "keys({ b = 1, a = 2 })",
    "values({ b = 1, a = 2 })",
    "length(\"äö\")",
    "length({ a = 1 })",
    "length(null)",
    "sort([\"b\", \"a\"])",
    "sort([2, 10])",
    "sum([1, 2.5])",
    "sum([])",
    "index([\"a\", \"b\"], \"b\")",
    "index([\"a\"], \"b\")",
    "setunion([\"b\"], [\"a\", \"b\"])",
    "setintersection([\"b\", \"a\"], [\"a\"])",
    "setsubtract([\"b\", \"a\"], [\"a\"])",
    "try(base64encode(\"a\"), \"t\")",
    "try(indent(2, \"a\"), \"t\")",
    "one([1])",
    "one([])",
    "one([1, 2])",
    "alltrue([])",
    "anytrue([])",
    "alltrue([true, \"false\"])",
    "tobool(\"true\")",
    "tobool(\"1\")",
    "tonumber(\"1e2\")",
    "tonumber(\"x\")",
    "tostring(1.50)",
    "tostring(null)",
    "tolist([1, 1])",
    "toset([\"b\", \"a\", \"b\"])",
    "merge({ a = 1 }, null, { a = 2 })",
    "merge()",
    "concat([1], [2])",
    "jsonencode({ b = 1, a = [true, null] })",
    "jsondecode(\"{\\\"a\\\": 1.0}\").a",
    "jsondecode(\"x\")",
    "yamldecode(\"a: [1, 'b', yes]\").a",
    "try(null.a, \"t\")",
    "try([][0], {}.a, \"t\")",
    "can(null.a)",
    "{ a = 1, a = 2 }.a",
    "{ for k, v in { b = 1, a = 2 } : v => k }",
    "{ for v in [\"a\", \"b\", \"a\"] : v => 1... }",
    "{ for v in [\"a\", \"a\"] : v => 1 }",
    "[for i, v in [\"a\", \"b\"] : \"${i}${v}\" if i > 0]",
    "[for k, v in { b = 1, a = 2 } : k]",
    "{ a = \"x\" }.*.a",
    "[{ a = [1] }, { a = [2] }].*.a[0]",
    "[{ a = [1] }, { a = [2] }][*].a[0]",
    "null[*]",
    "\"x\"[*]",
    "\"${1.5}\"",
    "\"${[1][0]}\"",
    "\"a${true}b\"",
    "startswith(\"abc\", \"ab\")",
    "endswith(\"abc\", \"bc\")",
    "strcontains(\"abc\", \"b\")",
    "true ? 1 : \"a\"",
    "!\"true\"",
    "-\"3\"",
    "\"1\" + 1",
    "\"b\" > \"a\"",
    "false && null",
    "nonsensitive(\"x\")",
];

/// What random expressions are made of: `@` is another one.
const LEAVES: &[&str] = &[
    "\"a\"",
    "\"B c\"",
    "\"\"",
    "0",
    "1",
    "2.5",
    "true",
    "false",
    "null",
    "[]",
    "{}",
    "[\"b\", \"a\"]",
    "{ x = \"1\", b = 2 }",
    "\"true\"",
    "\"2\"",
];

const ONE: &[&str] = &[
    "sort(@)",
    "sum(@)",
    "upper(@)",
    "lower(@)",
    "trimspace(@)",
    "length(@)",
    "keys(@)",
    "values(@)",
    "reverse(@)",
    "distinct(@)",
    "flatten(@)",
    "compact(@)",
    "one(@)",
    "tostring(@)",
    "tonumber(@)",
    "tobool(@)",
    "jsonencode(@)",
    "jsondecode(jsonencode(@))",
    "toset(@)",
    "tolist(@)",
    "alltrue(@)",
    "title(@)",
    "chomp(@)",
    "can(@)",
    "!@",
    "-@",
    "@.x",
    "@[0]",
    "@[\"x\"]",
    "{ a = @ }",
    "[@]",
    "\"${@}\"",
    "\"<${@}>\"",
    "[for v in @ : v]",
    "{ for k, v in @ : k => v }",
    "[for k, v in @ : k]",
    "@[*]",
    "@.*.x",
    "join(\",\", @)",
    "split(\"a\", @)",
    "substr(@, 0, 1)",
    "slice(@, 0, 1)",
    "element(@, 1)",
    "coalesce(@)",
    "concat(@, [1])",
    "merge(@, { x = 3 })",
    "lookup(@, \"x\", 9)",
    "lookup(@, \"nope\", 9)",
    "min(@, 1)",
    "replace(@, \"a\", \"c\")",
    "nonsensitive(@)",
    "range(@)",
    "try(@, \"t\")",
    "(@ == null)",
];

const TWO: &[&str] = &[
    "@ == @",
    "@ != @",
    "@ && @",
    "@ || @",
    "@ + @",
    "@ - @",
    "@ * @",
    "@ < @",
    "@ >= @",
    "[@, @]",
    "{ x = @, y = @ }",
    "setunion(@, @)",
    "setsubtract(@, @)",
    "index(@, @)",
    "concat(@, @)",
    "merge(@, @)",
    "coalesce(@, @)",
    "try(@, @)",
    "contains(@, @)",
    "lookup(@, \"x\", @)",
    "max(@, @)",
    "element(@, @)",
    "zipmap(@, @)",
    "setproduct(@, @)",
    "[for v in @ : @]",
    "coalescelist(@, @)",
    "@[@]",
];

/// Random expressions, each in brackets.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(LEAVES).prop_map(str::to_owned);
    leaf.prop_recursive(3, 12, 3, |inner| {
        let one = prop::sample::select(ONE);
        let two = prop::sample::select(TWO);
        let fill = |pattern: &str, parts: &[String]| {
            let mut parts = parts.iter();
            pattern.chars().fold(String::new(), |text, c| match c {
                '@' => format!("{text}({})", parts.next().map_or("null", String::as_str)),
                c => format!("{text}{c}"),
            })
        };
        prop_oneof![
            (one, inner.clone()).prop_map(move |(pattern, part)| fill(pattern, &[part])),
            (two, inner.clone(), inner.clone())
                .prop_map(move |(pattern, one, two)| fill(pattern, &[one, two])),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(one, two, three)| format!("({one}) ? ({two}) : ({three})")),
        ]
    })
}

struct Nothing;

impl Names for Nothing {
    fn name(&self, _: &str, _: &[super::ast::Step], _: Origin) -> Option<(Value, usize)> {
        None
    }
}

fn value_of(expression: &str) -> Value {
    let source = Arc::new(Source::new("a.tf", format!("x = {expression}\n")));
    let Ok(body) = body(&source) else { panic!("{expression}") };
    let budget = Budget::default();
    let evaluator = Evaluator { names: &Nothing, source: &source, bound: None, budget: &budget };
    evaluator.eval(body.attribute("x").unwrap())
}

/// A value of ours as JSON, `ERROR` for a mistake; none where it is not known.
fn ours(expression: &str) -> Option<String> {
    let value = value_of(expression);
    if value.is_error() {
        return Some("ERROR".to_owned());
    }
    json::encode(&value)
}

/// What Terraform says of each; none where it is not installed.
fn theirs(expressions: &[String]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let each = expressions.iter().map(|one| format!("try(jsonencode({one}), \"ERROR\"),\n"));
    let code = format!("locals {{\n  all = [\n{}]\n}}\n", each.collect::<String>());
    fs::write(folder.path().join("main.tf"), code).unwrap();
    let mut child = Command::new("terraform")
        .arg("console")
        .current_dir(folder.path())
        .env("CHECKPOINT_DISABLE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().unwrap().write_all(b"jsonencode(local.all)\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("Error:"), "{errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    // A text in quotes, which holds a list of texts, which hold JSON.
    let list = value_of(text.trim()).scalar().unwrap();
    let parsed = crate::json::parse(&list);
    let items = parsed.documents[0].items();
    Some(items.iter().map(|item| item.text().unwrap_or_default().to_owned()).collect())
}

/// Terraform makes both sides of a condition one type: a number may be a text.
fn bare(json: &str) -> String {
    let bare = json.replace(['"', '\\'], "").replace("u003c", "<").replace("u003e", ">");
    if bare == "-0" { "0".to_owned() } else { bare }
}

/// Whether sides have to be of one type.
fn mixes_types(expression: &str) -> bool {
    expression.contains(" ? ") || expression.contains("coalesce")
}

/// Whether a mistake may come to a value.
fn passes(expression: &str) -> bool {
    expression.contains("try(") || expression.contains("can(")
}

#[test]
fn values_are_those_of_terraform() {
    let mut runner = TestRunner::deterministic();
    let strategy = expression();
    let random = (0..1_500).map(|_| strategy.new_tree(&mut runner).unwrap().current());
    let all: Vec<String> = EDGES.iter().map(|one| (*one).to_owned()).chain(random).collect();
    let Some(theirs) = theirs(&all) else {
        println!("skipped: there is no terraform to ask");
        return;
    };
    assert_eq!(theirs.len(), all.len());
    let (mut same, mut wrong) = (0, Vec::new());
    for (expression, theirs) in all.iter().zip(&theirs) {
        match ours(expression) {
            None => {}
            Some(ours) if bare(&ours) == bare(theirs) => same += 1,
            // What Terraform refuses never gets as far as here.
            Some(_) if theirs == "ERROR" => {}
            // Unless it does by `try`: types that do not fit are none of ours.
            Some(ours) if mixes_types(expression) && (ours == "ERROR" || passes(expression)) => {}
            Some(ours) => wrong.push(format!("{expression}\n  ours {ours}\n  theirs {theirs}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), all.len(), wrong.join("\n"));
    assert!(same > all.len() / 4, "only {same} of {} are known", all.len());
}
