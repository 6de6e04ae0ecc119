"""Turns beliefs of docs/verified.md into facts, in a sandbox account of yours: `make verify-aws`.

It launches one small instance, makes one launch template, changes options, and deletes all of it again. It touches nothing that it
did not make, except the account's metadata defaults of the region, which it reads, changes and puts back. It asks before it begins.
Set IMDSURE_VERIFY_ACCOUNT to the account's twelve digits: any other is refused.

Against a simulated endpoint (AWS_ENDPOINT_URL on 127.0.0.1, `imdsure simulator serve`) it asks nothing: that checks the script, not
AWS. Two things differ there: any x86 AMI of Amazon's is taken, since simulated ones have other names, and it looks more often.
"""

import datetime
import json
import os
import sys
import time

import boto3
from botocore.exceptions import ClientError

REGION = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
SIMULATED = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://127.0.0.1")
NAME = "imdsure-verify-" + datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d%H%M%S")
TAGS = [{"Key": "Name", "Value": NAME}]
results = []


def told(belief, seen, detail=""):
    results.append({"belief": belief, "seen": bool(seen), "detail": str(detail)})
    print(("yes  " if seen else "NO   ") + belief + (f"  ({detail})" if detail else ""), flush=True)


def code(call, **arguments):
    """The error code of a call; None when it is answered."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def options(ec2, instance):
    found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return found["State"]["Name"], found["MetadataOptions"]


def wait(what, until, seconds=300):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = what()
        if until(value):
            return value
        time.sleep(0.3 if SIMULATED else 2)
    return what()


def instances(ec2, image):
    launched = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1,
        MetadataOptions={"HttpTokens": "optional", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 3},
        TagSpecifications=[{"ResourceType": "instance", "Tags": TAGS}],
    )
    instance = launched["Instances"][0]["InstanceId"]
    modify = ec2.modify_instance_metadata_options
    try:
        wait(lambda: options(ec2, instance)[0], lambda state: state == "running")
        would = code(modify, InstanceId=instance, HttpTokens="required", DryRun=True)
        told("a dry run of ModifyInstanceMetadataOptions answers DryRunOperation and changes nothing",
             would == "DryRunOperation" and options(ec2, instance)[1]["HttpTokens"] == "optional", would)
        answered = modify(InstanceId=instance, HttpTokens="required")["InstanceMetadataOptions"]
        told("a change of a running instance is pending first", answered["State"] == "pending", answered["State"])
        began = time.monotonic()
        after = wait(lambda: options(ec2, instance)[1], lambda o: o["State"] == "applied")
        told("it is applied within a minute", after["State"] == "applied" and time.monotonic() - began < 60,
             f"{time.monotonic() - began:.0f} s")
        told("HttpTokens can be sent alone, and what is not sent stays",
             after["HttpTokens"] == "required" and after["HttpPutResponseHopLimit"] == 3
             and after["HttpEndpoint"] == "enabled", json.dumps(after))
        defaults(ec2, instance, modify)
        modify(InstanceId=instance, HttpTokens="optional")
        back = wait(lambda: options(ec2, instance)[1], lambda o: o["State"] == "applied")
        told("required goes back to optional in place", back["HttpTokens"] == "optional")
        ec2.stop_instances(InstanceIds=[instance])
        wait(lambda: options(ec2, instance)[0], lambda state: state == "stopped")
        told("options of a stopped instance can be changed", code(modify, InstanceId=instance, HttpTokens="required") is None)
        told("they stay pending while it is stopped", options(ec2, instance)[1]["State"] == "pending",
             options(ec2, instance)[1]["State"])
    finally:
        ec2.terminate_instances(InstanceIds=[instance])
        wait(lambda: options(ec2, instance)[0], lambda state: state == "terminated")
    told("options of a terminated instance are refused with IncorrectInstanceState",
         code(modify, InstanceId=instance, HttpTokens="required") == "IncorrectInstanceState",
         code(modify, InstanceId=instance, HttpTokens="required"))


def defaults(ec2, instance, modify):
    """Enforcement, with the account's own setting put back."""
    before = ec2.get_instance_metadata_defaults()["AccountLevel"]
    if before.get("ManagedBy") == "declarative-policy":
        return told("enforcement (not looked at: a declarative policy manages the defaults)", True)
    change = ec2.modify_instance_metadata_defaults
    change(HttpTokensEnforced="enabled")
    try:
        wait(lambda: ec2.get_instance_metadata_defaults()["AccountLevel"], lambda a: a.get("HttpTokensEnforced") == "enabled", 60)
        refused = code(modify, InstanceId=instance, HttpTokens="optional")
        told("while enforcement is on no instance goes back: UnsupportedOperation", refused == "UnsupportedOperation", refused)
        dry = code(modify, InstanceId=instance, HttpTokens="optional", DryRun=True)
        told("a dry run says so as well", dry == "UnsupportedOperation", dry)
    finally:
        change(HttpTokensEnforced=before.get("HttpTokensEnforced", "no-preference"))
    wait(lambda: ec2.get_instance_metadata_defaults()["AccountLevel"],
         lambda a: a.get("HttpTokensEnforced", "no-preference") in (before.get("HttpTokensEnforced", "no-preference"), "disabled"), 60)


