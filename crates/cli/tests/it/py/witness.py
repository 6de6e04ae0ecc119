"""What the independent witness says of an instance, in the words of a finding's facts."""


def facts(region, instance):
    options = instance.get("MetadataOptions", {})
    return {
        "region": region,
        "instance_state": instance["State"]["Name"],
        "http_tokens": options.get("HttpTokens"),
        "http_endpoint": options.get("HttpEndpoint"),
        "hop_limit": options.get("HttpPutResponseHopLimit"),
        "state": options.get("State"),
        "instance_profile": instance.get("IamInstanceProfile", {}).get("Arn", "/").rsplit("/", 1)[1] or None,
        "public_ip": "PublicIpAddress" in instance,
        "launch_time": instance["LaunchTime"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": next((t["Value"] for t in instance.get("Tags", []) if t["Key"] == "Name"), None),
    }


def instances(pages):
    return (i for page in pages for r in page["Reservations"] for i in r["Instances"])
