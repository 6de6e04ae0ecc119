"""Reads every instance of the caller's account back with boto3: {id: facts}."""

import json

import boto3

found = {}
for region in (r["RegionName"] for r in boto3.client("ec2").describe_regions()["Regions"]):
    pages = boto3.client("ec2", region_name=region).get_paginator("describe_instances").paginate()
    for instance in (i for p in pages for r in p["Reservations"] for i in r["Instances"]):
        options = instance.get("MetadataOptions", {})
        found[instance["InstanceId"]] = {
            "region": region,
            "instance_state": instance["State"]["Name"],
            "http_tokens": options.get("HttpTokens"),
            "http_endpoint": options.get("HttpEndpoint"),
            "hop_limit": options.get("HttpPutResponseHopLimit"),
            "state": options.get("State"),
            "name": next((t["Value"] for t in instance.get("Tags", []) if t["Key"] == "Name"), None),
            "instance_profile": instance.get("IamInstanceProfile", {}).get("Arn", "/").rsplit("/", 1)[1] or None,
        }
print(json.dumps(found))
