//! The calls of the AWS CLI that decide how instances start, with their options.

use std::ops::Range;

use imdsure_model::Effect;

use super::{
    expand::{Argument, Expanded, Variables, expression},
    lexer::{Command, Piece, Word},
};
use crate::source::Source;

/// What an operation says options with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `--metadata-options`
    Options,
    /// `--launch-template-data`
    Template,
    /// `--http-tokens` and so on.
    Words,
    /// `--imds-support`
    Image,
    /// It has no such option: what it launches from decides.
    None,
}

/// An operation.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) service: &'static str,
    pub(super) name: &'static str,
    /// `aws ec2 run-instances`
    pub(super) kind: &'static str,
    pub(super) form: Form,
    pub(super) effect: Option<Effect>,
}

const fn operation(
    service: &'static str,
    name: &'static str,
    kind: &'static str,
    form: Form,
    effect: Option<Effect>,
) -> Operation {
    Operation { service, name, kind, form, effect }
}

/// A launch of the next run is changed, nothing that runs already.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "ec2",
        "run-instances",
        "aws ec2 run-instances",
        Form::Options,
        Some(Effect::InPlace),
    ),
    operation(
        "ec2",
        "create-launch-template",
        "aws ec2 create-launch-template",
        Form::Template,
        Some(Effect::NewVersion),
    ),
    operation(
        "ec2",
        "create-launch-template-version",
        "aws ec2 create-launch-template-version",
        Form::Template,
        Some(Effect::NewVersion),
    ),
    operation(
        "autoscaling",
        "create-launch-configuration",
        "aws autoscaling create-launch-configuration",
        Form::Options,
        Some(Effect::NewConfiguration),
    ),
    operation(
        "ec2",
        "modify-instance-metadata-options",
        "aws ec2 modify-instance-metadata-options",
        Form::Words,
        Some(Effect::InPlace),
    ),
    operation(
        "ec2",
        "modify-instance-metadata-defaults",
        "aws ec2 modify-instance-metadata-defaults",
        Form::Words,
        Some(Effect::AccountDefault),
    ),
    operation(
        "ec2",
        "register-image",
        "aws ec2 register-image",
        Form::Image,
        Some(Effect::Irreversible),
    ),
    operation(
        "ec2",
        "modify-image-attribute",
        "aws ec2 modify-image-attribute",
        Form::Image,
        Some(Effect::Irreversible),
    ),
    operation("ec2", "request-spot-instances", "aws ec2 request-spot-instances", Form::None, None),
    operation("ec2", "request-spot-fleet", "aws ec2 request-spot-fleet", Form::None, None),
    operation("ec2", "create-fleet", "aws ec2 create-fleet", Form::None, None),
];

/// Options of `aws` itself that take no value.
const FLAGS: [&str; 8] = [
    "--debug",
    "--no-verify-ssl",
    "--no-paginate",
    "--no-sign-request",
    "--no-cli-pager",
    "--cli-auto-prompt",
    "--no-cli-auto-prompt",
    "--no-verify",
];
/// Commands that only print their arguments.
const PRINTERS: [&str; 12] = [
    "echo", "printf", "print", "cat", "grep", "log", "info", "warn", "error", "die", "fail",
    "usage",
];

/// A call.
pub(super) struct Call {
    pub(super) operation: &'static Operation,
    options: Vec<(String, Vec<Expanded>)>,
    /// Arguments that are not known, among which any option may be.
    pub(super) unknown: Option<Range<usize>>,
    /// The call, as it stands in the file.
    pub(super) span: Range<usize>,
    /// The operation's name.
    pub(super) name: Range<usize>,
    /// The word behind it; whether that is an option.
    pub(super) next: Option<(Range<usize>, bool)>,
    /// Whether it runs exactly once where the script runs.
    pub(super) is_once: bool,
}

