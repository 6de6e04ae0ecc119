"""What boto3 sees when it launches, changes and scales on the simulator: every operation of EC2 and Auto Scaling that makes an instance what it is.

Asserts as it goes, against a simulator that has some groups and templates in us-east-1 and settles changes within a few seconds.
Prints one JSON object with what it counted.
"""

import json
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "us-east-1"
# Throttling is part of what is simulated (two changes of the defaults a second), so calls are sent again when it strikes.
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 10})
ENFORCED = "You can't launch instances with IMDSv1 because httpTokensEnforced is enabled for this account."


def client(service, **keys):
    return boto3.client(service, region_name=REGION, config=PATIENT, **keys)


def error(call, **arguments):
    try:
        call(**arguments)
    except ClientError as refused:
        return refused.response["Error"]["Code"], refused.response["Error"]["Message"]
    return "answered", ""


def every(service, operation, key, size=None, **arguments):
    pages = service.get_paginator(operation).paginate(PaginationConfig={"PageSize": size} if size else {}, **arguments)
    return [item for page in pages for item in page[key]]


def reset(**changes):
    clear = {name: "no-preference" for name in ["HttpTokens", "HttpEndpoint", "InstanceMetadataTags", "HttpTokensEnforced"]}
    assert ec2.modify_instance_metadata_defaults(**{**clear, "HttpPutResponseHopLimit": -1, **changes})["Return"]


def options(instance):
    found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return found["State"]["Name"], found["MetadataOptions"]


def wait(holds):
    end = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < end, "did not settle"
        time.sleep(0.2)


def run(image, **arguments):
    arguments.setdefault("InstanceType", "m5.large")
    answer = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, **arguments)
    return answer["Instances"][0]


def snapshot():
    instances = every(ec2, "describe_instances", "Reservations", 1000)
    return {i["InstanceId"]: i for r in instances for i in r["Instances"]}


ec2, groups = client("ec2"), client("autoscaling")
reset()
before = snapshot()

# Reading: pages hold what one answer holds, and both ways of asking agree.
templates = every(ec2, "describe_launch_templates", "LaunchTemplates")
assert [t["LaunchTemplateId"] for t in templates] == [
    t["LaunchTemplateId"] for t in every(ec2, "describe_launch_templates", "LaunchTemplates", 3)
]
latest = every(ec2, "describe_launch_template_versions", "LaunchTemplateVersions", 2, Versions=["$Latest"])
assert {(v["LaunchTemplateId"], v["VersionNumber"]) for v in latest} == {
    (t["LaunchTemplateId"], t["LatestVersionNumber"]) for t in templates
}
default = every(ec2, "describe_launch_template_versions", "LaunchTemplateVersions", 2, Versions=["$Default"])
assert all(v["DefaultVersion"] for v in default) and len(default) == len(templates)
both = every(ec2, "describe_launch_template_versions", "LaunchTemplateVersions", Versions=["$Default", "$Latest"])
assert len(both) == len(templates) + sum(t["DefaultVersionNumber"] != t["LatestVersionNumber"] for t in templates)
required = every(
    ec2, "describe_launch_template_versions", "LaunchTemplateVersions",
    Versions=["$Latest"], Filters=[{"Name": "http-tokens", "Values": ["required"]}],
)
assert {v["LaunchTemplateId"] for v in required} == {
    v["LaunchTemplateId"] for v in latest
    if v["LaunchTemplateData"].get("MetadataOptions", {}).get("HttpTokens") == "required"
}
assert error(ec2.describe_launch_template_versions, LaunchTemplateId=templates[0]["LaunchTemplateId"], Versions=["99"])[0] == (
    "InvalidLaunchTemplateId.VersionNotFound"
)
assert error(ec2.describe_launch_templates, LaunchTemplateNames=["nobody"])[0] == "InvalidLaunchTemplateName.NotFoundException"
assert error(ec2.describe_launch_templates, LaunchTemplateIds=["lt-00000000000000000"])[0] == "InvalidLaunchTemplateId.NotFound"

