//! Playbooks and roles in, rows and repaired files out.

use std::path::Path;

use proptest::prelude::*;

use crate::{
    Effect,
    scan::scan_text,
    spec::Inherits,
    testing::{Tree, fixed, row, rows, word},
};

/// A play with one task, whose block is that text.
fn play(block: &str, vars: &str) -> String {
    format!(
        "- hosts: localhost\n  vars:\n    on: true\n    off: false\n    tokens: optional\n    imds: {{tokens: required, hops: 2}}\n{vars}  tasks:\n    - name: Web\n      amazon.aws.ec2_instance:\n        name: web\n        image_id: ami-1\n{block}"
    )
}

fn tokens(expression: &str) -> String {
    play(&format!("        metadata_options:\n          http_tokens: \"{expression}\"\n"), "")
}

#[test]
fn expressions_come_to_their_value() {
    for (expression, expected) in [
        ("required", "required"),
        ("{{ tokens }}", "optional"),
        ("{{ imds.tokens }}", "required"),
        ("{{ imds['tokens'] | lower }}", "required"),
        ("{{ nope | default('optional') }}", "optional"),
        ("{{ imds.nope | default(tokens) }}", "optional"),
        ("{{ tokens | default('required') }}", "optional"),
        ("{{ 'required' if on else 'optional' }}", "required"),
        ("{{ 'required' if not on else 'optional' }}", "optional"),
        ("{{ (off | bool) | ternary('required', 'optional') }}", "optional"),
        ("{{ 'required' if tokens == 'optional' else 'optional' }}", "required"),
        ("{{ 'required' if nope is defined else 'optional' }}", "optional"),
        ("{{ 'opt' }}ional", "optional"),
        ("{{ omit }}", "absent, sends optional/1"),
        ("{{ nope | default(omit) }}", "absent, sends optional/1"),
        ("{{ nope }}", "unresolved: variable nope is not in the code that was read"),
        ("{{ a.b.c }}", "unresolved: variable a.b.c is not in the code that was read"),
        ("{{ item.tokens }}", "unresolved: variable item gets its value while the play runs"),
        ("{{ lookup('env', 'T') }}", "unresolved: this expression is not evaluated here"),
        ("{{ tokens | hash }}", "unresolved: this expression is not evaluated here"),
        (
            "{% if on %}required{% endif %}",
            "unresolved: statements of a template are not evaluated here",
        ),
        ("{{ on }}", "unresolved: this is no value of the option"),
        ("{{ round }}", "unresolved: its variables are nested too deep"),
    ] {
        let text = tokens(expression).replace("    off:", "    round: \"{{ round }}\"\n    off:");
        assert_eq!(rows("site.yml", &text), [format!("Web: {expected}")], "{text}");
    }
}

#[test]
fn a_block_in_part_sends_what_it_leaves_out() {
    for (block, expected) in [
        ("", "Web: absent"),
        ("        metadata_options:\n", "Web: absent"),
        ("        metadata_options: {}\n", "Web: absent, sends optional/1"),
        (
            "        metadata_options: {instance_metadata_tags: enabled}\n",
            "Web: absent, sends optional/1",
        ),
        ("        metadata_options: \"{{ imds }}\"\n", "Web: absent, sends optional/1"),
        (
            "        metadata_options: \"{{ nope }}\"\n",
            "Web: unresolved: variable nope is not in the code that was read",
        ),
    ] {
        assert_eq!(rows("site.yml", &play(block, "")), [expected], "{block}");
    }
}

