//! Statements on changes of instances: the key for the new value is `ec2:Attribute/NAME`, it stands only
//! where the change names the option, and `ec2:Metadata…` is not it.

use super::{Mistake, MistakeSeverity, launch, probe};
use crate::{
    Truth,
    document::{Condition, Policy, Statement},
    imds::{LAUNCH_KEYS, MODIFY, RUN},
    statements,
};

pub(super) fn lint(statement: &Statement, policy: &Policy, found: &mut Vec<Mistake>) {
    let wide = statement.denies() && probe::unrelated(statement, policy) == Truth::Yes;
    // What denies everything is no mistake about a single key.
    if !wide {
        wrong_keys(statement, policy, found);
        launch::defaults(statement, found);
    }
    let attributes = || statement.conditions.iter().filter(|c| probe::attribute(c).is_some());
    let Some(condition) = attributes().next() else { return };
    if !statement.denies() {
        return;
    }
    if statement.names_action(MODIFY) == Truth::No {
        if statement.action.not {
            let words = "`NotAction` leaves ModifyInstanceMetadataOptions out, though the condition is \
             on an option of it";
            found.push(mistake("not-action-leaves-out", condition, statement, policy, words));
        }
        return;
    }
    let stop = "ec2:StopInstances";
    if wide || probe::on_instances(statement, policy, stop) == Truth::Yes {
        let words = "the key stands only in changes of metadata options. Where it is absent the \
         condition holds, and this \
                     statement covers other calls too: it denies those as well";
        found.push(mistake("denies-unrelated-calls", condition, statement, policy, words));
        return;
    }
    semantics(condition, statement, policy, found);
}

fn semantics(
    condition: &Condition,
    statement: &Statement,
    policy: &Policy,
    found: &mut Vec<Mistake>,
) {
    let fits = |options: &[(&str, &str)]| probe::change(statement, policy, options);
    let back = fits(&[("HttpTokens", "optional"), ("HttpPutResponseHopLimit", "64")]);
    let forth = fits(&[("HttpTokens", "required"), ("HttpPutResponseHopLimit", "1")]);
    if (back == Truth::No && forth == Truth::Yes)
        || (back == Truth::No && fits(&[]) == Truth::Yes && is_about_tokens(statement))
    {
        let words = "it denies changes that require version 2, or that leave the tokens alone, and lets \
         the way back to \
                     optional pass";
        found.push(mistake("condition-inverted", condition, statement, policy, words));
    } else if fits(&[]) == Truth::Yes {
        let words = "the key stands only where the change names the option. Without a `Null` guard the \
         condition holds when it \
                     is absent: changes of other options are denied as well, a hop limit for one";
        found.push(mistake("over-blocks-other-changes", condition, statement, policy, words));
    }
}

fn is_about_tokens(statement: &Statement) -> bool {
    probe::condition_on(statement, &["ec2:Attribute/HttpTokens"]).is_some()
}

fn mistake(
    code: &'static str,
    condition: &Condition,
    statement: &Statement,
    policy: &Policy,
    words: &str,
) -> Mistake {
    let severity = match code {
        "over-blocks-other-changes" => MistakeSeverity::Warning,
        _ => MistakeSeverity::Error,
    };
    let partition = probe::partition(policy);
    let sound = if is_about_tokens(statement) {
        statements::change(partition)
    } else {
        statements::change_hop_limit(partition, 2)
    };
    Mistake::new(code, severity, condition.key.at, words)
        .of(statement)
        .sound(&probe::kept(statement, [sound]))
}

/// Keys of launches on changes, and the other way round.
fn wrong_keys(statement: &Statement, policy: &Policy, found: &mut Vec<Mistake>) {
    let partition = probe::partition(policy);
    if let Some(condition) = probe::condition_on(statement, &LAUNCH_KEYS)
        && probe::names_by_itself(statement, MODIFY)
    {
        let option = condition.key.text.to_lowercase().replace("ec2:metadata", "");
        let right = match option.as_str() {
            "httptokens" => "ec2:Attribute/HttpTokens",
            "httpendpoint" => "ec2:Attribute/HttpEndpoint",
            _ => "ec2:Attribute/HttpPutResponseHopLimit",
        };
        let words = format!(
            "on ModifyInstanceMetadataOptions `{}` is not the new value: the value that a change asks \
             for stands in `{right}`. \
             As written, this does not stop the way back to version 1",
            condition.key.text
        );
        let launches = statement.names_action(RUN) == Truth::Yes;
        let sound = match option.as_str() {
            "httptokens" if launches => {
                vec![statements::launch(partition), statements::change(partition)]
            }
            "httptokens" => vec![statements::change(partition)],
            "httpputresponsehoplimit" if launches => vec![
                statements::launch_hop_limit(partition, 2),
                statements::change_hop_limit(partition, 2),
            ],
            "httpputresponsehoplimit" => vec![statements::change_hop_limit(partition, 2)],
            _ => Vec::new(),
        };
        let mistake =
            Mistake::new("wrong-key-for-change", MistakeSeverity::Error, condition.key.at, words)
                .of(statement);
        // A grant cannot be mended by a denial to paste.
        let denies = statement.denies() && !sound.is_empty();
        found.push(if denies { mistake.sound(&probe::kept(statement, sound)) } else { mistake });
    }
    if let Some(condition) = statement.conditions.iter().find(|c| probe::attribute(c).is_some())
        && probe::names_by_itself(statement, RUN)
    {
        let words = format!(
            "`{}` stands in changes of existing instances. AWS documents `ec2:MetadataHttpTokens`, \
             `ec2:MetadataHttpEndpoint` and \
             `ec2:MetadataHttpPutResponseHopLimit` for launches",
            condition.key.text
        );
        let mistake =
            Mistake::new("wrong-key-for-launch", MistakeSeverity::Error, condition.key.at, words)
                .of(statement);
        let sound = probe::kept(statement, [statements::launch(partition)]);
        let denies = statement.denies() && is_about_tokens(statement);
        found.push(if denies { mistake.sound(&sound) } else { mistake });
    }
}
