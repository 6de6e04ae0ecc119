"""The peer: the audit as one writes it with boto3.

Lists the organization's accounts, assumes a role in each, asks every account and region for its
instances (1,000 a page) and counts those that still answer IMDSv1. Endpoint and credentials come from
the environment. Prints one line of JSON.

    python boto3_audit.py us-east-1,eu-west-1
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

THREADS = 32
HOME_REGION = "us-east-1"
ROLE = "OrganizationAccountAccessRole"

# One session for all: it loads the description of each API once. Making clients is not thread-safe.
SESSION = boto3.Session(region_name=HOME_REGION)
MAKING_CLIENTS = threading.Lock()
# A connection for each thread, where threads share a client.
CONFIG = Config(max_pool_connections=THREADS)


def client(service, region, keys):
    with MAKING_CLIENTS:
        return SESSION.client(service, region_name=region, config=CONFIG, **keys)


def enter(sts, own_account, account):
    """The credentials that read an account; none for the caller's own."""
    if account == own_account:
        return {}
    arn = f"arn:aws:iam::{account}:role/{ROLE}"
    given = sts.assume_role(RoleArn=arn, RoleSessionName="boto3-audit")["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


def answers_imdsv1(instance):
    options = instance.get("MetadataOptions", {})
    return options.get("HttpEndpoint") == "enabled" and options.get("HttpTokens") == "optional"


def read(keys, region):
    """Pages, instances, and those that answer IMDSv1, in one account and region."""
    pages = instances = imdsv1 = 0
    paginator = client("ec2", region, keys).get_paginator("describe_instances")
    for page in paginator.paginate(PaginationConfig={"PageSize": 1000}):
        pages += 1
        for reservation in page["Reservations"]:
            for instance in reservation["Instances"]:
                instances += 1
                imdsv1 += answers_imdsv1(instance)
    return pages, instances, imdsv1


def main(regions):
    started = time.monotonic()
    sts = client("sts", HOME_REGION, {})
    own_account = sts.get_caller_identity()["Account"]
    organizations = client("organizations", HOME_REGION, {})
    pages = organizations.get_paginator("list_accounts").paginate()
    accounts = [account["Id"] for page in pages for account in page["Accounts"]]
    with ThreadPoolExecutor(THREADS) as pool:
        keys = list(pool.map(lambda account: enter(sts, own_account, account), accounts))
        units = [(of_account, region) for of_account in keys for region in regions]
        counts = list(pool.map(lambda unit: read(*unit), units))
    pages, instances, imdsv1 = (sum(column) for column in zip(*counts))
    print(
        json.dumps(
            {
                "accounts": len(accounts),
                "pages": pages,
                "instances": instances,
                "imdsv1": imdsv1,
                "seconds": time.monotonic() - started,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1].split(","))