scaling = every(groups, "describe_auto_scaling_groups", "AutoScalingGroups", 2)
members = {i["InstanceId"]: (g["AutoScalingGroupName"], i) for g in scaling for i in g["Instances"]}
tagged = {
    i["InstanceId"]: tags["aws:autoscaling:groupName"] for i in before.values()
    for tags in [{t["Key"]: t["Value"] for t in i["Tags"]}]
    if "aws:autoscaling:groupName" in tags and i["State"]["Name"] != "terminated"
}
assert {instance: name for instance, (name, _) in members.items()} == tagged and tagged
for instance, (_, member) in members.items():
    tags = {t["Key"]: t["Value"] for t in before[instance]["Tags"]}
    assert tags.get("aws:ec2launchtemplate:id") == member.get("LaunchTemplate", {}).get("LaunchTemplateId")
    assert tags.get("aws:ec2launchtemplate:version") == member.get("LaunchTemplate", {}).get("Version")
details = every(groups, "describe_auto_scaling_instances", "AutoScalingInstances", 7)
assert {d["InstanceId"]: d["AutoScalingGroupName"] for d in details} == tagged
configurations = every(groups, "describe_launch_configurations", "LaunchConfigurations", 1)
names = {c["LaunchConfigurationName"] for c in configurations}
assert all(g["LaunchConfigurationName"] in names for g in scaling if "LaunchConfigurationName" in g)

images = every(ec2, "describe_images", "Images", IncludeDisabled=True, IncludeDeprecated=True)
own = ec2.describe_images(Owners=["self"])["Images"]
assert own and all(i["OwnerId"] != "137112412989" and i["State"] == "available" for i in own)
assert {i["ImageId"] for i in ec2.describe_images(Owners=["amazon"])["Images"]} <= {i["ImageId"] for i in images}
gone = "ami-00000000000000001"
assert error(ec2.describe_images, ImageIds=[own[0]["ImageId"], gone])[0] == "InvalidAMIID.NotFound"
by_filter = ec2.describe_images(Filters=[{"Name": "image-id", "Values": [own[0]["ImageId"], gone]}])["Images"]
assert [i["ImageId"] for i in by_filter] == [own[0]["ImageId"]]

spot = every(ec2, "describe_spot_instance_requests", "SpotInstanceRequests", 5)
assert {r["InstanceId"] for r in spot if "InstanceId" in r} == {
    i["InstanceId"] for i in before.values() if i.get("InstanceLifecycle") == "spot"
}
assert all(r["SpotInstanceRequestId"] == before[r["InstanceId"]]["SpotInstanceRequestId"] for r in spot if "InstanceId" in r)
spot_fleets = every(ec2, "describe_spot_fleet_requests", "SpotFleetRequestConfigs", 1)
fleets = every(ec2, "describe_fleets", "Fleets", 1)
for fleet in fleets:
    named = fleet["LaunchTemplateConfigs"][0]["LaunchTemplateSpecification"]["LaunchTemplateId"]
    assert named in {t["LaunchTemplateId"] for t in templates}

# Launching: each option from the launch, else the account, else the image, else the service.
plain = ec2.register_image(Name="checks-plain", Architecture="x86_64")["ImageId"]
strict = ec2.register_image(Name="checks-v2", Architecture="x86_64", ImdsSupport="v2.0")["ImageId"]
assert ec2.describe_images(ImageIds=[strict])["Images"][0]["ImdsSupport"] == "v2.0"
results = []
for account in ["no-preference", "optional", "required"]:
    reset(HttpTokens=account)
    for launch in [None, "optional", "required"]:
        for image in [plain, strict]:
            wish = {"MetadataOptions": {"HttpTokens": launch}} if launch else {}
            got = run(image, **wish)["MetadataOptions"]
            inherited = account if account != "no-preference" else ("required" if image == strict else "optional")
            assert got["HttpTokens"] == (launch or inherited), (account, launch, image)
            assert got["HttpPutResponseHopLimit"] == (2 if image == strict else 1) and got["State"] == "applied"
            results.append(got["HttpTokens"])
reset(HttpPutResponseHopLimit=5, InstanceMetadataTags="enabled", HttpEndpoint="disabled")
got = run(strict)["MetadataOptions"]
assert (got["HttpPutResponseHopLimit"], got["InstanceMetadataTags"], got["HttpEndpoint"]) == (5, "enabled", "disabled")
level = ec2.get_instance_metadata_defaults()["AccountLevel"]
assert level == {
    "HttpPutResponseHopLimit": 5, "InstanceMetadataTags": "enabled", "HttpEndpoint": "disabled", "ManagedBy": "account",
}
reset()
assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {}
assert error(ec2.modify_instance_metadata_defaults, HttpPutResponseHopLimit=65)[0] == "InvalidParameterValue"
assert error(ec2.modify_instance_metadata_defaults, HttpTokens="required", DryRun=True)[0] == "DryRunOperation"
assert ec2.get_instance_metadata_defaults()["AccountLevel"] == {}

