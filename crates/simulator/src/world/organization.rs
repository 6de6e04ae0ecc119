//! The organization's tree: root, organizational units, and where an account hangs.

use crate::crypto;

/// The units of the tree, by their place in [`Organization::units`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Root,
    Security,
    Infrastructure,
    Production,
    Development,
    Sandbox,
}

/// An organizational unit.
pub(crate) struct OrganizationalUnit {
    /// `ou-` ROOT `-` eight characters.
    pub(crate) id: String,
    pub(crate) name: &'static str,
    /// The id of the unit or root above it.
    pub(crate) parent: String,
    /// Ids from the organization down to the unit, each with a slash behind it.
    pub(crate) path: String,
    place: Option<Place>,
}

/// The organization itself.
pub(crate) struct Organization {
    /// `o-` and ten characters.
    pub(crate) id: String,
    /// `r-` and four characters.
    pub(crate) root: String,
    pub(crate) units: Vec<OrganizationalUnit>,
}

impl Organization {
    pub(crate) fn new(seed: u64) -> Self {
        let letters = |label: &str, count| {
            crypto::key_letters(&seed.to_be_bytes(), label, count).to_lowercase()
        };
        let suffix = letters("root", 4);
        let mut organization = Self {
            id: format!("o-{}", letters("organization", 10)),
            root: format!("r-{suffix}"),
            units: Vec::new(),
        };
        let mut add = |name: &'static str, above: Option<usize>, place: Option<Place>| {
            let parent = above.map(|above| &organization.units[above]);
            let base = parent.map_or_else(
                || format!("{}/{}/", organization.id, organization.root),
                |unit| unit.path.clone(),
            );
            let id = format!("ou-{suffix}-{}", letters(&format!("{base}{name}"), 8));
            let unit = OrganizationalUnit {
                path: format!("{base}{id}/"),
                parent: parent.map_or_else(|| organization.root.clone(), |unit| unit.id.clone()),
                id,
                name,
                place,
            };
            organization.units.push(unit);
            organization.units.len() - 1
        };
        add("Security", None, Some(Place::Security));
        add("Infrastructure", None, Some(Place::Infrastructure));
        let workloads = add("Workloads", None, None);
        add("Prod", Some(workloads), Some(Place::Production));
        add("Dev", Some(workloads), Some(Place::Development));
        add("Sandbox", None, Some(Place::Sandbox));
        organization
    }

    /// The unit at a place; none for the root.
    pub(crate) fn unit(&self, place: Place) -> Option<&OrganizationalUnit> {
        self.units.iter().find(|unit| unit.place == Some(place))
    }

    /// The id of the unit or root that accounts of this place hang under.
    pub(crate) fn parent_id(&self, place: Place) -> &str {
        self.unit(place).map_or(&self.root, |unit| &unit.id)
    }

    /// The path of an account: ids from the organization down, each with a slash behind it.
    pub(crate) fn account_path(&self, place: Place, account: &str) -> String {
        match self.unit(place) {
            Some(unit) => format!("{}{account}/", unit.path),
            None => format!("{}/{}/{account}/", self.id, self.root),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_has_ids_of_aws_s_form() {
        let organization = Organization::new(1);
        assert_eq!(organization.id.len(), 12);
        assert_eq!(organization.root.len(), 6);
        let prod = organization.unit(Place::Production).unwrap();
        assert!(prod.id.starts_with(&format!("ou-{}-", &organization.root[2..])));
        assert_eq!(prod.path.split('/').count(), 5);
        assert_eq!(organization.parent_id(Place::Root), organization.root);
        let path = organization.account_path(Place::Root, "111122223333");
        assert_eq!(path, format!("{}/{}/111122223333/", organization.id, organization.root));
    }
}
