"""Instances in moto, and what CloudWatch is told of their version 1 calls: some every hour, zeros every hour, some that
were refused, a few hours only, and nothing. Prints the instances by that."""

import datetime
import json

import boto3

REGION = "us-east-1"
ec2, cloudwatch = boto3.client("ec2", region_name=REGION), boto3.client("cloudwatch", region_name=REGION)
image = ec2.describe_images()["Images"][0]["ImageId"]
HOUR = datetime.timedelta(hours=1)
now = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)


def tell(instance, metric, hours, count):
    points = [
        {
            "MetricName": metric,
            "Dimensions": [{"Name": "InstanceId", "Value": instance}],
            "Timestamp": now - hour * HOUR,
            "Value": count(hour),
            "Unit": "Count",
        }
        for hour in hours
    ]
    for start in range(0, len(points), 100):
        cloudwatch.put_metric_data(Namespace="AWS/EC2", MetricData=points[start:start + 100])


instances = {}
for name, tokens, metric, hours, count in [
    ("used", "optional", "MetadataNoToken", range(1, 15 * 24), lambda hour: hour % 3),
    ("silent", "optional", "MetadataNoToken", range(1, 15 * 24), lambda hour: 0),
    ("refused", "required", "MetadataNoTokenRejected", range(5, 30), lambda hour: 2),
    ("short", "optional", "MetadataNoToken", range(1, 20), lambda hour: 0),
    ("nothing", "optional", None, [], None),
    ("another", "optional", "CPUUtilization", range(1, 20), lambda hour: 50),
]:
    options = {"HttpTokens": tokens, "HttpEndpoint": "enabled"}
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, MetadataOptions=options)["Instances"][0]
    instances[name] = made["InstanceId"]
    tell(instances[name], metric, hours, count)
print(json.dumps(instances))
