"""Launch templates with several versions, launch configurations and Auto Scaling groups in moto, made with boto3; prints
what boto3 reads back of them: by template the versions with their options, by configuration its options, by group its
template, version and members."""

import json

import boto3

REGION = "eu-west-1"
ec2, scaling = boto3.client("ec2", region_name=REGION), boto3.client("autoscaling", region_name=REGION)
image = ec2.describe_images()["Images"][0]["ImageId"]


def data(options):
    return {"ImageId": image, "InstanceType": "t3.micro", **({"MetadataOptions": options} if options else {})}


REQUIRED = {"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2}
OPTIONAL = {"HttpTokens": "optional", "HttpEndpoint": "enabled"}
CLOSED = {"HttpTokens": "optional", "HttpEndpoint": "disabled"}
ids = {}
for name, default, versions in [
    ("moved", 2, [OPTIONAL, REQUIRED, OPTIONAL]),
    ("behind", 1, [OPTIONAL, REQUIRED]),
    ("pinned", 4, [OPTIONAL, None, REQUIRED, REQUIRED, REQUIRED]),
    ("silent", 1, [None, REQUIRED]),
    ("closed", 1, [CLOSED]),
]:
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data(versions[0]))
    ids[name] = made["LaunchTemplate"]["LaunchTemplateId"]
    for version in versions[1:]:
        ec2.create_launch_template_version(LaunchTemplateName=name, LaunchTemplateData=data(version))
    ec2.modify_launch_template(LaunchTemplateName=name, DefaultVersion=str(default))
for name, options in [("strict", REQUIRED), ("loose", {"HttpTokens": "optional"}), ("mute", None)]:
    more = {"MetadataOptions": options} if options else {}
    scaling.create_launch_configuration(LaunchConfigurationName=name, ImageId=image, InstanceType="t3.micro", **more)


def group(name, size=0, **launches):
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=0, MaxSize=3, DesiredCapacity=size, AvailabilityZones=[REGION + "a"], **launches
    )


def template(name, version):
    return {"LaunchTemplateId": ids[name], "Version": version}


group("on-default", LaunchTemplate=template("moved", "$Default"))
group("on-latest", LaunchTemplate=template("moved", "$Latest"))
group("on-1", LaunchTemplate=template("pinned", "1"))
group("on-3", LaunchTemplate=template("pinned", "3"))
group("on-strict", LaunchConfigurationName="strict")
group("on-loose", 2, LaunchConfigurationName="loose")
group("on-mute", LaunchConfigurationName="mute")
group("mixed", MixedInstancesPolicy={"LaunchTemplate": {
    "LaunchTemplateSpecification": template("moved", "2"),
    "Overrides": [
        {"InstanceType": "t3.small"},
        {"InstanceType": "t3.large", "LaunchTemplateSpecification": template("behind", "$Default")},
    ],
}})

templates = {}
for name in ids:
    versions = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"]
    templates[name] = {
        v["VersionNumber"]: {"default": v["DefaultVersion"], "options": v["LaunchTemplateData"].get("MetadataOptions")}
        for v in versions
    }
configurations = scaling.describe_launch_configurations()["LaunchConfigurations"]
print(json.dumps({
    "templates": templates,
    "configurations": {c["LaunchConfigurationName"]: c.get("MetadataOptions") for c in configurations},
    "groups": {
        g["AutoScalingGroupName"]: {
            "template": g.get("LaunchTemplate", {}).get("LaunchTemplateName"),
            "version": g.get("LaunchTemplate", {}).get("Version"),
            "configuration": g.get("LaunchConfigurationName"),
            "members": [i["InstanceId"] for i in g["Instances"]],
        }
        for g in scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    },
}))
