//! From a task to its row.

use std::sync::Arc;

use imdsure_model::effective::{Endpoint, Tokens};

use super::{
    jinja,
    tasks::{self, Call, Task},
    variables::{Around, Scope},
};
use crate::{
    Effect,
    dialect::{Files, Sink},
    edit::New,
    fix::Splice,
    ignore,
    setting::{self, At, SNAKE, Setting},
    source::Source,
    spec::{Inherits, LaunchSpec, Sent},
};

const BLOCK: &str = "metadata_options";

/// A module that launches, or says how something launches.
struct Module {
    name: &'static str,
    full: &'static str,
    /// What a change does; none where the module has no such option.
    effect: Option<Effect>,
}

static MODULES: [Module; 5] = [
    Module { name: "ec2_instance", full: "amazon.aws.ec2_instance", effect: Some(Effect::InPlace) },
    Module {
        name: "ec2_launch_template",
        full: "amazon.aws.ec2_launch_template",
        effect: Some(Effect::NewVersion),
    },
    Module { name: "ec2_lc", full: "community.aws.autoscaling_launch_config", effect: None },
    Module {
        name: "autoscaling_launch_config",
        full: "community.aws.autoscaling_launch_config",
        effect: None,
    },
    Module { name: "ec2_spot_instance", full: "amazon.aws.ec2_spot_instance", effect: None },
];

/// What the module sends for what a block that is there leaves out.
const SENT: Sent = Sent {
    http_tokens: Some(Tokens::Optional),
    http_endpoint: Some(Endpoint::Enabled),
    hop_limit: Some(1),
};

/// Puts the rows of a file into the sink.
pub(super) fn read(files: &Files<'_>, source: &Arc<Source>, sink: &mut Sink) {
    let around = Around::of(files, source, sink);
    for task in tasks::all(source) {
        let known = |name: &str| MODULES.iter().any(|module| module.name == name);
        let Some(call) = task.call(known) else { continue };
        let Some(module) = MODULES.iter().find(|module| module.name == call.module) else {
            continue;
        };
        let scope = Scope::of(source, &around, &task);
        let arguments = Arguments::of(&scope, source, &task, &call);
        if let Some(spec) = row(&arguments, module, source, &task, &call) {
            sink.spec(spec);
        }
    }
}

/// The arguments of a call, over the defaults of its module.
struct Arguments<'s, 'a> {
    scope: &'s Scope<'a>,
    own: Setting<'a>,
    defaults: Vec<Setting<'a>>,
}

impl<'s, 'a> Arguments<'s, 'a> {
    fn of(scope: &'s Scope<'a>, source: &'a Source, task: &Task<'a>, call: &Call<'a>) -> Self {
        let resolved = |node| jinja::resolve(scope, At { source, node });
        let own = call.arguments.map_or(Setting::Nothing, resolved);
        let defaults = task.defaults(call.module).into_iter().map(resolved).collect();
        Self { scope, own, defaults }
    }

    /// An argument. The defaults are replaced by name, not merged into.
    fn get(&self, key: &str) -> Setting<'a> {
        let own = match &self.own {
            // `ec2_instance: name=web image_id=ami-1`: an option of options cannot be written so.
            Setting::Literal(at) if at.node.text().is_some() => Setting::Nothing,
            own => jinja::member(self.scope, own, key),
        };
        let mut below = self.defaults.iter().map(|map| jinja::member(self.scope, map, key));
        if own.is_nothing() {
            below.find(|value| !value.is_nothing()).unwrap_or(Setting::Nothing)
        } else {
            own
        }
    }

    /// Whether one of these is given, in a line of `key=value` as well.
    fn has(&self, keys: &[&str]) -> bool {
        let line = match &self.own {
            Setting::Literal(at) => at.node.text().unwrap_or_default(),
            _ => "",
        };
        keys.iter().any(|key| {
            let words = line.split_whitespace().filter_map(|word| word.strip_prefix(key));
            words.into_iter().any(|after| after.starts_with('=')) || !self.get(key).is_nothing()
        })
    }
}

