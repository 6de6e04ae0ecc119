//! Who owns an instance, by the tags that AWS services and Kubernetes tooling set on what they launch.
//! What another service owns must not be changed behind its back.

use std::collections::BTreeMap;

/// What Batch writes on what it makes. Its value is the service, not an environment.
const BATCH_SERVICE_TAG: &str = "AWSBatchServiceTag";

/// The owner of a resource with these tags, as `kind:name`, most specific first; none when nobody but
/// the account's people own it.
///
/// Works for instances, for the launch templates and groups that these services make, and for whatever
/// else carries their tags. The tags of EKS, Karpenter, Beanstalk, ECS, Auto Scaling and CloudFormation
/// are documented by those services; those of Batch are seen on what it makes.
pub fn managed_by(tags: &BTreeMap<String, String>) -> Option<String> {
    const BY_KEY: [(&str, &str); 9] = [
        ("eks:nodegroup-name", "eks"),
        ("eks:cluster-name", "eks"),
        ("karpenter.sh/nodepool", "karpenter"),
        ("elasticbeanstalk:environment-name", "beanstalk"),
        ("aws:batch:compute-environment", "batch"),
        (BATCH_SERVICE_TAG, "batch"),
        ("AmazonECSManaged", "ecs"),
        ("aws:autoscaling:groupName", "autoscaling"),
        ("aws:cloudformation:stack-name", "cloudformation"),
    ];
    let by_key = BY_KEY.iter().find_map(|(key, owner)| {
        let name = tags.get(*key)?;
        let nameless = name.is_empty() || *key == BATCH_SERVICE_TAG;
        Some(if nameless { (*owner).to_owned() } else { format!("{owner}:{name}") })
    });
    by_key.or_else(|| {
        let cluster = tags.keys().find_map(|key| key.strip_prefix("kubernetes.io/cluster/"))?;
        Some(format!("kubernetes:{cluster}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(tags: &[(&str, &str)]) -> Option<String> {
        managed_by(&tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn the_most_specific_owner_wins() {
        let group = ("aws:autoscaling:groupName", "asg-1");
        assert_eq!(owner(&[]), None);
        assert_eq!(owner(&[("Name", "web")]), None);
        assert_eq!(owner(&[group]).as_deref(), Some("autoscaling:asg-1"));
        let node = [group, ("eks:cluster-name", "prod"), ("eks:nodegroup-name", "blue")];
        assert_eq!(owner(&node).as_deref(), Some("eks:blue"));
        let beanstalk = [group, ("elasticbeanstalk:environment-name", "shop")];
        assert_eq!(owner(&beanstalk).as_deref(), Some("beanstalk:shop"));
        assert_eq!(owner(&[("AmazonECSManaged", "")]).as_deref(), Some("ecs"));
        let batch = [("AWSBatchServiceTag", "batch"), group];
        assert_eq!(owner(&batch).as_deref(), Some("batch"));
        let self_managed = [("kubernetes.io/cluster/old", "owned")];
        assert_eq!(owner(&self_managed).as_deref(), Some("kubernetes:old"));
    }
}
