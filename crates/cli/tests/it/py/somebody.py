"""Somebody else: does with boto3 what the arguments say, as `ACTION ACCOUNT REGION ID`."""

import sys

import boto3

ROLE = "arn:aws:iam::{}:role/OrganizationAccountAccessRole"
sts = boto3.client("sts")
own = sts.get_caller_identity()["Account"]


def ec2(account, region):
    if account == own:
        return boto3.client("ec2", region_name=region)
    keys = sts.assume_role(RoleArn=ROLE.format(account), RoleSessionName="somebody")["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    return session.client("ec2", region_name=region)


ACTIONS = {
    "terminate": lambda ec2, id: ec2.terminate_instances(InstanceIds=[id]),
    "stop": lambda ec2, id: ec2.stop_instances(InstanceIds=[id]),
    "hop": lambda ec2, id: ec2.modify_instance_metadata_options(InstanceId=id, HttpPutResponseHopLimit=9),
    "optional": lambda ec2, id: ec2.modify_instance_metadata_options(InstanceId=id, HttpTokens="optional"),
    "enforce": lambda ec2, _: ec2.modify_instance_metadata_defaults(HttpTokensEnforced="enabled"),
    "lift": lambda ec2, _: ec2.modify_instance_metadata_defaults(HttpTokensEnforced="no-preference"),
}
words = sys.argv[1:]
for action, account, region, id in zip(*[iter(words)] * 4):
    ACTIONS[action](ec2(account, region), id)
print("null")
