//! What expressions come to.

use super::{instance, one, only, rows};
use crate::spec::Declared;

const NAMES: &str = r#"
variable "tokens" {
  default = "optional"
}
variable "strict" {
  type    = bool
  default = true
}
variable "open" {}
variable "empty" {
  default = null
}
variable "options" {
  type = object({
    http_tokens = optional(string, "required")
    hops        = optional(number)
  })
  default = {}
}
variable "map" {
  type    = map(string)
  default = { a = "optional", "b-c" = "required" }
}
locals {
  tokens  = var.tokens
  list    = ["optional", "required"]
  groups  = { web = { tokens = "required" }, db = { tokens = "optional" } }
  imds    = { http_tokens = "required" }
  merged  = merge(local.imds, { hops = 1 }, { http_tokens = "optional" })
  opened  = merge(local.imds, var.open)
  json    = jsonencode({ tokens = "optional" })
  nothing = null
  round   = local.trip
  trip    = local.round
}
data "aws_ami" "x" {}
"#;

#[test]
fn expressions_come_to_their_value() {
    for (expression, expected) in [
        (r#""required""#, "required"),
        ("var.tokens", "optional"),
        ("local.tokens", "optional"),
        (r#""${var.tokens}""#, "optional"),
        (r#""opt${"ional"}""#, "optional"),
        (r#"("optional")"#, "optional"),
        ("null", "absent"),
        ("var.empty", "absent"),
        (r#""""#, "absent"),
        ("local.nothing", "absent"),
        ("var.options.http_tokens", "required"),
        (r#"var.map["b-c"]"#, "required"),
        ("var.map.a", "optional"),
        ("local.list[1]", "required"),
        ("local.list.0", "optional"),
        ("local.groups[\"web\"].tokens", "required"),
        ("local.merged.http_tokens", "optional"),
        ("local.opened.http_tokens", "unresolved: variable open has no default"),
        ("data.aws_ami.x.imds", "unresolved: known only when it is applied"),
        ("var.nope", "unresolved: there is no variable nope"),
        ("local.nope", "unresolved: there is no local nope"),
        ("local.round", "unresolved: it refers to itself"),
        ("module.nope.x", "unresolved: there is no module nope"),
        ("var.open", "unresolved: variable open has no default"),
        (r#""sometimes""#, "unresolved: this is no value of the option"),
        ("true", "unresolved: this is no value of the option"),
        ("nosuch(1)", "unresolved: nosuch is not evaluated here"),
    ] {
        assert_eq!(one(&instance(expression, NAMES)), expected, "{expression}");
    }
}

#[test]
fn conditions_are_decided_or_left_open() {
    for (expression, expected) in [
        (r#"var.strict ? "required" : "optional""#, "required"),
        (r#"!var.strict ? "required" : "optional""#, "optional"),
        (r#"var.tokens == "optional" ? "optional" : "required""#, "optional"),
        (r#"var.tokens != "x" && var.strict ? "required" : "optional""#, "required"),
        (r#"var.strict || var.open ? "required" : "optional""#, "required"),
        (r#"var.open && false ? "required" : "optional""#, "optional"),
        (r#"1 + 2 * 3 > 6 ? "required" : "optional""#, "required"),
        (r#"7 % 2 == 1 ? "required" : "optional""#, "required"),
        (r#"var.open ? "required" : "optional""#, "unresolved: variable open has no default"),
        (r#"var.open ? "required" : "required""#, "required"),
        ("var.open ? null : null", "absent"),
        (r#"var.open == "x" ? "optional" : "optional""#, "optional"),
        ("var.strict ? var.tokens : var.open", "optional"),
        (r#"var.empty == null ? "required" : "optional""#, "required"),
        (r#"[for x in local.list : upper(x) if x != "optional"][0]"#, "required"),
        (
            r#"{ for k, v in local.groups : v.tokens => k... }["required"][0] == "web" ? "required" : "optional""#,
            "required",
        ),
        ("{ for k, v in local.groups : k => v.tokens }.db", "optional"),
        ("[for i, x in local.list : x if i == 1][0]", "required"),
        ("local.groups.*.tokens[0]", "unresolved: there is no tokens"),
        ("(values(local.groups)[*].tokens)[1]", "required"),
    ] {
        assert_eq!(one(&instance(expression, NAMES)), expected, "{expression}");
    }
}

#[test]
fn functions_come_to_their_value() {
    for (expression, expected) in [
        (r#"lookup(var.map, "a", "required")"#, "optional"),
        (r#"lookup(var.map, "z", "required")"#, "required"),
        (r#"lookup(local.imds, "http_tokens", null)"#, "required"),
        (r#"try(local.imds.nope, "optional")"#, "optional"),
        (r#"try(var.options.http_tokens, "optional")"#, "required"),
        (r#"can(local.imds.nope) ? "required" : "optional""#, "optional"),
        (r#"can(local.imds.http_tokens) ? "required" : "optional""#, "required"),
        (r#"coalesce(var.empty, "", "required")"#, "required"),
        (r#"coalesce(var.open, "required")"#, "unresolved: variable open has no default"),
        (r#"coalescelist([], ["optional"])[0]"#, "optional"),
        (r#"merge({ a = "optional" }, { a = "required" }).a"#, "required"),
        (r#"merge([{ a = "optional" }, { a = "required" }]...).a"#, "required"),
        (r#"tobool("true") ? "required" : "optional""#, "required"),
        (r#"tostring("required")"#, "required"),
        (r#"tonumber("3") == 3 ? "required" : "optional""#, "required"),
        (r#"contains(local.list, "optional") ? "optional" : "required""#, "optional"),
        (r#"contains(["a"], "b") ? "optional" : "required""#, "required"),
        (r#"length(local.list) == 2 ? "required" : "optional""#, "required"),
        (r#"length("äö") == 2 ? "required" : "optional""#, "required"),
        (r#"length(local.groups) == 2 ? "required" : "optional""#, "required"),
        ("keys({ required = 1, optional = 2 })[0]", "optional"),
        (r#"values({ b = "required", a = "optional" })[0]"#, "optional"),
        (r#"concat(["x"], local.list)[2]"#, "required"),
        ("element(local.list, 3)", "required"),
        ("element(local.list, length(local.list) - 1)", "required"),
        (r#"format("%s%s", "opt", "ional")"#, "optional"),
        (r#"format("%d%%", 5) == "5%" ? "required" : "optional""#, "required"),
        (r#"lower("REQUIRED")"#, "required"),
        (r#"upper("optional") == "OPTIONAL" ? "optional" : "required""#, "optional"),
        (r#"title("a b") == "A B" ? "optional" : "required""#, "optional"),
        (r#"jsondecode("{\"a\": \"optional\"}").a"#, "optional"),
        ("jsondecode(local.json).tokens", "optional"),
        (r#"yamldecode("a: optional").a"#, "optional"),
        (r#"one(["required"])"#, "required"),
        ("one([])", "absent"),
        ("one(local.groups[*]).web.tokens", "required"),
        (r#"flatten([["optional"], [["required"]]])[1]"#, "required"),
        (r#"compact(["", "required", null])[0]"#, "required"),
        (r#"distinct(["required", "required", "optional"])[1]"#, "optional"),
        (r#"tolist(toset(["required"]))[0]"#, "required"),
        (r#"tomap({ a = "required" })["a"]"#, "required"),
        ("reverse(local.list)[0]", "required"),
        ("slice(local.list, 1, 2)[0]", "required"),
        (r#"zipmap(["a"], ["optional"]).a"#, "optional"),
        (r#"join("", ["requi", "red"])"#, "required"),
        (r#"split(",", "optional,required")[1]"#, "required"),
        (r#"replace("opt-ional", "-", "")"#, "optional"),
        (
            r#"replace("optional", "/o/", "")"#,
            "unresolved: a regular expression is not evaluated here",
        ),
        (r#"trimspace(" required ")"#, "required"),
        (r#"trimprefix("x-required", "x-")"#, "required"),
        (r#"trimsuffix("required.", ".")"#, "required"),
        (r#"substr("xxrequired", 2, -1)"#, "required"),
        (r#"startswith("required", "req") ? "required" : "optional""#, "required"),
        (r#"max(1, 2) == 2 ? "required" : "optional""#, "required"),
        (r#"range(3)[2] == 2 ? "required" : "optional""#, "required"),
        (r#"setproduct(["a"], ["required"])[0][1]"#, "required"),
        (r#"alltrue([true, var.strict]) ? "required" : "optional""#, "required"),
        (r#"sensitive("required")"#, "required"),
        ("nonsensitive(sensitive(var.tokens))", "optional"),
        (r#"lookup(var.open, "a", "required")"#, "unresolved: variable open has no default"),
        (
            "try(alltrue([var.open]), false) ? \"required\" : \"optional\"",
            "unresolved: variable open has no default",
        ),
        (
            "contains([var.open], \"a\") ? \"required\" : \"optional\"",
            "unresolved: variable open has no default",
        ),
        (
            "try(base64decode(\"eA==\"), \"required\")",
            "unresolved: base64decode is not evaluated here",
        ),
        ("tolist(setunion([\"required\"], [\"optional\"]))[0]", "optional"),
        ("sort([\"required\", \"optional\"])[1]", "required"),
        ("upper(var.open)", "unresolved: variable open has no default"),
        (r#"cidrhost("10.0.0.0/8", 1)"#, "unresolved: cidrhost is not evaluated here"),
    ] {
        assert_eq!(one(&instance(expression, NAMES)), expected, "{expression}");
    }
}

#[test]
fn what_stops_the_reading_is_named() {
    let spec = only(&instance("upper(var.open)", NAMES));
    let Declared::Unresolved { expression, place, .. } = &spec.options.http_tokens else {
        panic!("{spec:#?}")
    };
    assert_eq!(expression, "variable \"open\"");
    assert_eq!(place.start.line, 9);
    let spec = only(&instance("\"${data.aws_ami.x.id}-${var.tokens}\"", NAMES));
    let Declared::Unresolved { expression, .. } = &spec.options.http_tokens else {
        panic!("{spec:#?}")
    };
    assert_eq!(expression, "data.aws_ami.x.id");
}

#[test]
fn heredocs_and_escapes_are_texts() {
    let text = "locals {\n  a = <<-EOT\n    required\n  EOT\n  b = <<EOF\noptional\nEOF\n}\n";
    assert_eq!(one(&instance("chomp(local.a)", text)), "required");
    assert_eq!(one(&instance("trimspace(local.b)", text)), "optional");
    assert_eq!(one(&instance(r#""requ\u0069red""#, "")), "required");
    assert_eq!(
        one(&instance(r#""%{ if true }required%{ endif }""#, "")),
        "unresolved: a template's directive is not evaluated"
    );
}

#[test]
fn all_five_options_are_read() {
    let text = r#"resource "aws_instance" "web" {
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
    instance_metadata_tags      = "enabled"
    http_protocol_ipv6          = "disabled"
  }
}
"#;
    let options = only(text).options;
    assert_eq!(options.hop_limit.value(), Some(&2));
    assert_eq!(options.http_endpoint.word(), "set");
    assert_eq!(options.instance_metadata_tags.word(), "set");
    assert_eq!(options.http_protocol_ipv6.word(), "set");
    let quoted = text.replace("= 2", "= \"2\"");
    assert_eq!(only(&quoted).options.hop_limit.value(), Some(&2));
    let silent = text.replace("\"enabled\"", "\"no-preference\"");
    assert!(only(&silent).options.http_endpoint.is_absent());
}

#[test]
fn variables_have_their_files_in_order() {
    let main = instance("var.tokens", "variable \"tokens\" {}\n");
    let main = main.as_str();
    let files = |all: &[(&str, &str)]| {
        rows(&[&[("main.tf", main)], all].concat()).join(" ").replace("aws_instance.web: ", "")
    };
    assert_eq!(files(&[]), "unresolved: variable tokens has no default");
    assert_eq!(files(&[("terraform.tfvars", "tokens = \"optional\"\n")]), "optional");
    let json = ("terraform.tfvars.json", "{\"tokens\": \"required\"}");
    assert_eq!(files(&[("terraform.tfvars", "tokens = \"optional\"\n"), json]), "required");
    assert_eq!(files(&[("a.auto.tfvars", "tokens = \"optional\"\n"), json]), "optional");
    let both = [("a.auto.tfvars", "tokens = \"optional\"\n"), ("b.auto.tfvars.json", json.1)];
    assert_eq!(files(&both), "required");
    // Nobody reads it without being asked.
    assert_eq!(
        files(&[("prod.tfvars", "x_tokens = \"required\"\n")]),
        "unresolved: variable tokens has no default"
    );
}