# Images: v2.0 comes and stays.
assert ec2.modify_image_attribute(ImageId=plain, ImdsSupport={"Value": "v2.0"})["ResponseMetadata"]["HTTPStatusCode"] == 200
assert run(plain)["MetadataOptions"]["HttpTokens"] == "required"
assert error(ec2.modify_image_attribute, ImageId=plain, ImdsSupport={"Value": "v1.0"})[0] == "InvalidParameterValue"
amazon = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
assert error(ec2.modify_image_attribute, ImageId=amazon, ImdsSupport={"Value": "v2.0"})[0] == "AuthFailure"

# Options of instances: nothing but what is asked for, pending and then applied.
old = ec2.register_image(Name="checks-old", Architecture="x86_64")["ImageId"]
instance = run(
    old,
    MetadataOptions={"HttpTokens": "optional", "HttpPutResponseHopLimit": 7, "InstanceMetadataTags": "enabled"},
    TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "checks <1>"}]}],
)
assert instance["State"]["Name"] == "pending" and instance["Tags"] == [{"Key": "Name", "Value": "checks <1>"}]
instance = instance["InstanceId"]
wait(lambda: options(instance)[0] == "running")
was = options(instance)[1]
modify = ec2.modify_instance_metadata_options
assert error(modify, InstanceId=instance, HttpTokens="required", DryRun=True)[0] == "DryRunOperation"
assert options(instance)[1] == was
told = modify(InstanceId=instance, HttpTokens="required")["InstanceMetadataOptions"]
assert told == {**was, "HttpTokens": "required", "State": "pending"}
wait(lambda: options(instance)[1] == {**was, "HttpTokens": "required"})
assert error(modify, InstanceId="i-00000000000000000", HttpTokens="required")[0] == "InvalidInstanceID.NotFound"
assert error(modify, InstanceId=instance, HttpTokens="perhaps")[0] == "InvalidParameterValue"
assert error(modify, InstanceId=instance, HttpPutResponseHopLimit=0)[0] == "InvalidParameterValue"
assert error(modify, InstanceId=instance)[0] == "MissingParameter"
assert ec2.stop_instances(InstanceIds=[instance])["StoppingInstances"][0]["CurrentState"]["Name"] == "stopping"
wait(lambda: options(instance)[0] == "stopped")
modify(InstanceId=instance, HttpTokens="optional", HttpPutResponseHopLimit=2)
time.sleep(2)
assert options(instance)[1]["State"] == "pending"
assert error(ec2.stop_instances, InstanceIds=["i-bad"])[0] == "InvalidInstanceID.Malformed"
ec2.start_instances(InstanceIds=[instance])
wait(lambda: options(instance)[1]["State"] == "applied" and options(instance)[0] == "running")
assert (options(instance)[1]["HttpTokens"], options(instance)[1]["HttpPutResponseHopLimit"]) == ("optional", 2)

