"""What boto3 sees of the simulator: paging, filters, roles, session policies, refusals."""

import json
import os

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ONCE = Config(retries={"total_max_attempts": 1})


def client(service, region="us-east-1", **keys):
    return boto3.client(service, region_name=region, config=ONCE, **keys)


def code(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "answered"


def instances(pages):
    return [i for p in pages for r in p["Reservations"] for i in r["Instances"]]


ec2 = client("ec2")
pages = list(ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5}))
everything = instances(pages)
filters = [
    {"Name": "metadata-options.http-tokens", "Values": ["optional"]},
    {"Name": "instance-state-name", "Values": ["running", "stop*"]},
]
filtered = instances(ec2.get_paginator("describe_instances").paginate(Filters=filters, PaginationConfig={"PageSize": 5}))
own = [
    i for i in everything
    if i["MetadataOptions"]["HttpTokens"] == "optional"
    and (i["State"]["Name"] == "running" or i["State"]["Name"].startswith("stop"))
]
token = pages[0]["NextToken"]
changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
accounts = [a["Id"] for p in client("organizations").get_paginator("list_accounts").paginate() for a in p["Accounts"]]
me = client("sts").get_caller_identity()["Account"]
member = next(a for a in accounts if a != me)


def assumed(**more):
    role = f"arn:aws:iam::{member}:role/OrganizationAccountAccessRole"
    keys = client("sts").assume_role(RoleArn=role, RoleSessionName="test", **more)["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }


policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:DescribeRegions", "Resource": "*"}]}
narrow = client("ec2", **assumed(Policy=json.dumps(policy)))
narrow.describe_regions()
key = os.environ["AWS_ACCESS_KEY_ID"]
print(json.dumps({
    "accounts": len(accounts),
    "pages_hold_at_most": max(len(instances([page])) for page in pages),
    "filtered_equals_own_filter": [i["InstanceId"] for i in filtered] == [i["InstanceId"] for i in own] and len(own) > 0,
    "token_of_another_region": code(lambda: client("ec2", "eu-west-1").describe_instances(MaxResults=5, NextToken=token)),
    "changed_token": code(lambda: ec2.describe_instances(MaxResults=5, NextToken=changed)),
    "wrong_secret": code(client("sts", aws_access_key_id=key, aws_secret_access_key="wrong").get_caller_identity),
    "unknown_key": code(client("sts", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x").get_caller_identity),
    "session_policy_denies": code(narrow.describe_instances),
    "member_lists_accounts": code(client("organizations", **assumed()).list_accounts),
}))
