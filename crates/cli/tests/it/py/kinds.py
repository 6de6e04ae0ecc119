"""What `kinds.rs` needs done and seen by boto3, in the caller's account and region.

`read PART…` tells the state of what these kinds change; `make` makes a launch configuration with much in it, a template, and
groups from each; `launch GROUP` lets a group launch one more member and tells the tokens of it; `drift` changes what was planned,
`change` what was applied, and `delete` deletes all of it; `mix TEMPLATE` makes a group of mixed instances that names the template's
version 1; `image NAME` registers an AMI.
"""

import functools
import json
import sys

import boto3

LAUNCHING = "aws:autoscaling:launchconfiguration"


@functools.cache
def client(service):
    """Made when it is needed: reading the model of a service takes its time."""
    return boto3.client(service)


def pages(service, operation, key, **more):
    return [item for page in client(service).get_paginator(operation).paginate(**more) for item in page[key]]


def option(environment):
    named = {name: environment[name] for name in ("ApplicationName", "EnvironmentName")}
    settings = client("elasticbeanstalk").describe_configuration_settings(**named)["ConfigurationSettings"][0]["OptionSettings"]
    return next(o.get("Value") for o in settings if (o["Namespace"], o["OptionName"]) == (LAUNCHING, "DisableIMDSv1"))


def notebook(name):
    found = client("sagemaker").describe_notebook_instance(NotebookInstanceName=name)
    minimum = found.get("InstanceMetadataServiceConfiguration", {}).get("MinimumInstanceMetadataServiceVersion")
    return {"status": found["NotebookInstanceStatus"], "minimum": minimum}


def versions(template):
    found = client("ec2").describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])["LaunchTemplateVersions"]
    return {
        "name": template["LaunchTemplateName"],
        "default": template["DefaultVersionNumber"],
        "versions": {v["VersionNumber"]: v["LaunchTemplateData"] for v in found},
    }


def groups():
    return pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups")


def launches():
    names = ("LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy")
    return {g["AutoScalingGroupName"]: {name: g.get(name) for name in names} for g in groups()}


def members():
    tokens = {
        i["InstanceId"]: i["MetadataOptions"]["HttpTokens"]
        for r in pages("ec2", "describe_instances", "Reservations") for i in r["Instances"] if "MetadataOptions" in i
    }
    alive = {g["AutoScalingGroupName"]: [m for m in g["Instances"] if m["LifecycleState"] == "InService"] for g in groups()}
    return {name: {m["InstanceId"]: tokens[m["InstanceId"]] for m in found} for name, found in alive.items()}


def refreshes():
    def of(name):
        found = client("autoscaling").describe_instance_refreshes(AutoScalingGroupName=name)
        return [refresh["Status"] for refresh in found["InstanceRefreshes"]]

    return {g["AutoScalingGroupName"]: of(g["AutoScalingGroupName"]) for g in groups()}


def environments():
    found = client("elasticbeanstalk").describe_environments()["Environments"]
    return {e["EnvironmentName"]: [e["Status"], option(e)] for e in found}


PARTS = {
    "groups": launches,
    "members": members,
    "refreshes": refreshes,
    "configurations": lambda: pages("autoscaling", "describe_launch_configurations", "LaunchConfigurations"),
    "templates": lambda: {
        t["LaunchTemplateId"]: versions(t) for t in pages("ec2", "describe_launch_templates", "LaunchTemplates")
    },
    "images": lambda: {
        i["ImageId"]: [i["Name"], i.get("ImdsSupport")] for i in client("ec2").describe_images(Owners=["self"])["Images"]
    },
    "notebooks": lambda: {
        n["NotebookInstanceName"]: notebook(n["NotebookInstanceName"])
        for n in pages("sagemaker", "list_notebook_instances", "NotebookInstances")
    },
    "environments": environments,
    "lightsail": lambda: {i["name"]: i.get("metadataOptions") for i in pages("lightsail", "get_instances", "instances")},
}


def read(*parts):
    return {part: PARTS[part]() for part in parts}


def make():
    image = client("ec2").register_image(Name="kinds")["ImageId"]
    client("autoscaling").create_launch_configuration(
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
    template = client("ec2").create_launch_template(LaunchTemplateName="kinds", LaunchTemplateData=data)["LaunchTemplate"]
    size = {"MinSize": 0, "MaxSize": 20, "AvailabilityZones": [client("ec2").meta.region_name + "a"]}
    client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="by-configuration", LaunchConfigurationName="old web", DesiredCapacity=2, **size)
    client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="by-template", DesiredCapacity=5,
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"], "Version": "$Default"}, **size)
    client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="by-number", DesiredCapacity=0,
        LaunchTemplate={"LaunchTemplateId": template["LaunchTemplateId"], "Version": "1"}, **size)
    return {"image": image, "template": template["LaunchTemplateId"]}