# Templates: versions, what they inherit, and what names them.
data = {
    "ImageId": old, "InstanceType": "m5.large", "KeyName": "k",
    "MetadataOptions": {"HttpTokens": "optional", "HttpPutResponseHopLimit": 3},
    "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "Team", "Value": "checks"}]}],
}
made = ec2.create_launch_template(
    LaunchTemplateName="checks", LaunchTemplateData=data,
    TagSpecifications=[{"ResourceType": "launch-template", "Tags": [{"Key": "a", "Value": "b"}]}],
)["LaunchTemplate"]
template = made["LaunchTemplateId"]
assert (made["DefaultVersionNumber"], made["LatestVersionNumber"], made["Tags"]) == (1, 1, [{"Key": "a", "Value": "b"}])
assert error(ec2.create_launch_template, LaunchTemplateName="checks", LaunchTemplateData=data)[0] == (
    "InvalidLaunchTemplateName.AlreadyExistsException"
)
second = ec2.create_launch_template_version(
    LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData={"MetadataOptions": {"HttpTokens": "required"}},
)["LaunchTemplateVersion"]
asked = second["LaunchTemplateData"]
assert second["VersionNumber"] == 2 and not second["DefaultVersion"]
assert (asked["ImageId"], asked["KeyName"], asked["TagSpecifications"]) == (old, "k", data["TagSpecifications"])
assert asked["MetadataOptions"] == {"HttpTokens": "required", "State": "applied"}
bare = ec2.create_launch_template_version(
    LaunchTemplateName="checks", ClientToken="once", LaunchTemplateData={"ImageId": old},
)["LaunchTemplateVersion"]
again = ec2.create_launch_template_version(
    LaunchTemplateName="checks", ClientToken="once", LaunchTemplateData={"ImageId": old},
)["LaunchTemplateVersion"]
assert (bare["VersionNumber"], again["VersionNumber"], bare["LaunchTemplateData"]) == (3, 3, {"ImageId": old})
from_template = {"LaunchTemplateId": template, "Version": "1"}
launched = ec2.run_instances(LaunchTemplate=from_template, MinCount=1, MaxCount=2, MetadataOptions={"HttpPutResponseHopLimit": 1})
assert len(launched["Instances"]) == 2
for one in launched["Instances"]:
    tags = {t["Key"]: t["Value"] for t in one["Tags"]}
    assert (tags["aws:ec2launchtemplate:id"], tags["aws:ec2launchtemplate:version"], tags["Team"]) == (template, "1", "checks")
    assert (one["MetadataOptions"]["HttpTokens"], one["MetadataOptions"]["HttpPutResponseHopLimit"]) == ("optional", 1)
assert error(
    ec2.run_instances, LaunchTemplate={"LaunchTemplateId": template, "Version": "9"}, MinCount=1, MaxCount=1,
)[0] == "InvalidLaunchTemplateId.VersionNotFound"

# Groups: members are launched by what the group names at that moment.
for version, name in [("$Default", "by-default"), ("$Latest", "by-latest"), ("2", "by-number")]:
    groups.create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=0, MaxSize=5, DesiredCapacity=1, AvailabilityZones=[REGION + "a"],
        LaunchTemplate={"LaunchTemplateId": template, "Version": version},
        Tags=[{"Key": "passed", "Value": "on", "PropagateAtLaunch": True}],
    )


def of(name):
    group = groups.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
    return group, group["Instances"]


def tokens(name):
    return [options(i["InstanceId"])[1]["HttpTokens"] for i in of(name)[1]]


def scale(name, to):
    groups.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=to)


assert (tokens("by-default"), tokens("by-latest"), tokens("by-number")) == (["optional"], ["optional"], ["required"])
assert [of(name)[1][0]["LaunchTemplate"]["Version"] for name in ["by-default", "by-latest", "by-number"]] == ["1", "3", "2"]
assert ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")["LaunchTemplate"]["DefaultVersionNumber"] == 2
for name in ["by-default", "by-latest", "by-number"]:
    scale(name, 2)
