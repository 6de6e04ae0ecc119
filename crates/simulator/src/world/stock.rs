//! What one account has in one region as of now: the computed things with the changes of calls laid over them.

use std::sync::{Arc, MutexGuard};

use super::accounts::Account;
use super::changes::{Applies, Change, Changes};
use super::configuration::{Configuration, ConfigurationSeed};
use super::defaults::Defaults;
use super::group::Group;
use super::history::{Gate, Turn};
use super::image::{self, Image};
use super::instance::Instance;
use super::options::{MetadataOptions, State};
use super::seed::Seed;
use super::template::{Template, TemplateSeed};

/// For how many seconds a write may be seen late: EC2 is eventually consistent, and does not say for how long.
pub(crate) const LATE: i64 = 10;

/// The times of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The world's time, in seconds since 1970.
    pub(crate) now: i64,
    /// Real time, in seconds since 1970.
    pub(crate) real: i64,
    /// Whether the call reads what was before the last write.
    pub(crate) is_late: bool,
}

/// A unit's things, held for the length of a call: calls on one unit come one after the other.
pub(crate) struct Stock<'w> {
    pub(crate) seed: Seed,
    pub(crate) account: &'w Account,
    /// The world's time, in seconds since 1970.
    pub(crate) now: i64,
    pub(super) real: i64,
    pub(super) is_late: bool,
    /// Seconds until a change of state or options is through.
    pub(super) delay: i64,
    pub(super) changes: MutexGuard<'w, Option<Box<Changes>>>,
}

