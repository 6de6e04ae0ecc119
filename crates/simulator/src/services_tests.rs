//! The other services that launch machines, from the signature to the answer.

use serde_json::{Value, json};

use super::client::{Client, Credentials, NOW, element};
use super::*;
use crate::cbor;
use crate::config::Config;
use crate::world::Unit;
use crate::world::ids;
use crate::world::owner::Owner;

const REGION: &str = "us-east-1";
const UNIT: Unit = Unit { account: 0, region: 0 };

fn client() -> Client {
    Client::new(Config { instances: 6_000, ..Config::default() })
}

fn refused(code: &str) -> (u16, String) {
    (400, code.to_owned())
}

#[test]
fn rest_operations_are_called_by_path() {
    let client = client();
    let user = client.user();
    let eks = |path: &str, query: &str| client.rest(&user, Service::Eks, ["GET", path, query], "");
    assert_eq!(eks("/clusters", "").json()["clusters"].as_array().unwrap().len(), 4);
    let first = eks("/clusters", "maxResults=3").json();
    let token = first["nextToken"]
        .as_str()
        .unwrap()
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    let rest = eks("/clusters", &format!("maxResults=3&nextToken={token}")).json();
    assert_eq!(rest, json!({ "clusters": ["ml"] }));
    let invalid = refused("InvalidParameterException");
    assert_eq!(eks("/clusters", "maxResults=0").error(), invalid);
    assert_eq!(eks("/clusters", "maxResults=many").error(), refused("SerializationException"));
    assert_eq!(eks("/clusters", "include=all").error(), invalid);
    let missing = (404, "ResourceNotFoundException".to_owned());
    assert_eq!(eks("/clusters/a%2Fb%20c", "").error(), missing);
    assert_eq!(eks("/clusters/nobody/node-groups", "").error(), missing);
    let nothing = (404, "UnknownOperationException".to_owned());
    assert_eq!(eks("/clusters/shop/addons", "").error(), nothing);
    assert_eq!(eks("/clusters/", "").error(), nothing);
    let wrong = Credentials { secret: "wrong".into(), ..user.clone() };
    let reply = client.rest(&wrong, Service::Eks, ["GET", "/clusters", ""], "");
    assert_eq!(reply.error(), (403, "InvalidSignatureException".into()));
    let batch = ["POST", "/v1/describecomputeenvironments", ""];
    assert_eq!(
        client.rest(&user, Service::Batch, batch, "no json").error(),
        refused("SerializationException")
    );
    assert_eq!(client.rest(&user, Service::Batch, batch, "").status, 200);
}

#[test]
fn documents_with_unknown_members_are_refused() {
    let client = client();
    let sorted = json!({ "SortBy": "Name" });
    let reply = client.document(Service::SageMaker, "ListNotebookInstances", &sorted);
    assert_eq!(reply.error(), refused("ValidationException"));
    let reply = client.document(Service::Ecs, "ListClusters", &json!({ "maxResults": "5" }));
    assert_eq!(reply.error(), refused("SerializationException"));
    let reply = client.rpc(&client.user(), Service::AppStream, "DescribeFleets", vec![0x01]);
    let body = cbor::read(&reply.body).unwrap();
    assert_eq!(
        (reply.status, &body["__type"]),
        (400, &json!("com.amazonaws.appstream#SerializationException"))
    );
}

/// The values of a field of all entries, sorted as text.
fn values(entries: &[Value], pointer: &str) -> Vec<String> {
    let mut values: Vec<String> = entries
        .iter()
        .map(|entry| entry.pointer(pointer).map_or_else(|| "unset".to_owned(), ToString::to_string))
        .collect();
    values.sort();
    values
}

