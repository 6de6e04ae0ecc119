//! EKS managed node groups, with the launch templates that they launch from. EKS describes one group a
//! call, and lists groups cluster by cluster.

use serde_json::Value;

use super::described::{Describe, Described};
use crate::{
    error::CallError,
    operation::{DESCRIBE_NODEGROUP, LIST_EKS_CLUSTERS, LIST_NODEGROUPS},
    row::{Row, at, items, tags, text_at},
    tables::{AWS_EC2_LAUNCH_TEMPLATE_USE, AWS_EKS_NODE_GROUP, Table},
    unit::{TemplateUse, Unit},
    wire::Parameters,
};

/// What is missing when a cluster or a group cannot be read.
const TABLES: [&Table; 2] = [&AWS_EKS_NODE_GROUP, &AWS_EC2_LAUNCH_TEMPLATE_USE];

/// Reads all node groups of all clusters.
pub(crate) async fn node_groups(unit: &mut Unit<'_>) -> Result<(), CallError> {
    let clusters = unit.list(&LIST_EKS_CLUSTERS, Parameters::new(), &["clusters"]).await?;
    let clusters: Vec<&str> = clusters.iter().filter_map(Value::as_str).collect();
    let groups = Describe {
        operation: &LIST_NODEGROUPS,
        member: "nodegroups",
        gone: is_gone,
        tables: &TABLES,
    };
    let asked = clusters.iter().map(|cluster| Parameters::new().with("name", *cluster)).collect();
    let listed = unit.list_each(&groups, asked).await;
    let named = clusters.iter().zip(&listed).flat_map(|(cluster, groups)| {
        let names = groups.iter().filter_map(Value::as_str);
        names.map(|name| Parameters::new().with("name", *cluster).with("nodegroupName", name))
    });
    let describe = Describe {
        operation: &DESCRIBE_NODEGROUP,
        member: "nodegroup",
        gone: is_gone,
        tables: &TABLES,
    };
    let described = unit.describe_each(&describe, named.collect()).await;
    let answers: Vec<Value> = described.into_iter().filter_map(Described::answer).collect();
    let groups: Vec<&Value> = answers.iter().map(|answer| at(answer, &["nodegroup"])).collect();
    let rows: Vec<Row> = groups.iter().map(|group| row(unit, group)).collect();
    unit.append(&AWS_EKS_NODE_GROUP, &rows);
    unit.found.uses.extend(groups.iter().filter_map(|group| used(group)));
    Ok(())
}

fn is_gone(error: &CallError) -> bool {
    error.code == "ResourceNotFoundException"
}

fn row(unit: &Unit<'_>, group: &Value) -> Row {
    let scaling = items(at(group, &["resources", "autoScalingGroups"]));
    let scaling: Vec<Value> = scaling.iter().map(|group| at(group, &["name"]).clone()).collect();
    unit.row(&AWS_EKS_NODE_GROUP)
        .take(
            group,
            &[
                ("arn", "nodegroupArn"),
                ("cluster_name", "clusterName"),
                ("node_group_name", "nodegroupName"),
                ("status", "status"),
                ("ami_type", "amiType"),
                ("release_version", "releaseVersion"),
            ],
        )
        .take(
            at(group, &["launchTemplate"]),
            &[
                ("launch_template_id", "id"),
                ("launch_template_name", "name"),
                ("launch_template_version", "version"),
            ],
        )
        .set("autoscaling_groups", scaling)
        .set("tags", tags(at(group, &["tags"])))
}