impl Call {
    /// The call that a command is.
    pub(super) fn of(
        source: &Source,
        command: &Command,
        variables: &Variables<'_>,
    ) -> Option<Self> {
        // An assignment alone calls nothing, and may be long.
        if let [Word { pieces, .. }] = command.words.as_slice()
            && matches!(pieces.first(), Some(Piece::Text { .. }))
        {
            return None;
        }
        let arguments = variables.arguments(&command.words);
        let first = text(arguments.first()?)?.text.trim_start_matches(['@', '-', '+']);
        if PRINTERS.contains(&first) {
            return None;
        }
        let aws = arguments.iter().position(|argument| is_aws(source, argument))?;
        let mut positional = Positional { arguments: &arguments, at: aws + 1 };
        let (service, name) = (positional.next()?, positional.next()?);
        let (service, name) = (text(&arguments[service])?, text(&arguments[name])?);
        let operation =
            OPERATIONS.iter().find(|one| one.service == service.text && one.name == name.text)?;
        let rest = arguments.get(positional.at..).unwrap_or_default();
        let span = command.words.first()?.span.start..command.words.last()?.span.end;
        let next = rest.first().map(|next| match next {
            Argument::Text(text) => (text.span.clone(), text.text.starts_with("--")),
            Argument::Any(span) => (span.clone(), false),
        });
        let mut call = Self {
            operation,
            options: Vec::new(),
            unknown: None,
            span,
            name: name.place(&(0..name.text.len())),
            next,
            is_once: !command.is_open && !command.in_function,
        };
        call.take(source, rest);
        let harmless = ["help", "--dry-run", "--generate-cli-skeleton"];
        let only_asks = rest.iter().filter_map(text).any(|word| harmless.contains(&&*word.text));
        (!only_asks).then_some(call)
    }

    fn take(&mut self, source: &Source, rest: &[Argument]) {
        let mut value_wanted = false;
        for argument in rest {
            let text = match argument {
                Argument::Any(span) => {
                    self.unknown = Some(span.clone());
                    continue;
                }
                Argument::Text(text) => text,
            };
            if let Some(name) = text.text.strip_prefix("--") {
                value_wanted = !name.contains('=');
                if let Some((name, _)) = name.split_once('=') {
                    let value = text.cut(name.len() + 3..text.text.len());
                    self.options.push((name.to_owned(), vec![value]));
                } else {
                    self.options.push((name.to_owned(), Vec::new()));
                }
                continue;
            }
            if !text.is_known() && !value_wanted && may_hold_options(source, text) {
                self.unknown = Some(text.span.clone());
            }
            if let Some((_, values)) = self.options.last_mut() {
                values.push(text.clone());
            }
            value_wanted = false;
        }
    }

    /// The values of an option; the last one counts.
    pub(super) fn values(&self, name: &str) -> Option<&[Expanded]> {
        let option = self.options.iter().rev().find(|(own, _)| own == name);
        option.map(|(_, values)| values.as_slice())
    }

    /// The only value of an option.
    pub(super) fn value(&self, name: &str) -> Option<&Expanded> {
        match self.values(name)? {
            [one] => Some(one),
            _ => None,
        }
    }
}

fn text(argument: &Argument) -> Option<&Expanded> {
    match argument {
        Argument::Text(text) => Some(text),
        Argument::Any(_) => None,
    }
}

/// `aws`, a path to it, or a variable whose name says so.
fn is_aws(source: &Source, argument: &Argument) -> bool {
    let Argument::Text(text) = argument else { return false };
    if text.is_known() {
        let word = text.text.trim_start_matches(['@', '-', '+']);
        let name = word.rsplit('/').next().unwrap_or_default();
        // A function around it is mostly named after it: `aws_cmd`, `run_aws`.
        return name.split(['_', '-', '.']).any(|part| matches!(part, "aws" | "awslocal" | "aws2"));
    }
    let written = expression(source, &text.span).to_ascii_lowercase();
    written.starts_with('$') && written.contains("aws") && !written.contains(' ')
}

/// The words of a call that are no options.
struct Positional<'a> {
    arguments: &'a [Argument],
    at: usize,
}

impl Positional<'_> {
    fn next(&mut self) -> Option<usize> {
        loop {
            let word = text(self.arguments.get(self.at)?)?;
            let at = self.at;
            self.at += 1;
            if !word.text.starts_with("--") {
                return Some(at);
            }
            if !word.text.contains('=') && !FLAGS.contains(&&*word.text) {
                self.at += 1;
            }
        }
    }
}

/// An unknown variable of such a name is more than one value.
fn may_hold_options(source: &Source, text: &Expanded) -> bool {
    let written = expression(source, &text.span).to_ascii_lowercase();
    ["arg", "opt", "param", "flag", "extra", "--"].iter().any(|word| written.contains(word))
        && written.starts_with('$')
}
