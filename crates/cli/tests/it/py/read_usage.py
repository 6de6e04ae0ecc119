"""What boto3 reads of version 1 calls: by instance, the sum of the metric over the window that is given, and the
hours that have data. Arguments: start and end of the window (RFC 3339), and the regions; every one without any."""

import json
import sys
from datetime import datetime

import boto3

start, end = (datetime.fromisoformat(text.replace("Z", "+00:00")) for text in sys.argv[1:3])
usage = {}
for name in sys.argv[3:] or [r["RegionName"] for r in boto3.client("ec2").describe_regions()["Regions"]]:
    cloudwatch = boto3.client("cloudwatch", region_name=name)
    ec2 = boto3.client("ec2", region_name=name)
    for page in ec2.get_paginator("describe_instances").paginate():
        for instance in (i for r in page["Reservations"] for i in r["Instances"]):
            required = instance["MetadataOptions"]["HttpTokens"] == "required"
            metric = "MetadataNoTokenRejected" if required else "MetadataNoToken"
            query = {
                "Id": "calls",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/EC2",
                        "MetricName": metric,
                        "Dimensions": [{"Name": "InstanceId", "Value": instance["InstanceId"]}],
                    },
                    "Period": 3600,
                    "Stat": "Sum",
                },
            }
            answer = cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=start, EndTime=end)
            values = answer["MetricDataResults"][0]["Values"]
            usage[instance["InstanceId"]] = {
                "metric": metric,
                "calls": int(sum(values)) if values else None,
                "hours": len(values),
            }
print(json.dumps(usage))