def mix(template):
    policy = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": {"LaunchTemplateId": template, "Version": "1"},
            "Overrides": [{"InstanceType": "m5.large"}, {"InstanceType": "m5.xlarge"}],
        }
    }
    client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="mixed", MixedInstancesPolicy=policy, DesiredCapacity=0, MinSize=0, MaxSize=2,
        AvailabilityZones=[client("ec2").meta.region_name + "a"])


def image(name):
    return client("ec2").register_image(Name=name)["ImageId"]


def launch(name):
    def members():
        group = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        return group["DesiredCapacity"], {m["InstanceId"] for m in group["Instances"]}

    size, before = members()
    client("autoscaling").set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=size + 1)
    new = sorted(members()[1] - before)
    found = client("ec2").describe_instances(InstanceIds=new)["Reservations"]
    return [i["MetadataOptions"]["HttpTokens"] for r in found for i in r["Instances"]]


def drift():
    """Something else than was planned of everything: of each kind, what a colleague may do meanwhile."""
    state = read("notebooks", "lightsail")
    client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName="by-configuration", LaunchTemplate={"LaunchTemplateName": "kinds", "Version": "1"})
    newer = {"SourceVersion": "1", "LaunchTemplateData": {"KeyName": "other"}}
    client("ec2").create_launch_template_version(LaunchTemplateName="kinds", **newer)
    client("ec2").modify_launch_template(LaunchTemplateName="kinds", DefaultVersion="2")
    for name, found in state["notebooks"].items():
        if found == {"status": "Stopped", "minimum": "1"}:
            client("sagemaker").start_notebook_instance(NotebookInstanceName=name)
    for environment in client("elasticbeanstalk").describe_environments()["Environments"]:
        value = {None: "false", "false": None}.get(option(environment), "as it is")
        named = {"Namespace": LAUNCHING, "OptionName": "DisableIMDSv1"}
        if value == "false":
            client("elasticbeanstalk").update_environment(
                EnvironmentId=environment["EnvironmentId"], OptionSettings=[{**named, "Value": value}])
        elif value is None:
            client("elasticbeanstalk").update_environment(EnvironmentId=environment["EnvironmentId"], OptionsToRemove=[named])
    for name, found in state["lightsail"].items():
        if found and found["httpTokens"] == "optional" and found["httpEndpoint"] == "enabled":
            client("lightsail").update_instance_metadata_options(instanceName=name, httpEndpoint="disabled")


def change(*unset):
    """What a colleague may do after an apply: everywhere something else than what was there before and
    than what was applied. The option of these environments is taken away, that of the others is set to `false`."""
    client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName="by-configuration", LaunchTemplate={"LaunchTemplateName": "kinds", "Version": "1"})
    client("ec2").create_launch_template_version(
        LaunchTemplateName="kinds", SourceVersion="2", LaunchTemplateData={"KeyName": "other"})
    client("ec2").modify_launch_template(LaunchTemplateName="kinds", DefaultVersion="3")
    named = {"Namespace": LAUNCHING, "OptionName": "DisableIMDSv1"}
    for environment in client("elasticbeanstalk").describe_environments()["Environments"]:
        if environment["EnvironmentName"] in unset:
            client("elasticbeanstalk").update_environment(EnvironmentId=environment["EnvironmentId"], OptionsToRemove=[named])
        else:
            client("elasticbeanstalk").update_environment(
                EnvironmentId=environment["EnvironmentId"], OptionSettings=[{**named, "Value": "false"}])


def delete():
    """Everything that these kinds change, as others may delete it meanwhile. (Nothing takes time to settle.)"""
    for group in groups():
        client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=group["AutoScalingGroupName"], ForceDelete=True)
    client("autoscaling").delete_launch_configuration(LaunchConfigurationName="old web")
    for template in pages("ec2", "describe_launch_templates", "LaunchTemplates"):
        client("ec2").delete_launch_template(LaunchTemplateId=template["LaunchTemplateId"])
    for found in client("ec2").describe_images(Owners=["self"])["Images"]:
        client("ec2").deregister_image(ImageId=found["ImageId"])
    for name, found in PARTS["notebooks"]().items():
        if found["status"] == "InService":
            client("sagemaker").stop_notebook_instance(NotebookInstanceName=name)
        client("sagemaker").delete_notebook_instance(NotebookInstanceName=name)
    for environment in client("elasticbeanstalk").describe_environments()["Environments"]:
        client("elasticbeanstalk").terminate_environment(EnvironmentId=environment["EnvironmentId"])
    for name in PARTS["lightsail"]():
        client("lightsail").delete_instance(instanceName=name)


ACTIONS = {
    "read": read, "make": make, "mix": mix, "image": image, "launch": launch, "drift": drift, "change": change, "delete": delete,
}
print(json.dumps(ACTIONS[sys.argv[1]](*sys.argv[2:]), sort_keys=True, default=str))
