"""What boto3 sees of the simulator's organization policies, of CloudWatch and of the other services that launch machines.

Asserts as it goes, against a simulator of 12 accounts or more with some hundred instances in us-east-1. CloudWatch is spoken to in each of its
three protocols, AppStream in both of its. Prints one JSON object with what it counted.
"""

import datetime
import json
import os
from unittest.mock import patch

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import ServiceModel

REGION = "us-east-1"
# A second try would hide an answer that only fails at first.
ONCE = Config(retries={"total_max_attempts": 1})
NOW = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
DAY = datetime.timedelta(days=1)


def client(service, region=REGION, **keys):
    return boto3.client(service, region_name=region, config=ONCE, **keys)


def speaking(protocol, service):
    """A client that uses this one of the service's protocols and not the one botocore prefers."""
    with patch.object(ServiceModel, "resolved_protocol", protocol):
        made = client(service)
    # Answers are parsed by what the model says when they come.
    vars(made.meta.service_model)["resolved_protocol"] = protocol
    return made


def error(call, **arguments):
    try:
        call(**arguments)
    except ClientError as refused:
        return refused.response["Error"]["Code"]
    return "answered"


def assumed(account, role="imdsure-read", **more):
    arn = f"arn:aws:iam::{account}:role/{role}"
    keys = client("sts").assume_role(RoleArn=arn, RoleSessionName="checks", **more)["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }


def pages(on, operation, field, **arguments):
    """All entries, and the number of pages."""
    found = list(on.get_paginator(operation).paginate(**arguments))
    return [entry for page in found for entry in page[field]], len(found)


# Organizations.
org = client("organizations")
types = org.list_roots()["Roots"][0]["PolicyTypes"]
assert {t["Type"] for t in types} == {"SERVICE_CONTROL_POLICY", "DECLARATIVE_POLICY_EC2"}
scps, _ = pages(org, "list_policies", "Policies", Filter="SERVICE_CONTROL_POLICY")
ec2_policies, several = pages(
    org, "list_policies", "Policies", Filter="DECLARATIVE_POLICY_EC2", PaginationConfig={"PageSize": 2}
)
assert several > 1 and [p["Name"] for p in scps if p["AwsManaged"]] == ["FullAWSAccess"]
assert org.list_policies(Filter="TAG_POLICY")["Policies"] == []
assert error(org.list_policies, Filter="NO_POLICY") == "InvalidInputException"
attached = {}
for policy in scps + ec2_policies:
    described = org.describe_policy(PolicyId=policy["Id"])["Policy"]
    assert described["PolicySummary"] == policy and json.loads(described["Content"])
    targets, _ = pages(org, "list_targets_for_policy", "Targets", PolicyId=policy["Id"])
    attached[policy["Name"]] = [t["Name"] for t in targets]
    for target in targets[:8]:
        back, _ = pages(
            org, "list_policies_for_target", "Policies", TargetId=target["TargetId"], Filter=policy["Type"]
        )
        assert policy in back
accounts, _ = pages(org, "list_accounts", "Accounts")
by_name = {a["Name"]: a["Id"] for a in accounts}
assert len(attached["FullAWSAccess"]) == 1 + 7 + len(accounts)
assert attached["RequireImdsV2"] == ["Prod"] and attached["KeepImdsV2"] == ["Dev"]
assert error(org.describe_policy, PolicyId="p-0123456789") == "PolicyNotFoundException"
assert error(org.list_policies_for_target, TargetId="999999999999", Filter="SERVICE_CONTROL_POLICY") == "TargetNotFoundException"


def effective(by, **target):
    answer = by.describe_effective_policy(PolicyType="DECLARATIVE_POLICY_EC2", **target)["EffectivePolicy"]
    return json.loads(answer["PolicyContent"])["ec2_attributes"].get("instance_metadata_defaults")


assert effective(org, TargetId=by_name["shop-prod"])["http_tokens"] == "required"
assert effective(org, TargetId=by_name["payments-prod"])["http_put_response_hop_limit"] == "1"
assert effective(org, TargetId=by_name["data-platform-prod"])["http_tokens"] == "optional"
assert effective(org, TargetId=by_name["network-hub"]) is None
assert error(
    org.describe_effective_policy, PolicyType="DECLARATIVE_POLICY_EC2", TargetId=by_name["shop-dev"]
) == "EffectivePolicyNotFoundException"
member = client("organizations", **assumed(by_name["shop-prod"]))
assert effective(member)["http_tokens"] == "required"
assert error(member.describe_effective_policy, PolicyType="DECLARATIVE_POLICY_EC2", TargetId=by_name["shop-dev"]) == "AccessDeniedException"
assert error(member.list_policies, Filter="SERVICE_CONTROL_POLICY") == "AccessDeniedException"
assert error(member.list_delegated_administrators) == "AccessDeniedException"
[delegated] = org.list_delegated_administrators()["DelegatedAdministrators"]
assert org.list_delegated_administrators(ServicePrincipal="backup.amazonaws.com")["DelegatedAdministrators"] == []
assert len(org.list_delegated_services_for_account(AccountId=delegated["Id"])["DelegatedServices"]) == 2
keys = assumed(delegated["Id"])
delegate = client("organizations", **keys)
assert pages(delegate, "list_accounts", "Accounts")[0] == accounts
assert effective(delegate, TargetId=by_name["shop-prod"])["http_tokens"] == "required"
chained = client("sts", **keys)
arn = f"arn:aws:iam::{by_name['shop-dev']}:role/imdsure-read"
chained.assume_role(RoleArn=arn, RoleSessionName="chained")
assert error(chained.assume_role, RoleArn=arn, RoleSessionName="chained", DurationSeconds=3601) == "ValidationError"
for name in ["shop-prod", "network-hub", "shop-dev"]:
    level = client("ec2", **assumed(by_name[name])).get_instance_metadata_defaults()["AccountLevel"]
    assert (level.get("ManagedBy") == "declarative-policy") == (name == "shop-prod"), name
if "CloseRegion" in attached:
    [closing] = [p for p in scps if p["Name"] == "CloseRegion"]
    content = json.loads(org.describe_policy(PolicyId=closing["Id"])["Policy"]["Content"])
    [region] = content["Statement"][0]["Condition"]["StringEquals"]["aws:RequestedRegion"]
    there = assumed(by_name["shop-dev"])
    assert error(client("ec2", region, **there).describe_instances) == "UnauthorizedOperation"
    assert error(client("eks", region, **there).list_clusters) == "AccessDeniedException"
    assert error(client("ec2", region, **assumed(by_name["shop-prod"])).describe_instances) == "answered"

# CloudWatch.
ec2 = client("ec2")
reservations, _ = pages(ec2, "describe_instances", "Reservations")
instances = {i["InstanceId"]: i for r in reservations for i in r["Instances"]}


def query(name, instance, metric="MetadataNoToken", stat="Sum", period=3600):
    dimensions = [{"Name": "InstanceId", "Value": instance}]
    described = {"Namespace": "AWS/EC2", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": described, "Period": period, "Stat": stat}}


def data(on, queries, days=14, **more):
    """Time and value of every point, by the query's id, merged over pages; and the number of pages."""
    merged, count = {}, 0
    arguments = {"MetricDataQueries": queries, "StartTime": NOW - days * DAY, "EndTime": NOW, **more}
    for page in on.get_paginator("get_metric_data").paginate(**arguments):
        count += 1
        for result in page["MetricDataResults"]:
            merged.setdefault(result["Id"], []).extend(zip(result["Timestamps"], result["Values"]))
    return merged, count


clients = {p: speaking(p, "cloudwatch") for p in ["json", "smithy-rpc-v2-cbor", "query"]}
cloudwatch = clients["smithy-rpc-v2-cbor"]
counting, _ = pages(cloudwatch, "list_metrics", "Metrics", Namespace="AWS/EC2", MetricName="MetadataNoToken")
counting = [m["Dimensions"][0]["Value"] for m in counting]
running = [
    i for i in counting
    if instances[i]["State"]["Name"] == "running" and instances[i]["MetadataOptions"]["HttpTokens"] == "optional"
]
assert running and set(counting) <= set(instances)
some = [query(f"q{n}", i) for n, i in enumerate(running[:20])]
answers = {p: data(on, some) for p, on in clients.items()}
assert answers["json"] == answers["smithy-rpc-v2-cbor"] == answers["query"] and answers["json"][1] == 1
sums = answers["json"][0]
assert all(t.minute == 0 and NOW - 14 * DAY <= t < NOW for points in sums.values() for t, _ in points)
assert any(v == 0 for points in sums.values() for _, v in points)
cut, count = data(cloudwatch, some, MaxDatapoints=1000)
assert cut == sums and count > 1
ascending, _ = data(cloudwatch, some, ScanBy="TimestampAscending")
assert {k: v[::-1] for k, v in ascending.items()} == sums
full = next(i for i in running if len(data(cloudwatch, [query("a", i)], 3)[0]["a"]) == 72)
stats = {s: data(cloudwatch, [query("a", full, stat=s)], 3)[0]["a"] for s in ["Sum", "SampleCount", "Average", "Maximum"]}
assert all(v == 12 for _, v in stats["SampleCount"])
assert [v for _, v in stats["Sum"]] == [12 * v for _, v in stats["Average"]]
fine, _ = data(cloudwatch, [query("a", full, period=300)], 3)
assert sum(v for _, v in fine["a"]) == sum(v for _, v in stats["Sum"])
# Five minutes are kept for 63 days, hours for 455.
assert min(t for t, _ in data(cloudwatch, [query("a", full, period=300)], 80)[0]["a"]) >= NOW - 64 * DAY
day, _ = data(cloudwatch, [query("a", full, period=86400)], 500)
assert len(day["a"]) <= 456
none, _ = data(cloudwatch, [query("a", full, "MetadataNoTokenRejected"), query("b", "i-0123456789abcdef0"), query("c", full, "CPUUtilization")])
assert none == {"a": [], "b": [], "c": []}
still = [i for i, seen in instances.items() if seen["State"]["Name"] in ["stopped", "terminated"]][:20]
metrics = ["MetadataNoToken", "MetadataNoTokenRejected"]
both = [query(f"{m[-1]}{n}", i, m) for n, i in enumerate(still) for m in metrics]
assert still and not any(data(cloudwatch, both)[0].values())
window = {"StartTime": NOW - DAY, "EndTime": NOW}
for on in clients.values():
    refused = [
        error(on.get_metric_data, MetricDataQueries=[query(f"q{n}", full) for n in range(501)], **window),
        error(on.get_metric_data, MetricDataQueries=[query("a", full), query("a", full)], **window),
        error(on.get_metric_data, MetricDataQueries=[query("a", full, period=90)], **window),
        error(on.get_metric_data, MetricDataQueries=[query("A", full)], **window),
        error(on.get_metric_data, MetricDataQueries=[query("a", full)], StartTime=NOW, EndTime=NOW),
    ]
    assert refused == ["ValidationError"] * 5, refused
    assert error(on.get_metric_data, MetricDataQueries=[query("a", full)], NextToken="AAAA", **window) == "InvalidNextToken"
    assert error(on.list_metrics, NextToken="AAAA") == "InvalidParameterValue"
    assert len(on.list_metrics(Dimensions=[{"Name": "InstanceId", "Value": full}])["Metrics"]) == 1
assert len(pages(cloudwatch, "list_metrics", "Metrics", RecentlyActive="PT3H")[0]) > len(running) // 2
assert cloudwatch.list_metrics(Namespace="AWS/Lambda")["Metrics"] == []
bad = client("cloudwatch", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"], aws_secret_access_key="wrong")
assert error(bad.list_metrics) == "InvalidSignatureException"

# SageMaker.
sagemaker = client("sagemaker")
notebooks, several = pages(sagemaker, "list_notebook_instances", "NotebookInstances")
assert several == 2 and len({n["NotebookInstanceName"] for n in notebooks}) == 12
versions = []
for notebook in notebooks:
    described = sagemaker.describe_notebook_instance(NotebookInstanceName=notebook["NotebookInstanceName"])
    options = described.get("InstanceMetadataServiceConfiguration", {})
    versions.append(options.get("MinimumInstanceMetadataServiceVersion"))
assert (versions.count("2"), versions.count("1"), versions.count(None)) == (6, 4, 2)
assert len(sagemaker.list_notebook_instances(StatusEquals="Stopped")["NotebookInstances"]) == 3
assert error(sagemaker.list_notebook_instances, MaxResults=100) == "answered"
assert error(sagemaker.describe_notebook_instance, NotebookInstanceName="nobody") == "ValidationException"

# Elastic Beanstalk.
beanstalk = client("elasticbeanstalk")
environments = beanstalk.describe_environments()["Environments"]
paged = pages(beanstalk, "describe_environments", "Environments", PaginationConfig={"PageSize": 3})
assert paged == (environments, 2) and len(environments) == 4
assert len(beanstalk.describe_applications()["Applications"]) == 4
disabled = {}
for environment in environments:
    settings = beanstalk.describe_configuration_settings(
        ApplicationName=environment["ApplicationName"], EnvironmentName=environment["EnvironmentName"]
    )["ConfigurationSettings"][0]["OptionSettings"]
    [option] = [o for o in settings if o["OptionName"] == "DisableIMDSv1"]
    assert option["Namespace"] == "aws:autoscaling:launchconfiguration"
    disabled[environment["EnvironmentName"]] = option.get("Value")
assert sorted(disabled.values(), key=str) == [None, None, "false", "true"]
assert error(beanstalk.describe_configuration_settings, ApplicationName="Shop", EnvironmentName="nobody") == "InvalidParameterValue"

# EMR.
emr = client("emr")
configurations, _ = pages(emr, "list_security_configurations", "SecurityConfigurations")
documents = [json.loads(emr.describe_security_configuration(Name=c["Name"])["SecurityConfiguration"]) for c in configurations]
asked = [d.get("InstanceMetadataServiceConfiguration", {}).get("MinimumInstanceMetadataServiceVersion") for d in documents]
assert sorted(asked, key=str) == [1, 2, 2, None]
clusters, several = pages(emr, "list_clusters", "Clusters")
assert (len(clusters), several) == (57, 2)
alive, _ = pages(emr, "list_clusters", "Clusters", ClusterStates=["RUNNING", "WAITING"])
described = [emr.describe_cluster(ClusterId=c["Id"])["Cluster"] for c in alive]
names = {c["Name"] for c in configurations}
assert len(alive) == 4 and {d.get("SecurityConfiguration") for d in described} <= names | {None}
assert error(emr.describe_cluster, ClusterId="j-NOBODY") == "InvalidRequestException"

# Lightsail.
machines, several = pages(client("lightsail"), "get_instances", "instances")
tokens = [m.get("metadataOptions", {}).get("httpTokens") for m in machines]
assert several == 3 and (tokens.count("required"), tokens.count("optional"), tokens.count(None)) == (3, 3, 1)

# AppStream, whose operations have tokens but no paginators.
for protocol in ["json", "smithy-rpc-v2-cbor"]:
    appstream = speaking(protocol, "appstream")
    for operation, field, total in [
        (appstream.describe_fleets, "Fleets", 4),
        (appstream.describe_image_builders, "ImageBuilders", 3),
        (appstream.describe_app_block_builders, "AppBlockBuilders", 3),
    ]:
        first = operation()
        found, count = first[field], 1
        while "NextToken" in first:
            first = operation(NextToken=first["NextToken"])
            found, count = found + first[field], count + 1
        assert (len(found), count) == (total, 2)
        assert {f.get("DisableIMDSV1") for f in found} == {True, False, None}
        assert error(operation, Names=["nobody"]) == "ResourceNotFoundException"
        assert operation(Names=[found[0]["Name"]])[field] == found[:1]

# Image Builder.
imagebuilder = client("imagebuilder")
first = imagebuilder.list_infrastructure_configurations(maxResults=3)
rest = imagebuilder.list_infrastructure_configurations(maxResults=3, nextToken=first["nextToken"])
summaries = first["infrastructureConfigurationSummaryList"] + rest["infrastructureConfigurationSummaryList"]
options = [
    imagebuilder.get_infrastructure_configuration(infrastructureConfigurationArn=s["arn"])["infrastructureConfiguration"].get(
        "instanceMetadataOptions", {}
    )
    for s in summaries
]
assert [o.get("httpTokens") for o in options] == ["required", "required", "optional", None, None]
assert "nextToken" not in rest
assert error(imagebuilder.list_infrastructure_configurations, maxResults=3, nextToken="AAAA") == "InvalidRequestException"
unknown = summaries[0]["arn"] + "-x"
assert error(imagebuilder.get_infrastructure_configuration, infrastructureConfigurationArn=unknown) == "InvalidRequestException"

# EKS.
eks = client("eks")
templates = {t["LaunchTemplateId"]: t for t in pages(ec2, "describe_launch_templates", "LaunchTemplates")[0]}
names = {t["LaunchTemplateName"] for t in templates.values()}
groups, _ = pages(client("autoscaling"), "describe_auto_scaling_groups", "AutoScalingGroups")
group_names = {g["AutoScalingGroupName"] for g in groups}
clusters, several = pages(eks, "list_clusters", "clusters", PaginationConfig={"PageSize": 3})
assert (len(clusters), several) == (4, 2)
nodegroups = []
for cluster in clusters:
    assert eks.describe_cluster(name=cluster)["cluster"]["status"] == "ACTIVE"
    for name in pages(eks, "list_nodegroups", "nodegroups", clusterName=cluster, PaginationConfig={"PageSize": 1})[0]:
        nodegroups.append(eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"])
for nodegroup in nodegroups:
    assert {g["name"] for g in nodegroup["resources"]["autoScalingGroups"]} <= group_names
    template = nodegroup.get("launchTemplate")
    if template is not None:
        assert templates[template["id"]]["LaunchTemplateName"] == template["name"]
        assert ec2.describe_launch_template_versions(LaunchTemplateId=template["id"], Versions=[template["version"]])
assert error(eks.describe_cluster, name="a/b c") == "ResourceNotFoundException"
assert error(eks.list_nodegroups, clusterName="nobody") == "ResourceNotFoundException"
assert error(eks.describe_nodegroup, clusterName=clusters[0], nodegroupName="nobody") == "ResourceNotFoundException"
assert error(eks.list_clusters, nextToken="AAAA") == "InvalidParameterException"
wrong = client("eks", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"], aws_secret_access_key="wrong")
assert error(wrong.list_nodegroups, clusterName="shop") == "InvalidSignatureException"

# ECS, whose capacity providers have no paginator.
ecs = client("ecs")
arns, _ = pages(ecs, "list_clusters", "clusterArns", PaginationConfig={"PageSize": 2})
described = ecs.describe_clusters(clusters=arns + ["nobody"])
assert len(described["clusters"]) == 3 and described["failures"][0]["reason"] == "MISSING"
page = ecs.describe_capacity_providers(maxResults=2)
providers = page["capacityProviders"]
while "nextToken" in page:
    page = ecs.describe_capacity_providers(maxResults=2, nextToken=page["nextToken"])
    providers += page["capacityProviders"]
scaling = [p["autoScalingGroupProvider"]["autoScalingGroupArn"] for p in providers if "autoScalingGroupProvider" in p]
assert set(scaling) <= {g["AutoScalingGroupARN"] for g in groups} and len(providers) == len(scaling) + 2
within = ecs.describe_capacity_providers(cluster="services")["capacityProviders"]
assert [p["name"] for p in within if "managedInstancesProvider" in p] == ["managed"]
assert error(ecs.describe_capacity_providers, maxResults=11) == "InvalidParameterException"
assert error(ecs.describe_capacity_providers, cluster="nobody") == "ClusterNotFoundException"

# Batch.
batch = client("batch")
environments, several = pages(batch, "describe_compute_environments", "computeEnvironments", PaginationConfig={"PageSize": 3})
assert (len(environments), several) == (8, 3)
named = [e["computeResources"]["launchTemplate"] for e in environments if "launchTemplate" in e.get("computeResources", {})]
for template in named + [o for t in named for o in t.get("overrides", [])]:
    assert template.get("launchTemplateId") in templates or template["launchTemplateName"] in names
kinds = sorted(e.get("computeResources", {}).get("type", e["type"]) for e in environments)
assert kinds == ["EC2", "EC2", "EC2", "EC2", "FARGATE", "SPOT", "SPOT", "UNMANAGED"]
assert len(batch.describe_compute_environments(computeEnvironments=["plain", "nobody"])["computeEnvironments"]) == 1

print(json.dumps({
    "accounts": len(accounts),
    "service_control_policies": len(scps),
    "ec2_policies": len(ec2_policies),
    "instances_without_tokens": len(counting),
    "data_points": sum(len(points) for points in sums.values()),
    "nodegroups": len(nodegroups),
    "nodegroups_with_template": len([n for n in nodegroups if "launchTemplate" in n]),
    "capacity_providers": len(providers),
    "templates_named_by_batch": len(named),
}))