fn row<'a>(
    arguments: &Arguments<'_, 'a>,
    module: &Module,
    source: &'a Source,
    task: &Task<'a>,
    call: &Call<'a>,
) -> Option<LaunchSpec> {
    let block = arguments.get(BLOCK);
    let count = count(arguments, task);
    if count == Some(0) || !launches(arguments, module, &block) {
        return None;
    }
    let span = task.node.span.clone();
    let mut spec =
        LaunchSpec::new("ansible", module.full, &task.name(call), source.place(span.clone()));
    spec.ignore_comments = ignore::comments(source, &span);
    spec.count = count;
    spec.effect = module.effect;
    let template = template(arguments).filter(|_| module.name == "ec2_instance");
    let from_template = template.is_some();
    spec.inherits_from.extend(template.map(Inherits::LaunchTemplate));
    spec.inherits_from.push(Inherits::AccountDefault);
    let Some(effect) = module.effect else { return Some(spec) };
    spec.options = setting::options(&SNAKE, |name| jinja::member(arguments.scope, &block, name));
    if matches!(block, Setting::Literal(_)) {
        spec.sends_when_silent = Some(SENT);
        spec.inherits_from.clear();
    }
    // A template that is not read here may require tokens already.
    let elsewhere = from_template && block.is_nothing();
    if !elsewhere && setting::needs_fix(&spec.options, spec.sends_when_silent.as_ref()) {
        let splice = splice(arguments, &block, call, source);
        spec.fix = splice.map(|splice| setting::fix(effect, vec![splice]));
    }
    Some(spec)
}

/// Whether the task starts an instance or says how one starts, and not only stops or finds some.
fn launches(arguments: &Arguments<'_, '_>, module: &Module, block: &Setting<'_>) -> bool {
    if matches!(arguments.get("state").text(), Some("absent" | "terminated" | "cancelled")) {
        return false;
    }
    let images = ["image_id", "image", "launch_template"];
    module.name != "ec2_instance" || !block.is_nothing() || arguments.has(&images)
}

/// How many instances the task starts, where it says so.
fn count(arguments: &Arguments<'_, '_>, task: &Task<'_>) -> Option<u64> {
    let given = ["exact_count", "count"].iter().map(|key| arguments.get(key));
    match given.into_iter().find(|count| !count.is_nothing()) {
        _ if task.is_open() => None,
        Some(count) => count.text()?.parse().ok(),
        None => Some(1),
    }
}

/// The launch template that an instance starts from, by name or as written.
fn template(arguments: &Arguments<'_, '_>) -> Option<String> {
    let template = arguments.get("launch_template");
    let named = ["name", "id"]
        .iter()
        .find_map(|key| jinja::member(arguments.scope, &template, key).text().map(str::to_owned));
    match template {
        Setting::Nothing => None,
        Setting::Literal(at) | Setting::Unknown(_, at) => {
            Some(named.unwrap_or_else(|| at.expression()))
        }
        Setting::Part(text, ..) | Setting::Made(text, _) => Some(text),
    }
}

fn splice<'a>(
    arguments: &Arguments<'_, 'a>,
    block: &Setting<'a>,
    call: &Call<'a>,
    source: &Source,
) -> Option<Splice> {
    let new = New::text("required");
    match block {
        Setting::Nothing => {
            let map = call.arguments.filter(|node| node.is_map())?;
            setting::add(source, map, &[BLOCK, SNAKE.http_tokens], &new)
        }
        Setting::Literal(at) => {
            let tokens = jinja::member(arguments.scope, block, SNAKE.http_tokens);
            match tokens {
                Setting::Nothing => setting::add(at.source, at.node, &[SNAKE.http_tokens], &new),
                tokens => tokens.set(&new),
            }
        }
        _ => None,
    }
}