#[test]
fn every_service_has_the_good_the_bad_and_the_unset() {
    let client = client();
    let page = ["NotebookInstances", "NextToken", "NextToken"];
    let (notebooks, pages) =
        client.all(Service::SageMaker, "ListNotebookInstances", &json!({}), page);
    assert_eq!((notebooks.len(), pages), (12, 2));
    let notebooks: Vec<Value> = notebooks
        .iter()
        .map(|notebook| {
            let input = json!({ "NotebookInstanceName": notebook["NotebookInstanceName"] });
            client.document(Service::SageMaker, "DescribeNotebookInstance", &input).json()
        })
        .collect();
    let pointer = "/InstanceMetadataServiceConfiguration/MinimumInstanceMetadataServiceVersion";
    let versions = values(&notebooks, pointer);
    assert_eq!(versions, [vec!["\"1\""; 4], vec!["\"2\""; 6], vec!["unset"; 2]].concat());

    let page = ["instances", "pageToken", "nextPageToken"];
    let (machines, pages) = client.all(Service::Lightsail, "GetInstances", &json!({}), page);
    assert_eq!(pages, 3);
    let tokens = values(&machines, "/metadataOptions/httpTokens");
    assert_eq!(tokens, [vec!["\"optional\""; 3], vec!["\"required\""; 3], vec!["unset"]].concat());

    let operations = [
        ("DescribeFleets", "Fleets"),
        ("DescribeImageBuilders", "ImageBuilders"),
        ("DescribeAppBlockBuilders", "AppBlockBuilders"),
    ];
    for (name, list) in operations {
        let page = [list, "NextToken", "NextToken"];
        let (found, pages) = client.all(Service::AppStream, name, &json!({}), page);
        let mut disabled = values(&found, "/DisableIMDSV1");
        disabled.dedup();
        assert_eq!((pages, disabled), (2, vec!["false".into(), "true".into(), "unset".into()]));
    }

    let page = ["SecurityConfigurations", "Marker", "Marker"];
    let (configurations, _) =
        client.all(Service::Emr, "ListSecurityConfigurations", &json!({}), page);
    let documents: Vec<Value> = configurations
        .iter()
        .map(|configuration| {
            let input = json!({ "Name": configuration["Name"] });
            let answer =
                client.document(Service::Emr, "DescribeSecurityConfiguration", &input).json();
            serde_json::from_str(answer["SecurityConfiguration"].as_str().unwrap()).unwrap()
        })
        .collect();
    assert_eq!(values(&documents, pointer), ["1", "2", "2", "unset"]);
}

#[test]
fn emr_lists_clusters_by_fifty() {
    let client = client();
    let page = ["Clusters", "Marker", "Marker"];
    let (clusters, pages) = client.all(Service::Emr, "ListClusters", &json!({}), page);
    assert_eq!((clusters.len(), pages), (57, 2));
    let states = json!({ "ClusterStates": ["RUNNING", "WAITING"] });
    let (alive, _) = client.all(Service::Emr, "ListClusters", &states, page);
    assert_eq!(alive.len(), 4);
    let made_with: Vec<Value> = clusters
        .iter()
        .map(|cluster| {
            let input = json!({ "ClusterId": cluster["Id"] });
            client.document(Service::Emr, "DescribeCluster", &input).json()["Cluster"].clone()
        })
        .collect();
    let mut names = values(&made_with, "/SecurityConfiguration");
    names.dedup();
    assert_eq!(names.len(), 5);
}

#[test]
fn beanstalk_answers_in_pages_only_when_asked() {
    let client = client();
    let user = client.user();
    let ask =
        |form: &str| client.call(&user, Service::Beanstalk, REGION, "DescribeEnvironments", form);
    let text = ask("").text();
    assert_eq!(text.matches("<EnvironmentName>").count(), 4);
    assert!(!text.contains("NextToken"));
    let first = ask("MaxRecords=3").text();
    let token = element(&first, "NextToken").replace('+', "%2B");
    let rest = ask(&format!("MaxRecords=3&NextToken={token}")).text();
    assert_eq!(rest.matches("<EnvironmentName>").count(), 1);
    assert_eq!(ask("MaxRecords=0").error(), refused("InvalidParameterValue"));
    let settings = |application: &str, environment: &str| {
        let form = format!("ApplicationName={application}&EnvironmentName={environment}");
        client.call(&user, Service::Beanstalk, REGION, "DescribeConfigurationSettings", &form)
    };
    let option = "<OptionName>DisableIMDSv1</OptionName>";
    let values = [
        ("Shop", "Shop-prod-env", "<Value>true</Value>"),
        ("Intranet", "Intranet-env", "<Value>false</Value>"),
        ("Api", "Api-v1-env", "</member>"),
    ];
    for (application, environment, value) in values {
        let text = settings(application, environment).text();
        assert!(text.contains(&format!("{option}{value}")), "{text}");
    }
    assert_eq!(settings("Shop", "Intranet-env").error(), refused("InvalidParameterValue"));
}

