"""The organization's policies as boto3 reads them, rows by table as imdsure has them; and for each account the service
control policies on its way through the tree, what the EC2 policy in effect says, and whether a launch with version 1 is
refused there by enforcement: it is tried, in the region that the client is set to."""

import json

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 12})
SCP, EC2 = "SERVICE_CONTROL_POLICY", "DECLARATIVE_POLICY_EC2"

organizations = boto3.client("organizations", config=PATIENT)
sts = boto3.client("sts", config=PATIENT)


def every(operation, key, **arguments):
    return [item for page in organizations.get_paginator(operation).paginate(**arguments) for item in page[key]]


def policy(summary):
    named = ("TargetId", "Name", "Type")
    targets = every("list_targets_for_policy", "Targets", PolicyId=summary["Id"])
    return {
        "policy_id": summary["Id"],
        "arn": summary["Arn"],
        "name": summary["Name"],
        "description": summary["Description"],
        "type": summary["Type"],
        "aws_managed": summary["AwsManaged"],
        "content": organizations.describe_policy(PolicyId=summary["Id"])["Policy"]["Content"],
        "targets": json.dumps([{name: target[name] for name in named} for target in targets], separators=(",", ":")),
    }


def in_effect(account):
    try:
        answer = organizations.describe_effective_policy(PolicyType=EC2, TargetId=account)["EffectivePolicy"]
    except organizations.exceptions.EffectivePolicyNotFoundException:
        return None
    content = answer["PolicyContent"]
    defaults = json.loads(content)["ec2_attributes"].get("instance_metadata_defaults", {})
    hops = defaults.get("http_put_response_hop_limit")
    return {
        "account_id": account,
        "type": EC2,
        "content": content,
        "http_tokens": defaults.get("http_tokens"),
        "http_tokens_enforced": defaults.get("http_tokens_enforced"),
        "hop_limit": None if hops is None else int(hops),
    }


def way(target):
    """From the root down."""
    above = organizations.list_parents(ChildId=target)["Parents"]
    return (way(above[0]["Id"]) if above and above[0]["Type"] != "ROOT" else [a["Id"] for a in above]) + [target]


def applied(account):
    """By name, AWS's own left out."""
    found = (every("list_policies_for_target", "Policies", TargetId=t, Filter=SCP) for t in way(account))
    return [p["Name"] for at_target in found for p in at_target if not p["AwsManaged"]]


def launch_refused(account):
    if account == own:
        session = boto3.Session()
    else:
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        keys = sts.assume_role(RoleArn=role, RoleSessionName="witness")["Credentials"]
        session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    ec2 = session.client("ec2", config=PATIENT)
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    wish = {"HttpTokens": "optional", "HttpEndpoint": "enabled"}
    try:
        ec2.run_instances(ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1, MetadataOptions=wish)
        return False
    except ClientError as refused:
        if "with an explicit deny in a service control policy" in str(refused):
            level = ec2.get_instance_metadata_defaults()["AccountLevel"]
            return level.get("HttpTokensEnforced") == "enabled"
        assert refused.response["Error"]["Code"] == "UnsupportedOperation", refused
        return True


own = sts.get_caller_identity()["Account"]
accounts = [account["Id"] for account in every("list_accounts", "Accounts")]
effective = {account: in_effect(account) for account in accounts}
print(json.dumps({
    "tables": {
        "aws_organizations_policy": [policy(p) for kind in (SCP, EC2) for p in every("list_policies", "Policies", Filter=kind)],
        "aws_organizations_effective_policy": [row for row in effective.values() if row is not None],
    },
    "accounts": {
        account: {
            "management": account == own,
            "policies": applied(account),
            "effective": effective[account],
            "launch_refused": launch_refused(account),
        }
        for account in accounts
    },
}))
