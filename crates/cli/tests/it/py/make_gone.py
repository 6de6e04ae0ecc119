"""Auto Scaling groups that name a template version which is deleted afterwards, alone and beside versions that are there;
and a template that names an image which does not exist, in an account without defaults."""

import json

import boto3

REGION = "us-east-1"
ec2, scaling = boto3.client("ec2", region_name=REGION), boto3.client("autoscaling", region_name=REGION)
clear = {name: "no-preference" for name in ["HttpTokens", "HttpEndpoint", "InstanceMetadataTags", "HttpTokensEnforced"]}
ec2.modify_instance_metadata_defaults(**clear, HttpPutResponseHopLimit=-1)
image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]


def template(name, *versions):
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=versions[0])["LaunchTemplate"]
    for version in versions[1:]:
        ec2.create_launch_template_version(LaunchTemplateName=name, LaunchTemplateData=version)
    return made["LaunchTemplateId"]


def data(tokens):
    return {"ImageId": image, "InstanceType": "m5.large", "MetadataOptions": {"HttpTokens": tokens, "HttpEndpoint": "enabled"}}


def group(name, version):
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=0, MaxSize=1, DesiredCapacity=0, AvailabilityZones=[REGION + "a"],
        LaunchTemplate={"LaunchTemplateId": pinned, "Version": version},
    )


pinned = template("pinned", data("required"), data("optional"), data("optional"), data("required"), data("required"))
ec2.modify_launch_template(LaunchTemplateId=pinned, DefaultVersion="5")
for version in ["1", "2", "3", "4"]:
    group(f"on-{version}", version)
group("on-default", "$Default")
ec2.delete_launch_template_versions(LaunchTemplateId=pinned, Versions=["1", "2"])
gone = "ami-0123456789abcdef0"
silent = template("silent-without-image", {"ImageId": gone, "InstanceType": "m5.large"})
strict = template("strict-without-image", {**data("required"), "ImageId": gone})
print(json.dumps({"pinned": pinned, "silent": silent, "strict": strict}))