def templates(ec2, image):
    data = {"ImageId": image, "InstanceType": "t3.micro",
            "MetadataOptions": {"HttpTokens": "optional", "HttpPutResponseHopLimit": 3}}
    made = ec2.create_launch_template(LaunchTemplateName=NAME, LaunchTemplateData=data)["LaunchTemplate"]
    named = {"LaunchTemplateId": made["LaunchTemplateId"]}

    def version(number):
        found = ec2.describe_launch_template_versions(Versions=[str(number)], **named)
        return found["LaunchTemplateVersions"][0]["LaunchTemplateData"]

    def numbers():
        found = ec2.describe_launch_templates(LaunchTemplateIds=[made["LaunchTemplateId"]])["LaunchTemplates"][0]
        return found["DefaultVersionNumber"], found["LatestVersionNumber"]

    try:
        new = {"SourceVersion": "1", "ClientToken": NAME, "LaunchTemplateData": {"MetadataOptions": {"HttpTokens": "required"}}}
        first = ec2.create_launch_template_version(**new, **named)["LaunchTemplateVersion"]["VersionNumber"]
        again = ec2.create_launch_template_version(**new, **named)["LaunchTemplateVersion"]["VersionNumber"]
        told("a client token makes one version of two calls", first == again == 2, (first, again))
        told("a new version inherits what is not sent", version(2).get("InstanceType") == "t3.micro")
        told("nested options that are sent take the place of the source's",
             "HttpPutResponseHopLimit" not in version(2)["MetadataOptions"], json.dumps(version(2)["MetadataOptions"]))
        told("the new version is the latest, and not the default", numbers() == (1, 2), numbers())
        ec2.delete_launch_template_versions(Versions=["2"], **named)
        told("after it is deleted the latest version is the one before", numbers() == (1, 1), numbers())
        kept = ec2.delete_launch_template_versions(Versions=["1"], **named)["UnsuccessfullyDeletedLaunchTemplateVersions"]
        told("the default version is not deleted, and said to be so in an answer", len(kept) == 1 and numbers() == (1, 1), kept)
    finally:
        ec2.delete_launch_template(**named)
    gone = wait(lambda: code(numbers), lambda found: found is not None, 60)
    told("a template that was deleted is InvalidLaunchTemplateId.NotFound", gone == "InvalidLaunchTemplateId.NotFound", gone)


def main():
    account = boto3.client("sts", region_name=REGION).get_caller_identity()["Account"]
    if not SIMULATED:
        if os.environ.get("IMDSURE_VERIFY_ACCOUNT") != account:
            sys.exit(f"these credentials are of account {account}: set IMDSURE_VERIFY_ACCOUNT to it if it is your sandbox")
        if input(f"Launch and change things in account {account}, {REGION}? Type `yes`: ") != "yes":
            sys.exit("nothing was done")
    ec2 = boto3.client("ec2", region_name=REGION)
    images = ec2.describe_images(Owners=["amazon"], Filters=[
        {"Name": "architecture", "Values": ["x86_64"]},
        {"Name": "name", "Values": ["*" if SIMULATED else "al2023-ami-minimal-2023*-x86_64"]}])["Images"]
    image = images[0]["ImageId"]
    templates(ec2, image)
    instances(ec2, image)
    wrong = [result for result in results if not result["seen"]]
    print(f"\n{len(results) - len(wrong)} of {len(results)} beliefs seen in {account} {REGION}"
          + (" (simulated)" if SIMULATED else "") + "; write date and region into docs/verified.md")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
