"""Every option of every instance, template and default, of all accounts, as boto3 reads them."""

import json

import boto3
from botocore.config import Config

PATIENT = Config(retries={"mode": "adaptive", "max_attempts": 20})
ROLE = "arn:aws:iam::{}:role/OrganizationAccountAccessRole"
sts = boto3.client("sts")
own = sts.get_caller_identity()["Account"]
accounts = [a["Id"] for p in boto3.client("organizations").get_paginator("list_accounts").paginate() for a in p["Accounts"]]


def session(account):
    if account == own:
        return boto3.Session()
    keys = sts.assume_role(RoleArn=ROLE.format(account), RoleSessionName="witness")["Credentials"]
    return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def unit(ec2):
    instances = {
        i["InstanceId"]: i.get("MetadataOptions", {})
        for p in ec2.get_paginator("describe_instances").paginate()
        for r in p["Reservations"] for i in r["Instances"]
    }
    templates = {}
    for page in ec2.get_paginator("describe_launch_templates").paginate():
        for t in page["LaunchTemplates"]:
            versions = ec2.describe_launch_template_versions(LaunchTemplateId=t["LaunchTemplateId"])["LaunchTemplateVersions"]
            templates[t["LaunchTemplateId"]] = {
                "default": t["DefaultVersionNumber"],
                "latest": t["LatestVersionNumber"],
                "versions": {v["VersionNumber"]: v["LaunchTemplateData"] for v in versions},
            }
    return {"instances": instances, "templates": templates, "defaults": ec2.get_instance_metadata_defaults()["AccountLevel"]}


seen = {}
for account in accounts:
    entered = session(account)
    for region in [r["RegionName"] for r in entered.client("ec2").describe_regions()["Regions"]]:
        seen[f"{account} {region}"] = unit(entered.client("ec2", region_name=region, config=PATIENT))
print(json.dumps(seen, sort_keys=True, default=str))
