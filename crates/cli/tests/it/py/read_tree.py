"""The organization's tree as boto3 walks it: for each account the names and ids of what stands above it,
and for each policy type the policies with their targets."""

import json

import boto3

organizations = boto3.client("organizations")


def pages(operation, key, **arguments):
    for page in organizations.get_paginator(operation).paginate(**arguments):
        yield from page[key]


accounts, units = {}, {}


def walk(node, names, ids):
    units[node] = names
    for account in pages("list_accounts_for_parent", "Accounts", ParentId=node):
        accounts[account["Id"]] = {"names": names, "ids": ids}
    for unit in pages("list_organizational_units_for_parent", "OrganizationalUnits", ParentId=node):
        walk(unit["Id"], f"{names}/{unit['Name']}", f"{ids}/{unit['Id']}")


for root in pages("list_roots", "Roots"):
    walk(root["Id"], root["Name"], root["Id"])

policies = {}
for kind in ("SERVICE_CONTROL_POLICY", "DECLARATIVE_POLICY_EC2"):
    for policy in pages("list_policies", "Policies", Filter=kind):
        targets = pages("list_targets_for_policy", "Targets", PolicyId=policy["Id"])
        content = organizations.describe_policy(PolicyId=policy["Id"])["Policy"]["Content"]
        policies[policy["Name"]] = {
            "type": kind,
            "content": content,
            "targets": sorted(target["TargetId"] for target in targets),
        }

delegated = [a["Id"] for a in pages("list_delegated_administrators", "DelegatedAdministrators")]
print(json.dumps({"accounts": accounts, "units": units, "policies": policies, "delegated": delegated}))
