"""Unfiltered, unpaginated reads as fast as they go: how many are answered, how many throttled."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ec2 = boto3.client("ec2", config=Config(retries={"total_max_attempts": 1}, max_pool_connections=16))


def once(_):
    try:
        ec2.describe_instances()
        return "answered"
    except ClientError as error:
        assert error.response["Error"]["Code"] == "RequestLimitExceeded"
        return "throttled"


with ThreadPoolExecutor(16) as pool:
    results = list(pool.map(once, range(int(sys.argv[1]))))
print(json.dumps({name: results.count(name) for name in ("answered", "throttled")}))