#[test]
fn image_builder_shows_the_options_one_by_one() {
    let client = client();
    let user = client.user();
    let list = ["POST", "/ListInfrastructureConfigurations", ""];
    let listed = client.rest(&user, Service::ImageBuilder, list, r#"{"maxResults":100}"#).json();
    let listed = listed["infrastructureConfigurationSummaryList"].as_array().unwrap().clone();
    let get = |arn: &str| {
        let query = format!(
            "infrastructureConfigurationArn={}",
            arn.replace(':', "%3A").replace('/', "%2F")
        );
        let line = ["GET", "/GetInfrastructureConfiguration", query.as_str()];
        client.rest(&user, Service::ImageBuilder, line, "")
    };
    let found: Vec<Value> =
        listed.iter().map(|summary| get(summary["arn"].as_str().unwrap()).json()).collect();
    let tokens = values(&found, "/infrastructureConfiguration/instanceMetadataOptions/httpTokens");
    assert_eq!(tokens, ["\"optional\"", "\"required\"", "\"required\"", "unset", "unset"]);
    assert_eq!(
        get("arn:aws:imagebuilder:us-east-1:1:infrastructure-configuration/x").error(),
        refused("InvalidRequestException")
    );
}

#[test]
fn containers_name_templates_and_groups_that_exist() {
    let client = Client::new(Config { accounts: 1, instances: 20_000, ..Config::default() });
    let user = client.user();
    let eks = |path: &str| client.rest(&user, Service::Eks, ["GET", path, ""], "").json();
    let mut node_groups = Vec::new();
    for cluster in ["platform", "shop", "data", "ml"] {
        let names = eks(&format!("/clusters/{cluster}/node-groups"));
        for name in names["nodegroups"].as_array().unwrap() {
            let path = format!("/clusters/{cluster}/node-groups/{}", name.as_str().unwrap());
            node_groups.push(eks(&path)["nodegroup"].clone());
        }
    }
    let providers = ["capacityProviders", "nextToken", "nextToken"];
    let (providers, pages) = client.all(
        Service::Ecs,
        "DescribeCapacityProviders",
        &json!({ "maxResults": 5 }),
        providers,
    );
    assert_eq!((providers.len(), pages), (14, 3));
    let batch = ["POST", "/v1/describecomputeenvironments", ""];
    let batch = client.rest(&user, Service::Batch, batch, "{}").json();
    let environments = batch["computeEnvironments"].as_array().unwrap();

    let stock = client.cloud.world.stock(UNIT, NOW);
    let groups: Vec<String> = (0..stock.groups()).map(|index| stock.group_name(index)).collect();
    let own: Vec<(String, String)> = (0..stock.templates())
        .map(|index| stock.template(index))
        .filter(|template| template.owner == Owner::Nobody)
        .map(|template| (ids::text("lt-", template.id), template.name))
        .collect();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut with_template = 0;
    for group in &node_groups {
        assert!(groups.contains(&text(&group["resources"]["autoScalingGroups"][0]["name"])));
        if let Some(template) = group.get("launchTemplate") {
            assert!(own.contains(&(text(&template["id"]), text(&template["name"]))));
            with_template += 1;
        }
    }
    assert!(with_template > 0 && with_template < node_groups.len());
    for provider in &providers[2..] {
        let arn = text(&provider["autoScalingGroupProvider"]["autoScalingGroupArn"]);
        let (_, name) = arn.split_once(":autoScalingGroupName/").unwrap();
        assert!(groups.iter().any(|group| group == name));
    }
    let named: Vec<&Value> =
        environments.iter().filter_map(|it| it["computeResources"].get("launchTemplate")).collect();
    assert_eq!(named.len(), 5);
    for template in named {
        let (id, name) =
            (text(&template["launchTemplateId"]), text(&template["launchTemplateName"]));
        assert!(own.iter().any(|known| known.0 == id || known.1 == name));
    }
}

#[test]
fn unsigned_requests_are_refused_in_the_service_s_own_words() {
    const CODE: &str = "MissingAuthenticationTokenException";
    let client = client();
    let send = |method: &str, path: &str, header: Option<(&'static str, &'static str)>| {
        let mut headers = http::HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, http::HeaderValue::from_static(value));
        }
        let (method, path) = (method.into(), path.into());
        let body = bytes::Bytes::new();
        client.send(&Request { method, path, query: String::new(), headers, body })
    };
    assert_eq!(send("GET", "/clusters/shop", None).error(), (403, CODE.into()));
    let target = Some(("x-amz-target", "SageMaker.ListNotebookInstances"));
    assert_eq!(send("POST", "/", target).error(), refused(CODE));
    let path = "/service/GraniteServiceVersion20100801/operation/ListMetrics";
    let reply = send("POST", path, Some(("smithy-protocol", "rpc-v2-cbor")));
    let body = cbor::read(&reply.body).unwrap();
    assert_eq!(body["__type"], format!("com.amazonaws.cloudwatch#{CODE}"));
}
