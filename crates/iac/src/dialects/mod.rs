//! The dialects: one folder each, with reader, repair, tests and page. A new one is its folder, its line
//! here, and its line in the list.

use crate::dialect::Dialect;

mod ansible;
mod beanstalk;
mod cloudformation;
mod clusterapi;
mod eksctl;
mod karpenter;
mod kops;
mod packer;
mod policy;
mod pulumi;
mod shell;
mod terraform;

/// All of them. The order has no meaning.
pub static DIALECTS: &[&dyn Dialect] = &[
    &cloudformation::DIALECT,
    &ansible::DIALECT,
    &beanstalk::DIALECT,
    &clusterapi::DIALECT,
    &eksctl::DIALECT,
    &karpenter::DIALECT,
    &kops::DIALECT,
    &packer::DIALECT,
    &policy::DIALECT,
    &pulumi::DIALECT,
    &shell::DIALECT,
    &terraform::DIALECT,
    // The end.
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_folder_is_in_the_list_and_has_a_page() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/dialects");
        let folders: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        let names = DIALECTS.iter().map(|dialect| dialect.name().to_owned()).collect();
        assert_eq!(folders, names);
        for dialect in DIALECTS {
            assert!(dialect.page().starts_with("# "), "{}", dialect.name());
        }
    }
}