/// What a group launches from, where it was made with a template of its owner's.
fn used(group: &Value) -> Option<TemplateUse> {
    let template = at(group, &["launchTemplate"]);
    let text = |name: &str| text_at(template, &[name]).map(str::to_owned);
    template.is_object().then(|| TemplateUse {
        launcher: text_at(group, &["nodegroupArn"]).unwrap_or_default().to_owned(),
        kind: "eks-node-group",
        name: text_at(group, &["nodegroupName"]).map(str::to_owned),
        part: "launch template".to_owned(),
        active: text_at(group, &["status"]) != Some("DELETING"),
        template_id: text("id"),
        template_name: text("name"),
        version: text("version"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{read::scene::Scene, tables::SCAN_ERROR};

    const DENIED: &str = r#"{"__type":"AccessDeniedException","message":"no"}"#;

    fn group(name: &str, more: &Value) -> Value {
        let mut group = json!({
            "nodegroupName": name, "clusterName": "prod", "version": "1.31", "releaseVersion": "1.31.0-20260301",
            "nodegroupArn": format!("arn:aws:eks:eu-west-1:111122223333:nodegroup/prod/{name}/1"),
            "createdAt": 1_527_808_950.0, "status": "ACTIVE", "amiType": "AL2023_x86_64_STANDARD",
            "resources": {"autoScalingGroups": [{"name": "eks-1"}]}, "tags": {"team": "a"},
        });
        for (name, value) in more.as_object().unwrap() {
            group[name] = value.clone();
        }
        json!({"nodegroup": group})
    }

    #[tokio::test]
    async fn groups_become_rows_and_uses() {
        let template = json!({"launchTemplate": {"name": "nodes", "version": "4", "id": "lt-1"}, "status": "DELETING"});
        let scene = Scene::new()
            .on(&["GET /clusters?maxResults=100&nextToken=2"], &json!({"clusters": ["test"]}))
            .on(&["GET /clusters?"], &json!({"clusters": ["prod"], "nextToken": "2"}))
            .on(
                &["GET /clusters/prod/node-groups?"],
                &json!({"nodegroups": ["a", "b", "c"], "nextToken": null}),
            )
            .on(&["GET /clusters/test/node-groups?"], &json!({"nodegroups": []}))
            .on(&["GET /clusters/prod/node-groups/a "], &group("a", &json!({})))
            .answers(
                &["GET /clusters/prod/node-groups/b "],
                404,
                r#"{"__type":"ResourceNotFoundException"}"#,
            )
            .on(&["GET /clusters/prod/node-groups/c "], &group("c", &template));
        let mut unit = scene.unit();
        node_groups(&mut unit).await.unwrap();
        assert_eq!(
            scene.rows(&AWS_EKS_NODE_GROUP),
            json!([
                {"arn": "arn:aws:eks:eu-west-1:111122223333:nodegroup/prod/a/1", "cluster_name": "prod",
                 "node_group_name": "a", "status": "ACTIVE", "ami_type": "AL2023_x86_64_STANDARD",
                 "release_version": "1.31.0-20260301", "autoscaling_groups": ["eks-1"], "tags": {"team": "a"}},
                {"arn": "arn:aws:eks:eu-west-1:111122223333:nodegroup/prod/c/1", "cluster_name": "prod",
                 "node_group_name": "c", "status": "DELETING", "ami_type": "AL2023_x86_64_STANDARD",
                 "release_version": "1.31.0-20260301", "autoscaling_groups": ["eks-1"], "tags": {"team": "a"},
                 "launch_template_id": "lt-1", "launch_template_name": "nodes", "launch_template_version": "4"},
            ])
        );
        let [used] = &unit.found.uses[..] else { panic!("{:?}", unit.found.uses) };
        assert_eq!(
            (used.kind, used.active, used.version.as_deref()),
            ("eks-node-group", false, Some("4"))
        );
        assert_eq!(
            (used.template_id.as_deref(), used.template_name.as_deref()),
            (Some("lt-1"), Some("nodes"))
        );
        assert_eq!(scene.rows(&SCAN_ERROR), json!([]));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_a_gap_and_the_rest_goes_on() {
        let scene = Scene::new()
            .on(&["GET /clusters?"], &json!({"clusters": ["closed", "gone", "prod"]}))
            .answers(&["GET /clusters/closed/"], 403, DENIED)
            .answers(&["GET /clusters/gone/"], 404, r#"{"__type":"ResourceNotFoundException"}"#)
            .on(&["GET /clusters/prod/node-groups?"], &json!({"nodegroups": ["a", "b", "c"]}))
            .on(&["GET /clusters/prod/node-groups/c "], &group("c", &json!({})))
            .answers(&["GET /clusters/prod/node-groups/"], 403, DENIED);
        node_groups(&mut scene.unit()).await.unwrap();
        assert_eq!(scene.rows(&AWS_EKS_NODE_GROUP)[0]["node_group_name"], "c");
        let errors = scene.rows(&SCAN_ERROR);
        let errors: Vec<_> = errors.as_array().unwrap().iter().collect();
        let told: Vec<_> = errors
            .iter()
            .map(|e| (e["operation"].as_str().unwrap(), e["table_name"].as_str().unwrap()))
            .collect();
        assert_eq!(
            told,
            [
                ("eks:ListNodegroups", "aws_eks_node_group"),
                ("eks:ListNodegroups", "aws_ec2_launch_template_use"),
                ("eks:DescribeNodegroup", "aws_eks_node_group"),
                ("eks:DescribeNodegroup", "aws_ec2_launch_template_use"),
            ]
        );
        assert_eq!(errors[2]["message"], "no (and 1 more like it)");
    }
}
