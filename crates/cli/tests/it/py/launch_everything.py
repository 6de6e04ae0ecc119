"""Launches one instance from the default version of every launch template, and one more member of every Auto
Scaling group, in every region of the caller's account, and tells what was born: for each template and group the
tokens, hop limit and endpoint of the new instance, or the error that AWS gave instead."""

import json
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 12})


def born(instance):
    options = instance["MetadataOptions"]
    return {
        "http_tokens": options["HttpTokens"],
        "hop_limit": options["HttpPutResponseHopLimit"],
        "http_endpoint": options["HttpEndpoint"],
    }


def pages(client, operation, key):
    for page in client.get_paginator(operation).paginate():
        yield from page[key]


def templates(ec2):
    for template in list(pages(ec2, "describe_launch_templates", "LaunchTemplates")):
        id = template["LaunchTemplateId"]
        try:
            answer = ec2.run_instances(LaunchTemplate={"LaunchTemplateId": id, "Version": "$Default"}, MinCount=1, MaxCount=1)
            yield id, born(answer["Instances"][0])
        except ClientError as error:
            yield id, {"error": error.response["Error"]["Code"]}


def groups(autoscaling, ec2):
    for group in list(pages(autoscaling, "describe_auto_scaling_groups", "AutoScalingGroups")):
        name = group["AutoScalingGroupName"]
        before = {member["InstanceId"] for member in group["Instances"]}
        size = group["DesiredCapacity"] + 1
        autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, MaxSize=max(size, group["MaxSize"]))
        autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=size)
        after = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        new = [member["InstanceId"] for member in after["Instances"] if member["InstanceId"] not in before]
        if not new:
            yield group["AutoScalingGroupARN"], {"error": "nothing was launched"}
            continue
        for reservation in ec2.describe_instances(InstanceIds=new[:1])["Reservations"]:
            yield group["AutoScalingGroupARN"], born(reservation["Instances"][0])


def region(name):
    ec2 = boto3.client("ec2", region_name=name, config=PATIENT)
    autoscaling = boto3.client("autoscaling", region_name=name, config=PATIENT)
    return dict(templates(ec2)), dict(groups(autoscaling, ec2))


regions = [r["RegionName"] for r in boto3.client("ec2").describe_regions()["Regions"]]
with ThreadPoolExecutor(len(regions)) as pool:
    answers = list(pool.map(region, regions))
merged = ({}, {})
for from_templates, of_groups in answers:
    merged[0].update(from_templates)
    merged[1].update(of_groups)
print(json.dumps({"templates": merged[0], "groups": merged[1]}))
