//! The sections of a template.

use std::{cell::RefCell, collections::HashMap, ops::Range};

use super::condition::Truth;
use crate::{
    node::{Member, Node},
    source::Source,
};

/// A template and what was already found out about it.
pub(super) struct Template<'a> {
    pub(super) source: &'a Source,
    root: &'a Node,
    /// Conditions by name: one may be asked of every resource.
    pub(super) conditions: RefCell<HashMap<String, Truth>>,
    /// Parts that evaluation went through.
    pub(super) seen: RefCell<Vec<Range<usize>>>,
}

impl<'a> Template<'a> {
    /// None where the document is no template. The Serverless Framework has its template one level down.
    pub(super) fn of(source: &'a Source, document: &'a Node) -> Option<Self> {
        let nested = document.get("resources").map(AsRef::as_ref);
        let root = [Some(document), nested].into_iter().flatten();
        let root =
            root.into_iter().find(|root| root.at(&["Resources"]).is_some_and(Node::is_map))?;
        let (conditions, seen) = (RefCell::default(), RefCell::default());
        Some(Self { source, root, conditions, seen })
    }

    pub(super) fn resources(&self) -> Option<&'a Node> {
        self.root.at(&["Resources"])
    }

    pub(super) fn parameters(&self) -> &'a [Member] {
        self.root.at(&["Parameters"]).map(Node::members).unwrap_or_default()
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&'a Node> {
        self.root.at(&["Parameters", name])
    }

    pub(super) fn mapping(&self, name: &str) -> Option<&'a Node> {
        self.root.at(&["Mappings", name])
    }

    pub(super) fn condition(&self, name: &str) -> Option<&'a Node> {
        self.root.at(&["Conditions", name])
    }
}
