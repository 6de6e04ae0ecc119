"""Reads every instance of every account of the organization with boto3: the independent witness.

Prints {"accounts": [id…], "instances": {id: {account_id, region, state, http_tokens, …}}}.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

import witness

PATIENT = Config(retries={"mode": "standard", "max_attempts": 25})


def session(account, own):
    if account == own:
        return boto3.Session()
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    answer = boto3.client("sts", config=PATIENT).assume_role(RoleArn=role, RoleSessionName="witness")
    keys = answer["Credentials"]
    return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def read(account, own):
    access = session(account, own)
    found = {}
    regions = access.client("ec2", config=PATIENT).describe_regions()["Regions"]
    for region in (r["RegionName"] for r in regions):
        pages = access.client("ec2", region_name=region, config=PATIENT).get_paginator("describe_instances")
        for instance in witness.instances(pages.paginate(PaginationConfig={"PageSize": 7})):
            assert instance["InstanceId"] not in found
            found[instance["InstanceId"]] = {"account_id": account, **witness.facts(region, instance)}
    return found


own = boto3.client("sts", config=PATIENT).get_caller_identity()["Account"]
organizations = boto3.client("organizations", config=PATIENT)
accounts = [a["Id"] for p in organizations.get_paginator("list_accounts").paginate() for a in p["Accounts"]]
instances = {}
with ThreadPoolExecutor(4) as pool:
    for found in pool.map(lambda account: read(account, own), accounts):
        instances.update(found)
print(json.dumps({"accounts": sorted(accounts), "instances": instances}))