#[test]
fn tasks_are_found_wherever_they_stand() {
    let text = "- hosts: all
  module_defaults:
    amazon.aws.ec2_instance: {metadata_options: {http_tokens: required}, image_id: ami-1}
  pre_tasks:
    - ec2_instance: {name: a}
  tasks:
    - block:
        - block:
            - {name: Nested, community.aws.ec2_launch_template: {name: t, metadata_options: {http_tokens: optional}}}
      rescue:
        - name: Rescue
          action: {module: amazon.aws.ec2_instance, name: b}
    - name: Own
      amazon.aws.ec2_instance:
      args: {image_id: ami-2, metadata_options: {http_tokens: optional}}
    - name: Line
      ec2_instance: name=web image_id=ami-3
    - {name: Stop, ec2_instance: {state: absent, name: a}}
    - {name: None, ec2_instance: {exact_count: 0}}
    - {name: Three, ec2_instance: {count: 3}}
    - {name: Each, ec2_instance: {name: '{{ item }}'}, loop: [1, 2]}
  handlers:
    - {name: Old, ec2_lc: {name: lc, image_id: ami-4}}
";
    let expected = [
        "ec2_instance: required",
        "Nested: optional",
        "Rescue: required",
        "Own: optional",
        "Line: required",
        "Three: required",
        "Each: required",
        "Old: absent",
    ];
    assert_eq!(rows("site.yml", text), expected);
    let scanned = scan_text(Path::new("site.yml"), text);
    let counts: Vec<_> = scanned.specs.iter().map(|spec| spec.count).collect();
    assert_eq!(counts[4..], [Some(1), Some(3), None, Some(1)]);
    assert_eq!(scanned.specs[1].effect, Some(Effect::NewVersion));
    let after = fixed("site.yml", text);
    assert_eq!(after, text.replace("optional", "required"));
}

#[test]
fn instances_of_a_template_are_left_to_it() {
    let text = play("        launch_template: {name: base}\n", "");
    let scanned = scan_text(Path::new("site.yml"), &text);
    let [spec] = scanned.specs.as_slice() else { panic!("{scanned:#?}") };
    let template = Inherits::LaunchTemplate("base".to_owned());
    assert_eq!(spec.inherits_from, [template, Inherits::AccountDefault]);
    assert_eq!(spec.fix, None);
    let stop = "- {hosts: x, tasks: [{ec2_instance: {state: stopped, filters: {a: b}}}]}\n";
    assert_eq!(rows("site.yml", stop), [""; 0]);
}

#[test]
fn roles_see_their_variables() {
    let tree = Tree::of(&[
        ("roles/web/defaults/main.yml", "web_tokens: optional # the old agent\nweb_hops: 2\n"),
        ("roles/web/vars/main.yaml", "web_endpoint: enabled\n"),
        ("group_vars/all.yml", "common: required\n"),
        (
            "roles/web/tasks/main.yml",
            "- name: Web\n  ec2_instance:\n    image_id: ami-1\n    metadata_options:\n      http_tokens: '{{ web_tokens }}'\n      http_endpoint: '{{ web_endpoint }}'\n      http_put_response_hop_limit: '{{ web_hops | int }}'\n- name: Common\n  ec2_instance: {image_id: ami-1, metadata_options: {http_tokens: '{{ common }}'}}\n",
        ),
    ]);
    assert_eq!(tree.rows(), ["Web: optional", "Common: required"]);
    let spec = &tree.scan().specs[0];
    assert_eq!(spec.options.hop_limit.value(), Some(&2));
    let [(name, text)] = tree.fixed().try_into().unwrap();
    assert_eq!(name, "roles/web/defaults/main.yml");
    assert_eq!(text, "web_tokens: required # the old agent\nweb_hops: 2\n");
}

#[test]
fn the_stronger_variable_wins_and_lines_are_not_told_twice() {
    let tree = Tree::of(&[
        ("group_vars/all/main.yml", "imds_http_tokens: required\nother: 1\n"),
        ("group_vars/prod.yml", "imds_http_tokens: optional\n"),
        ("files/vars.yml", "imds_http_tokens: optional\n"),
        (
            "play/site.yml",
            "- hosts: x\n  vars_files: [../files/vars.yml, '{{ env }}.yml']\n  vars: {imds_http_tokens: required}\n  tasks:\n    - {name: Web, ec2_instance: {image_id: a, metadata_options: {http_tokens: '{{ imds_http_tokens }}'}}}\n",
        ),
    ]);
    let found: Vec<_> =
        tree.scan().specs.iter().map(|spec| (spec.kind.clone(), row(spec))).collect();
    let expected =
        [("text", "imds_http_tokens: optional"), ("amazon.aws.ec2_instance", "Web: optional")];
    assert_eq!(found, expected.map(|(kind, row)| (kind.to_owned(), row.to_owned())));
    let [(name, _)] = tree.fixed().try_into().unwrap();
    assert_eq!(name, "files/vars.yml");
}

