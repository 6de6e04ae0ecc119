"""The environment of a client in the organization's delegated administrator account."""

import json

import boto3

[delegated] = boto3.client("organizations").list_delegated_administrators()["DelegatedAdministrators"]
role = f"arn:aws:iam::{delegated['Id']}:role/OrganizationAccountAccessRole"
keys = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
print(json.dumps({
    "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
    "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
    "AWS_SESSION_TOKEN": keys["SessionToken"],
}))
