"""Reads every instance of the caller's account back with boto3: {id: facts}."""

import json

import boto3

from witness import facts, instances

found = {}
for region in (r["RegionName"] for r in boto3.client("ec2").describe_regions()["Regions"]):
    pages = boto3.client("ec2", region_name=region).get_paginator("describe_instances").paginate()
    for instance in instances(pages):
        found[instance["InstanceId"]] = facts(region, instance)
print(json.dumps(found))