#[test]
fn facts_and_secrets_are_not_known() {
    for (vars, tasks, expected) in [
        (
            "",
            "    - set_fact: {tokens: required}\n",
            "variable tokens gets its value while the play runs",
        ),
        (
            "",
            "    - {command: x, register: tokens}\n",
            "variable tokens gets its value while the play runs",
        ),
        ("    secret: !vault |\n      $ANSIBLE_VAULT;1.1\n", "", "it is encrypted"),
    ] {
        let name = if vars.is_empty() { "tokens" } else { "secret" };
        let block =
            format!("        metadata_options: {{http_tokens: '{{{{ {name} }}}}'}}\n{tasks}");
        let scanned = scan_text(Path::new("site.yml"), &play(&block, vars));
        let words: Vec<_> = scanned.specs.iter().map(word).collect();
        assert_eq!(words, [format!("unresolved: {expected}")]);
    }
}

#[test]
fn the_fix_is_made_where_the_value_is_decided() {
    for (before, after) in [
        ("optional", "required"),
        ("{{ nope | default('optional') }}", "{{ nope | default('required') }}"),
        ("{{ 'optional' if on else 'required' }}", "{{ 'required' if on else 'required' }}"),
        ("{{ item.x }}", "{{ item.x }}"),
        ("{{ 'opt' }}ional", "{{ 'opt' }}ional"),
    ] {
        assert_eq!(fixed("site.yml", &tokens(before)), tokens(after));
    }
    let text = tokens("{{ tokens }}");
    assert_eq!(fixed("site.yml", &text), text.replace("tokens: optional", "tokens: required"));
    for (before, after) in [
        ("", "        metadata_options:\n          http_tokens: required\n"),
        (
            "        metadata_options:\n",
            "        metadata_options:\n          http_tokens: required\n",
        ),
        (
            "        metadata_options: {http_endpoint: enabled}\n",
            "        metadata_options: {http_endpoint: enabled, http_tokens: required}\n",
        ),
        (
            "        metadata_options: {http_endpoint: disabled}\n",
            "        metadata_options: {http_endpoint: disabled}\n",
        ),
    ] {
        assert_eq!(fixed("site.yml", &play(before, "")), play(after, ""));
    }
    let shared = fixed(
        "site.yml",
        &play("        metadata_options: '{{ opts }}'\n", "    opts: {http_endpoint: enabled}\n"),
    );
    assert!(shared.contains("opts: {http_endpoint: enabled, http_tokens: required}"), "{shared}");
}

#[test]
fn a_broken_file_is_an_error() {
    let scanned = scan_text(Path::new("site.yml"), "- ec2_instance:\n    name: {{ x }}y\n  - a\n");
    assert_eq!(scanned.errors.len(), 1);
    assert_eq!(rows("values.yml", "ec2_instance: {image_id: x}\n"), [""; 0]);
}

/// Pieces of expressions, put together in any way.
fn expression() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{{",
        "}}",
        " ",
        "tokens",
        "imds",
        ".",
        "['tokens']",
        "|",
        "default(",
        ")",
        "'optional'",
        "if",
        "else",
        "not",
        "is defined",
        "==",
        "(",
        ",",
        "ternary('optional', 'required')",
        "on",
        "lower",
        "omit",
        "\u{e4}",
        "3",
        "{%",
        "round",
        "'",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.join(" "))
}

proptest! {
    #[test]
    fn fuzz_expressions_never_panic_and_fixes_hold(expression in expression()) {
        let vars = "    round: \"{{ round }}{{ round }}{{ more }}{{ more }}\"\n    more: \"{{ round }}{{ more }}\"\n";
        let text = play(&format!("        metadata_options:\n          http_tokens: >-\n            {expression}\n"), vars);
        scan_text(Path::new("site.yml"), &text);
        fixed("site.yml", &tokens(&format!("{{{{ {expression} }}}}")));
    }

    #[test]
    fn fuzz_any_text_within_braces(inner in any::<String>()) {
        let quoted = inner.replace('\'', "''");
        let text = play(&format!("        metadata_options: {{http_tokens: '{{{{{quoted}}}}}'}}\n"), "");
        scan_text(Path::new("site.yml"), &text);
    }
}
