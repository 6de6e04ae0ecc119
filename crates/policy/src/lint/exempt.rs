//! Exemptions by principal: those that exempt everybody, and those that exempt nobody.

use super::{Mistake, MistakeSeverity};
use crate::{
    document::{Condition, Statement},
    generate::exempts_everybody,
    imds::PRINCIPAL,
    operator::{Comparison, Set},
};

pub(super) fn lint(statement: &Statement, found: &mut Vec<Mistake>) {
    if !statement.denies() {
        return;
    }
    for condition in statement.conditions.iter().filter(|condition| condition.is_on(PRINCIPAL)) {
        one(condition, statement, found);
    }
}

fn one(condition: &Condition, statement: &Statement, found: &mut Vec<Mistake>) {
    let Some(operator) = condition.operator.filter(|operator| operator.negated) else { return };
    for value in &condition.values {
        let wild = matches!(operator.comparison, Comparison::Arn | Comparison::Like);
        let text = &value.text;
        let (code, severity, words) = if wild && exempts_everybody(text) {
            (
                "exempts-everyone",
                MistakeSeverity::Error,
                format!("`{text}` matches every role or user: the statement binds nobody"),
            )
        } else if !wild && text.contains(['*', '?']) {
            (
                "wildcard-taken-literally",
                MistakeSeverity::Error,
                format!(
                    "`{}` compares letter by letter, so `{text}` is no pattern and exempts nobody: use \
                     ArnNotLike",
                    condition.name
                ),
            )
        } else if text.contains(":assumed-role/") {
            (
                "exemption-never-matches",
                MistakeSeverity::Warning,
                format!(
                    "for a session `aws:PrincipalArn` is the ARN of its role \
                     (arn:aws:iam::…:role/NAME): `{text}` exempts nobody"
                ),
            )
        } else {
            continue;
        };
        found.push(Mistake::new(code, severity, value.at, words).of(statement));
    }
    if operator.set != Set::Single {
        let words = "`aws:PrincipalArn` has one value: a set prefix changes only what happens when it \
         is absent";
        let mistake = Mistake::new(
            "set-operator-on-single-value",
            MistakeSeverity::Warning,
            condition.at,
            words,
        );
        found.push(mistake.of(statement));
    }
}
