"""Reads every instance of every account of the organization with boto3: the independent witness.

Prints {"accounts": [id…], "instances": {id: {account_id, region, state, http_tokens, …}}}.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

PATIENT = Config(retries={"mode": "standard", "max_attempts": 25})


def session(account, own):
    if account == own:
        return boto3.Session()
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    answer = boto3.client("sts", config=PATIENT).assume_role(RoleArn=role, RoleSessionName="witness")
    keys = answer["Credentials"]
    return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def facts(account, region, instance):
    options = instance.get("MetadataOptions", {})
    return {
        "account_id": account,
        "region": region,
        "instance_state": instance["State"]["Name"],
        "http_tokens": options.get("HttpTokens"),
        "http_endpoint": options.get("HttpEndpoint"),
        "hop_limit": options.get("HttpPutResponseHopLimit"),
        "state": options.get("State"),
        "instance_profile": instance.get("IamInstanceProfile", {}).get("Arn", "/").rsplit("/", 1)[1] or None,
        "public_ip": "PublicIpAddress" in instance,
        "launch_time": instance["LaunchTime"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": next((t["Value"] for t in instance.get("Tags", []) if t["Key"] == "Name"), None),
    }


def read(account, own):
    access = session(account, own)
    found = {}
    regions = access.client("ec2", config=PATIENT).describe_regions()["Regions"]
    for region in (r["RegionName"] for r in regions):
        pages = access.client("ec2", region_name=region, config=PATIENT).get_paginator("describe_instances")
        for page in pages.paginate(PaginationConfig={"PageSize": 7}):
            for reservation in page["Reservations"]:
                for instance in reservation["Instances"]:
                    assert instance["InstanceId"] not in found
                    found[instance["InstanceId"]] = facts(account, region, instance)
    return found


own = boto3.client("sts", config=PATIENT).get_caller_identity()["Account"]
organizations = boto3.client("organizations", config=PATIENT)
accounts = [a["Id"] for p in organizations.get_paginator("list_accounts").paginate() for a in p["Accounts"]]
instances = {}
with ThreadPoolExecutor(4) as pool:
    for found in pool.map(lambda account: read(account, own), accounts):
        instances.update(found)
print(json.dumps({"accounts": sorted(accounts), "instances": instances}))
