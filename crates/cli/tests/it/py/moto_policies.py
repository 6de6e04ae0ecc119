"""An organization in moto whose members stand in units: one below a sound service control policy, one with a policy of
its own that has a hole, one below a policy that is about something else. Takes the sound policy as a file; prints the
accounts by name and, of each policy, the targets that boto3 reads back."""

import json
import sys

import boto3

organizations = boto3.client("organizations")
organizations.create_organization(FeatureSet="ALL")
root = organizations.list_roots()["Roots"][0]["Id"]
organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")


def member(name, unit):
    status = organizations.create_account(AccountName=name, Email=f"{name}@example.com")
    id = status["CreateAccountStatus"]["AccountId"]
    organizations.move_account(AccountId=id, SourceParentId=root, DestinationParentId=unit)
    return id


def unit(name, parent):
    return organizations.create_organizational_unit(ParentId=parent, Name=name)["OrganizationalUnit"]["Id"]


def policy(name, content, target):
    made = organizations.create_policy(
        Name=name, Description=f"<{name}> & more", Type="SERVICE_CONTROL_POLICY", Content=content
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=made, TargetId=target)


def statement(action, operator, key, value):
    condition = {operator: {key: value}}
    only = {"Effect": "Deny", "Action": action, "Resource": "arn:aws:ec2:*:*:instance/*", "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": [only]})


above = unit("Workloads", root)
guarded, open_unit = unit("Guarded", above), unit("Open", above)
accounts = {name: member(name, where) for name, where in [("sound", guarded), ("holed", open_unit), ("open", open_unit)]}
with open(sys.argv[1]) as sound:
    policy("require-v2", sound.read(), guarded)
policy("deny-optional", statement("ec2:RunInstances", "StringEquals", "ec2:MetadataHttpTokens", "optional"), accounts["holed"])
policy("no-t1", statement("ec2:RunInstances", "StringEquals", "ec2:InstanceType", "t1.micro"), open_unit)
targets = {}
for summary in organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]:
    listed = organizations.list_targets_for_policy(PolicyId=summary["Id"])["Targets"]
    targets[summary["Name"]] = sorted(target["TargetId"] for target in listed)
print(json.dumps({"accounts": accounts, "targets": targets}))