impl Stock<'_> {
    fn changed(&self) -> Option<&Changes> {
        self.changes.as_deref()
    }

    pub(super) fn change(&mut self) -> &mut Changes {
        self.changes.get_or_insert_default()
    }

    /// The second at which what begins now is through.
    pub(crate) const fn settled(&self) -> i64 {
        self.now + self.delay
    }

    /// How many instances there are, terminated ones included.
    pub(crate) fn instances(&self) -> u64 {
        self.seed.instances.computed + self.changed().map_or(0, |it| it.launched.len() as u64)
    }

    /// The instance at `index`, which must be below [`Stock::instances`].
    pub(crate) fn instance(&self, index: u64) -> Instance {
        let Some(changes) = self.changed() else {
            return Instance::new(&self.seed, index);
        };
        let made = index.checked_sub(self.seed.instances.computed);
        let mut instance = match made.and_then(|made| changes.launched.get(made as usize)) {
            Some(launched) => launched.clone(),
            None => Instance::new(&self.seed, index),
        };
        let before = changes.before.instances.get(&index);
        let now = changes.instances.get(&index);
        if let Some(change) = self.late(before).or(now) {
            change.apply(&mut instance, self.now);
        }
        if let Some(tags) = changes.tags.get(&index) {
            instance.tags = Some(Arc::clone(tags));
        }
        instance
    }

    /// The index of the instance with this id, if it is there.
    pub(crate) fn find_instance(&self, id: u64) -> Option<u64> {
        self.seed.instances.index(id).filter(|index| *index < self.instances())
    }

    /// What a late reader sees instead of the last write, if that was a moment ago.
    fn late<'c, T>(&self, before: Option<&'c (i64, T)>) -> Option<&'c T> {
        before.filter(|(at, _)| self.is_late && self.real - at <= LATE).map(|(_, was)| was)
    }

    /// Whether anything was written so little ago that it may be seen late.
    pub(crate) fn is_fresh(&self) -> bool {
        let last = self.changed().and_then(|changes| changes.before.last);
        last.is_some_and(|at| self.real - at <= LATE)
    }

    /// Sets an instance's options: in force after a moment, or at its next start when it is stopped.
    pub(crate) fn set_options(&mut self, instance: &Instance, options: MetadataOptions) {
        let stopped = matches!(instance.state, State::Stopped | State::Stopping);
        let at = self.settled();
        let change = self.change_of(instance);
        change.metadata = Some((options, if stopped { Applies::AtStart } else { Applies::At(at) }));
        let last = change.turns.last();
        let gate = last.map_or(Gate::of(instance.state, options), |turn| turn.gate);
        if gate != Gate::Off {
            change.turns.push(Turn { at, gate: Gate::under(options), boots: false });
        }
    }

    /// Sends an instance into a passing state, which settles after a moment. One that starts applies the options that waited for it.
    pub(crate) fn set_state(&mut self, instance: &Instance, passing: State, settled: State) {
        let (now, until) = (self.now, self.settled());
        let change = self.change_of(instance);
        change.state = Some((passing, until, settled));
        if settled == State::Running {
            let waiting = change.metadata.filter(|(_, applies)| *applies == Applies::AtStart);
            if let Some((options, _)) = waiting {
                change.metadata = Some((options, Applies::At(until)));
            }
            let gate = Gate::under(instance.metadata);
            change.turns.push(Turn { at: until, gate, boots: true });
        } else {
            // What was about to come into force finds nothing that runs.
            change.turns.retain(|turn| turn.at <= now);
            change.turns.push(Turn { at: now, gate: Gate::Off, boots: false });
        }
    }

    /// Replaces the tags of the instance at `index`.
    pub(crate) fn put_tags(&mut self, index: u64, tags: Arc<[(String, String)]>) {
        self.change().tags.insert(index, tags);
    }

    /// The change of an instance, which is about to be written.
    fn change_of(&mut self, instance: &Instance) -> &mut Change {
        let real = self.real;
        let changes = self.change();
        let change = changes.instances.entry(instance.index).or_default();
        changes.before.instances.insert(instance.index, (real, change.clone()));
        changes.before.last = Some(real);
        change
    }

    /// What an earlier call with this client token made, so that a call that is sent again makes nothing twice.
    pub(crate) fn made_before(&self, action: &str, token: Option<&str>) -> Option<Vec<u64>> {
        let made = &self.changed()?.made;
        made.get(&(action.to_owned(), token?.to_owned())).cloned()
    }

    /// Remembers what a call with a client token made.
    pub(crate) fn remember(&mut self, action: &str, token: Option<&str>, made: Vec<u64>) {
        if let Some(token) = token {
            self.change().made.insert((action.to_owned(), token.to_owned()), made);
        }
    }

    /// How many launch templates there are, deleted ones included.
    pub(crate) fn templates(&self) -> u64 {
        let made = self.changed().and_then(|it| it.templates.last_key_value());
        made.map_or(0, |(index, _)| index + 1).max(self.seed.templates.computed)
    }

    /// The launch template at `index`, which must be below [`Stock::templates`].
    pub(crate) fn template(&self, index: u64) -> Template {
        let changes = self.changed();
        let before = self.late(changes.and_then(|it| it.before.templates.get(&index)));
        let now = changes.and_then(|it| it.templates.get(&index));
        // What was made a moment ago has nothing before it.
        let is_new = index >= self.seed.templates.computed;
        let seen = match before {
            Some(Some(template)) => Some(template),
            Some(None) if !is_new => None,
            _ => now,
        };
        match seen {
            Some(template) => template.clone(),
            None => TemplateSeed::new(&self.seed, index).template(&self.seed, self.account),
        }
    }

    /// The launch template with this id, if it is there, and its index.
    pub(crate) fn find_template(&self, id: u64) -> Option<(u64, Template)> {
        let index = self.seed.templates.index(id).filter(|index| *index < self.templates())?;
        Some((index, self.template(index))).filter(|(_, template)| !template.is_deleted)
    }

    /// The launch template of this name, if there is one, and its index.
    pub(crate) fn find_template_named(&self, name: &str) -> Option<(u64, Template)> {
        (0..self.templates())
            .map(|index| (index, self.template(index)))
            .find(|(_, template)| template.name == name && !template.is_deleted)
    }

    /// Puts a launch template at `index`, in place of the one that is there or behind the last.
    pub(crate) fn put_template(&mut self, index: u64, template: Template) {
        let real = self.real;
        let changes = self.change();
        let was = changes.templates.insert(index, template);
        changes.before.templates.insert(index, (real, was));
        changes.before.last = Some(real);
    }

    /// The group at `index` as calls left it, if one changed it and the reader sees that.
    pub(super) fn changed_group(&self, index: u64) -> Option<&Group> {
        let changes = self.changed()?;
        match self.late(changes.before.groups.get(&index)) {
            Some(Some(group)) => Some(group),
            Some(None) if index < self.seed.groups => None,
            _ => changes.groups.get(&index),
        }
    }

    /// Puts a group at its index, in place of the one that is there or behind the last.
    pub(crate) fn put_group(&mut self, group: Group) {
        let (real, index) = (self.real, group.index);
        let changes = self.change();
        let was = changes.groups.insert(index, group);
        changes.before.groups.insert(index, (real, was));
        changes.before.last = Some(real);
    }

    /// How many launch configurations there are.
    pub(crate) fn configurations(&self) -> u64 {
        let made = self.changed().map_or(0, |it| it.configurations.len() as u64);
        self.seed.configurations() + made
    }

    /// The launch configuration at `index`, which must be below [`Stock::configurations`].
    pub(crate) fn configuration(&self, index: u64) -> Configuration {
        let made = index.checked_sub(self.seed.configurations());
        let made = made.and_then(|made| self.changed()?.configurations.get(made as usize));
        made.cloned().unwrap_or_else(|| {
            ConfigurationSeed::new(&self.seed, index).configuration(&self.seed, self.account)
        })
    }

    /// The launch configuration of this name, if there is one, and its index.
    pub(crate) fn find_configuration(&self, name: &str) -> Option<(u64, Configuration)> {
        (0..self.configurations())
            .map(|index| (index, self.configuration(index)))
            .filter(|(index, _)| !self.is_deleted_configuration(*index))
            .find(|(_, configuration)| configuration.name == name)
    }

    /// Whether the launch configuration at `index` was deleted.
    pub(crate) fn is_deleted_configuration(&self, index: u64) -> bool {
        self.changed().is_some_and(|changes| changes.deleted_configurations.contains(&index))
    }

    /// Deletes the launch configuration at `index`.
    pub(crate) fn delete_configuration(&mut self, index: u64) {
        self.change().deleted_configurations.insert(index);
    }

    /// Adds a launch configuration.
    pub(crate) fn add_configuration(&mut self, configuration: Configuration) {
        self.change().configurations.push(configuration);
    }

    /// The images that exist: Amazon's and the account's own, disabled and deprecated ones included.
    pub(crate) fn images(&self) -> Vec<Image> {
        let changes = self.changed();
        let before = self.late(changes.and_then(|it| it.before.images.as_ref()));
        let seen = before.cloned().or_else(|| Some(changes?.images.clone()));
        seen.flatten().unwrap_or_else(|| image::computed(&self.seed))
    }

    /// The image with this id, if it exists.
    pub(crate) fn find_image(&self, id: u64) -> Option<Image> {
        self.images().into_iter().find(|image| image.id == id)
    }

    /// Replaces the images.
    pub(crate) fn put_images(&mut self, images: Vec<Image>) {
        let real = self.real;
        let changes = self.change();
        changes.before.images = Some((real, changes.images.replace(images)));
        changes.before.last = Some(real);
    }

    /// The account's metadata defaults in the region.
    pub(crate) fn defaults(&self) -> Defaults {
        let changes = self.changed();
        let before = self.late(changes.and_then(|it| it.before.defaults.as_ref()));
        let seen = before.copied().or_else(|| Some(changes?.defaults));
        seen.flatten().unwrap_or(self.seed.defaults)
    }

    /// Replaces the metadata defaults.
    pub(crate) fn put_defaults(&mut self, defaults: Defaults) {
        let real = self.real;
        let changes = self.change();
        changes.before.defaults = Some((real, changes.defaults.replace(defaults)));
        changes.before.last = Some(real);
    }
}
