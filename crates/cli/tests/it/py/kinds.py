"""What `kinds.rs` needs done and seen by boto3, in the caller's account and region.

`read` tells the state of everything that these kinds change; `make` makes a launch configuration with much in it, a template, and
a group from each; `launch GROUP` lets a group launch one more member and tells the tokens of it; `drift` changes what was planned.
"""

import json
import sys

import boto3

ec2, scaling = boto3.client("ec2"), boto3.client("autoscaling")
notebooks, beanstalk, lightsail = boto3.client("sagemaker"), boto3.client("elasticbeanstalk"), boto3.client("lightsail")
LAUNCHING = "aws:autoscaling:launchconfiguration"


def pages(client, operation, key, **more):
    return [item for page in client.get_paginator(operation).paginate(**more) for item in page[key]]


def option(environment):
    named = {name: environment[name] for name in ("ApplicationName", "EnvironmentName")}
    settings = beanstalk.describe_configuration_settings(**named)["ConfigurationSettings"][0]["OptionSettings"]
    return next(o.get("Value") for o in settings if (o["Namespace"], o["OptionName"]) == (LAUNCHING, "DisableIMDSv1"))


def notebook(name):
    found = notebooks.describe_notebook_instance(NotebookInstanceName=name)
    minimum = found.get("InstanceMetadataServiceConfiguration", {}).get("MinimumInstanceMetadataServiceVersion")
    return {"status": found["NotebookInstanceStatus"], "minimum": minimum}


def versions(template):
    found = ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])["LaunchTemplateVersions"]
    return {
        "name": template["LaunchTemplateName"],
        "default": template["DefaultVersionNumber"],
        "versions": {v["VersionNumber"]: v["LaunchTemplateData"] for v in found},
    }


def read():
    groups = pages(scaling, "describe_auto_scaling_groups", "AutoScalingGroups")
    launches = ("LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy")
    tokens = {
        i["InstanceId"]: i["MetadataOptions"]["HttpTokens"]
        for r in pages(ec2, "describe_instances", "Reservations") for i in r["Instances"] if "MetadataOptions" in i
    }
    members = {
        g["AutoScalingGroupName"]: {
            m["InstanceId"]: tokens[m["InstanceId"]] for m in g["Instances"] if m["LifecycleState"] == "InService"
        }
        for g in groups
    }
    found = [e for e in beanstalk.describe_environments()["Environments"]]
    return {
        "groups": {g["AutoScalingGroupName"]: {name: g.get(name) for name in launches} for g in groups},
        "members": members,
        "refreshes": {
            g["AutoScalingGroupName"]: [
                r["Status"]
                for r in scaling.describe_instance_refreshes(AutoScalingGroupName=g["AutoScalingGroupName"])["InstanceRefreshes"]
            ]
            for g in groups
        },
        "configurations": pages(scaling, "describe_launch_configurations", "LaunchConfigurations"),
        "templates": {
            t["LaunchTemplateId"]: versions(t) for t in pages(ec2, "describe_launch_templates", "LaunchTemplates")
        },
        "images": {i["ImageId"]: [i["Name"], i.get("ImdsSupport")] for i in ec2.describe_images(Owners=["self"])["Images"]},
        "notebooks": {
            n["NotebookInstanceName"]: notebook(n["NotebookInstanceName"])
            for n in pages(notebooks, "list_notebook_instances", "NotebookInstances")
        },
        "environments": {e["EnvironmentName"]: [e["Status"], option(e)] for e in found},
        "lightsail": {i["name"]: i.get("metadataOptions") for i in pages(lightsail, "get_instances", "instances")},
    }


def make():
    image = ec2.register_image(Name="kinds")["ImageId"]
    scaling.create_launch_configuration(
        LaunchConfigurationName="old web", ImageId=image, InstanceType="m5.large", KeyName="key", UserData="echo hi",
        SecurityGroups=["sg-1", "sg-2"], IamInstanceProfile="web", InstanceMonitoring={"Enabled": False},
        AssociatePublicIpAddress=True, EbsOptimized=True,
        BlockDeviceMappings=[
            {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 9, "VolumeType": "gp3", "Encrypted": True}},
            {"DeviceName": "/dev/xvdb", "VirtualName": "ephemeral0"},
        ],
        MetadataOptions={"HttpTokens": "optional", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2},
    )
    data = {"ImageId": image, "InstanceType": "m5.large", "MetadataOptions": {"HttpTokens": "optional"}}
    template = ec2.create_launch_template(LaunchTemplateName="kinds", LaunchTemplateData=data)["LaunchTemplate"]
    size = {"MinSize": 0, "MaxSize": 20, "AvailabilityZones": [ec2.meta.region_name + "a"]}
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="by-configuration", LaunchConfigurationName="old web", DesiredCapacity=2, **size)
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="by-template", DesiredCapacity=5,
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"], "Version": "$Default"}, **size)
    return {"image": image, "template": template["LaunchTemplateId"]}


def launch(name):
    def members():
        group = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        return group["DesiredCapacity"], {m["InstanceId"] for m in group["Instances"]}

    size, before = members()
    scaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=size + 1)
    new = sorted(members()[1] - before)
    found = ec2.describe_instances(InstanceIds=new)["Reservations"]
    return [i["MetadataOptions"]["HttpTokens"] for r in found for i in r["Instances"]]


def drift():
    """Something else than was planned of everything: of each kind, what a colleague may do meanwhile."""
    state = read()
    scaling.update_auto_scaling_group(
        AutoScalingGroupName="by-configuration", LaunchTemplate={"LaunchTemplateName": "kinds", "Version": "1"})
    scaling.start_instance_refresh(AutoScalingGroupName="by-template")
    for name, found in state["notebooks"].items():
        if found == {"status": "Stopped", "minimum": "1"}:
            notebooks.start_notebook_instance(NotebookInstanceName=name)
    for environment in beanstalk.describe_environments()["Environments"]:
        value = {None: "false", "false": None}.get(option(environment), "as it is")
        named = {"Namespace": LAUNCHING, "OptionName": "DisableIMDSv1"}
        if value == "false":
            beanstalk.update_environment(
                EnvironmentId=environment["EnvironmentId"], OptionSettings=[{**named, "Value": value}])
        elif value is None:
            beanstalk.update_environment(EnvironmentId=environment["EnvironmentId"], OptionsToRemove=[named])
    for name, found in state["lightsail"].items():
        if found and found["httpTokens"] == "optional" and found["httpEndpoint"] == "enabled":
            lightsail.update_instance_metadata_options(instanceName=name, httpEndpoint="disabled")


print(json.dumps({"read": read, "make": make, "launch": launch, "drift": drift}[sys.argv[1]](*sys.argv[2:]), sort_keys=True, default=str))