assert (tokens("by-default"), tokens("by-latest"), tokens("by-number")) == (
    ["optional", "required"], ["optional", "optional"], ["required", "required"],
)
outcome = ec2.delete_launch_template_versions(LaunchTemplateId=template, Versions=["1", "2", "77"])
assert [v["VersionNumber"] for v in outcome["SuccessfullyDeletedLaunchTemplateVersions"]] == [1]
assert {v["VersionNumber"]: v["ResponseError"]["Code"] for v in outcome["UnsuccessfullyDeletedLaunchTemplateVersions"]}[77] == (
    "launchTemplateVersionDoesNotExist"
)
groups.create_launch_configuration(
    LaunchConfigurationName="checks-lc", ImageId=old, InstanceType="m5.large", MetadataOptions={"HttpTokens": "optional"},
)
assert error(
    groups.create_launch_configuration, LaunchConfigurationName="checks-lc", ImageId=old, InstanceType="m5.large",
)[0] == "AlreadyExists"
found = groups.describe_launch_configurations(LaunchConfigurationNames=["checks-lc"])["LaunchConfigurations"][0]
assert found["MetadataOptions"] == {"HttpTokens": "optional"}
groups.update_auto_scaling_group(AutoScalingGroupName="by-number", LaunchConfigurationName="checks-lc")
assert tokens("by-number") == ["required", "required"]
scale("by-number", 3)
assert sorted(tokens("by-number")) == ["optional", "required", "required"]
mixed = {
    "LaunchTemplate": {
        "LaunchTemplateSpecification": {"LaunchTemplateName": "checks", "Version": "2"},
        "Overrides": [
            {"InstanceType": "m5.xlarge"},
            {"InstanceType": "c5.large", "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "$Latest"}},
        ],
    },
    "InstancesDistribution": {"OnDemandPercentageAboveBaseCapacity": 100, "SpotAllocationStrategy": "lowest-price"},
}
groups.create_auto_scaling_group(
    AutoScalingGroupName="mixed", MinSize=0, MaxSize=4, DesiredCapacity=2, AvailabilityZones=[REGION + "b"], MixedInstancesPolicy=mixed,
)
# A template that was named one way is told both ways.
mixed["LaunchTemplate"]["LaunchTemplateSpecification"]["LaunchTemplateId"] = template
mixed["LaunchTemplate"]["Overrides"][1]["LaunchTemplateSpecification"]["LaunchTemplateName"] = "checks"
assert of("mixed")[0]["MixedInstancesPolicy"] == mixed
assert {(i["InstanceType"], i["LaunchTemplate"]["Version"]) for i in of("mixed")[1]} == {("m5.xlarge", "2"), ("c5.large", "3")}
assert error(groups.set_desired_capacity, AutoScalingGroupName="mixed", DesiredCapacity=9)[0] == "ValidationError"
assert error(groups.set_desired_capacity, AutoScalingGroupName="nobody", DesiredCapacity=1)[0] == "ValidationError"
assert error(
    groups.update_auto_scaling_group, AutoScalingGroupName="mixed",
    LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
)[0] == "ValidationError"

# Enforcement: what would allow version 1 is not launched, not changed to, and leaves groups short.
reset(HttpTokensEnforced="enabled")
refused = error(run, image=old)
assert refused[0] == "UnsupportedOperation" and refused[1].startswith(ENFORCED)
assert error(run, image=old, MetadataOptions={"HttpTokens": "optional"})[0] == "UnsupportedOperation"
run(old, MetadataOptions={"HttpTokens": "required"})
run(strict)
assert error(modify, InstanceId=instance, HttpTokens="optional")[0] == "UnsupportedOperation"
modify(InstanceId=instance, HttpPutResponseHopLimit=4)
assert options(instance)[1]["HttpTokens"] == "optional"
scale("by-latest", 4)
assert (of("by-latest")[0]["DesiredCapacity"], len(of("by-latest")[1])) == (4, 2)
reset()
scale("by-latest", 4)
assert len(of("by-latest")[1]) == 4
lost = of("by-latest")[1][0]["InstanceId"]
assert ec2.terminate_instances(InstanceIds=[lost])["TerminatingInstances"][0]["CurrentState"]["Name"] == "shutting-down"
wait(lambda: options(lost)[0] == "terminated")
assert len(of("by-latest")[1]) == 4 and lost not in [i["InstanceId"] for i in of("by-latest")[1]]
assert error(modify, InstanceId=lost, HttpTokens="required")[0] == "IncorrectInstanceState"
assert error(ec2.start_instances, InstanceIds=[lost])[0] == "IncorrectInstanceState"

# The organization's policy: an account under it cannot change its defaults.
accounts = [a for p in client("organizations").get_paginator("list_accounts").paginate() for a in p["Accounts"]]
managed = None
for account in accounts:
    if account["Name"] not in ["log-archive", "security-tooling"]:
        continue
    role = f"arn:aws:iam::{account['Id']}:role/OrganizationAccountAccessRole"
    keys = client("sts").assume_role(RoleArn=role, RoleSessionName="checks")["Credentials"]
    there = client(
        "ec2", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    managed = there.get_instance_metadata_defaults()["AccountLevel"]
    assert (managed["ManagedBy"], managed["HttpTokensEnforced"]) == ("declarative-policy", "enabled")
    assert managed["ManagedExceptionMessage"] in error(there.modify_instance_metadata_defaults, HttpTokens="optional")[1]

# Whatever was there before is as it was.
after = snapshot()
assert {key: after[key] for key in before} == before
print(json.dumps({
    "instances_before": len(before),
    "instances_launched": len(after) - len(before),
    "templates": len(templates),
    "groups": len(scaling),
    "members": len(members),
    "launch_configurations": len(configurations),
    "images": len(images),
    "spot_requests": len(spot),
    "spot_fleets": len(spot_fleets),
    "fleets": len(fleets),
    "rows_of_precedence": len(results),
    "managed_by_policy": managed is not None,
}))
