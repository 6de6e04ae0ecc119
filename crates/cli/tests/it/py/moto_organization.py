"""An organization in moto: two members with instances, one that was closed."""

import json

import boto3

organizations = boto3.client("organizations")
organizations.create_organization(FeatureSet="ALL")
ids = []
for name in ("shop", "data", "closed"):
    status = organizations.create_account(AccountName=name, Email=f"{name}@example.com")
    ids.append(status["CreateAccountStatus"]["AccountId"])
organizations.close_account(AccountId=ids.pop())
for account in ids:
    role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
    keys = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    ec2 = session.client("ec2", region_name="eu-west-1")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, MinCount=2, MaxCount=2)
print(json.dumps(ids))
