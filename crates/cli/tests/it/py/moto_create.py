"""Creates instances of every kind in several regions of moto, with boto3."""

import itertools
import json

import boto3

REGIONS = ["us-east-1", "eu-west-1", "ap-southeast-2"]
created = []
iam = boto3.client("iam")
iam.create_account_alias(AccountAlias="moto-shop")
iam.create_instance_profile(InstanceProfileName="web", Path="/team/")
for region in REGIONS:
    ec2 = boto3.client("ec2", region_name=region)
    image = ec2.describe_images()["Images"][0]["ImageId"]
    kinds = itertools.product(["required", "optional"], ["enabled", "disabled"], [1, 2, 3])
    for tokens, endpoint, hops in kinds:
        options = {"HttpTokens": tokens, "HttpEndpoint": endpoint, "HttpPutResponseHopLimit": hops}
        name = f"<{tokens}> & \"{endpoint}\" {hops} é"
        answer = ec2.run_instances(
            ImageId=image, MinCount=1, MaxCount=1, MetadataOptions=options,
            IamInstanceProfile={"Name": "web"} if hops == 2 else {},
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
        )
        created.append(answer["Instances"][0]["InstanceId"])
    default = ec2.run_instances(ImageId=image, MinCount=3, MaxCount=3)["Instances"]
    ids = [instance["InstanceId"] for instance in default]
    created += ids
    ec2.stop_instances(InstanceIds=ids[:1])
    ec2.terminate_instances(InstanceIds=ids[1:2])
    # moto takes any value: an option that nobody has seen before.
    ec2.modify_instance_metadata_options(InstanceId=ids[2], HttpTokens="bogus", HttpEndpoint="enabled")
print(json.dumps(created))
