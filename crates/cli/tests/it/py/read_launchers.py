"""Everything in the caller's account that launches machines or decides what a launch gets, as boto3 reads it: rows by
table, with the columns of imdsure's tables on which both have to agree. Nothing here is told what imdsure read."""

import json

import boto3
from botocore.config import Config

PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 12})
DISABLE = ("aws:autoscaling:launchconfiguration", "DisableIMDSv1")


def client(service, region):
    return boto3.client(service, region_name=region, config=PATIENT)


def every(on, operation, key, **arguments):
    return [item for page in on.get_paginator(operation).paginate(**arguments) for item in page[key]]


def by_token(operation, key, token="nextToken", **arguments):
    """For operations that have tokens and no paginator."""
    page = operation(**arguments)
    found = page[key]
    while page.get(token):
        page = operation(**arguments, **{token: page[token]})
        found += page[key]
    return found


def options(of, *, names=("HttpTokens", "HttpEndpoint", "HttpPutResponseHopLimit")):
    tokens, endpoint, hops = (of.get(name) for name in names)
    return {"http_tokens": tokens, "http_endpoint": endpoint, "hop_limit": hops}


class Region:
    def __init__(self, account, region):
        self.account, self.region = account, region
        self.ec2, self.scaling = client("ec2", region), client("autoscaling", region)
        self.here = {"account_id": account, "region": region}
        self.templates = {t["LaunchTemplateId"]: t for t in every(self.ec2, "describe_launch_templates", "LaunchTemplates")}
        self.versions = {
            (id, v["VersionNumber"]): v
            for id in self.templates
            for v in every(self.ec2, "describe_launch_template_versions", "LaunchTemplateVersions", LaunchTemplateId=id)
        }
        self.groups = every(self.scaling, "describe_auto_scaling_groups", "AutoScalingGroups")
        self.configurations = every(self.scaling, "describe_launch_configurations", "LaunchConfigurations")
        self.spot = every(self.ec2, "describe_spot_instance_requests", "SpotInstanceRequests")
        self.spot_fleets = every(self.ec2, "describe_spot_fleet_requests", "SpotFleetRequestConfigs")
        eks = client("eks", region)
        self.node_groups = [
            eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
            for cluster in every(eks, "list_clusters", "clusters")
            for name in every(eks, "list_nodegroups", "nodegroups", clusterName=cluster)
        ]
        self.uses = [self.use(*use) for use in self.named()]

    def named(self):
        """Launcher, kind, template and version as written, wherever a template is named."""
        for group in self.groups:
            arn = group["AutoScalingGroupARN"]
            mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
            specifications = [group.get("LaunchTemplate"), mixed.get("LaunchTemplateSpecification")]
            specifications += [o.get("LaunchTemplateSpecification") for o in mixed.get("Overrides", [])]
            for named in filter(None, specifications):
                yield arn, "autoscaling-group", named.get("LaunchTemplateId"), named.get("LaunchTemplateName"), named.get("Version")
        arn = f"arn:aws:ec2:{self.region}:{self.account}"
        fleets = [(f"{arn}:fleet/{f['FleetId']}", "ec2-fleet", f) for f in every(self.ec2, "describe_fleets", "Fleets")]
        fleets += [
            (f"{arn}:spot-fleet-request/{f['SpotFleetRequestId']}", "spot-fleet", f["SpotFleetRequestConfig"])
            for f in self.spot_fleets
        ]
        for launcher, kind, fleet in fleets:
            for config in fleet.get("LaunchTemplateConfigs", []):
                named = config["LaunchTemplateSpecification"]
                yield launcher, kind, named.get("LaunchTemplateId"), named.get("LaunchTemplateName"), named.get("Version")
        for group in self.node_groups:
            if named := group.get("launchTemplate"):
                yield group["nodegroupArn"], "eks-node-group", named.get("id"), named.get("name"), named.get("version")
        for environment in every(client("batch", self.region), "describe_compute_environments", "computeEnvironments"):
            main = environment.get("computeResources", {}).get("launchTemplate", {})
            for named in filter(None, [main, *main.get("overrides", [])]):
                ids = named.get("launchTemplateId"), named.get("launchTemplateName"), named.get("version")
                yield environment["computeEnvironmentArn"], "batch-compute-environment", *ids

    def use(self, launcher, kind, id, name, version):
        id = id or next((i for i, t in self.templates.items() if t["LaunchTemplateName"] == name), None)
        template = self.templates.get(id, {})
        written = version or "$Default"
        words = {"$Default": template.get("DefaultVersionNumber"), "$Latest": template.get("LatestVersionNumber")}
        number = words[written] if written in words else int(written)
        return {
            **self.here, "launcher": launcher, "launcher_kind": kind, "launch_template_id": id,
            "launch_template_name": template.get("LaunchTemplateName", name), "version": written, "version_number": number,
        }

    def launched_from(self):
        """Default, latest, and what something launches from, as far as it exists."""
        for id, template in self.templates.items():
            yield id, template["DefaultVersionNumber"]
            yield id, template["LatestVersionNumber"]
        yield from ((use["launch_template_id"], use["version_number"]) for use in self.uses)

    def template_versions(self):
        for id, number in sorted(set(self.launched_from()) & set(self.versions)):
            version = self.versions[id, number]
            data = version["LaunchTemplateData"]
            declared = data.get("MetadataOptions", {})
            yield {
                "launch_template_id": id,
                "launch_template_name": version["LaunchTemplateName"],
                "version_number": number,
                "default_version": version["DefaultVersion"],
                "latest_version": number == self.templates[id]["LatestVersionNumber"],
                "image_id": data.get("ImageId"),
                "instance_type": data.get("InstanceType"),
                **options(declared),
                "http_protocol_ipv6": declared.get("HttpProtocolIpv6"),
                "instance_metadata_tags": declared.get("InstanceMetadataTags"),
            }

    def launch_configurations(self):
        for configuration in self.configurations:
            yield {
                "arn": configuration["LaunchConfigurationARN"],
                "name": configuration["LaunchConfigurationName"],
                "image_id": configuration["ImageId"],
                **options(configuration.get("MetadataOptions", {})),
            }

    def scaling_groups(self):
        for group in self.groups:
            mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {}).get("LaunchTemplateSpecification", {})
            template = group.get("LaunchTemplate", mixed)
            yield {
                "autoscaling_group_arn": group["AutoScalingGroupARN"],
                "name": group["AutoScalingGroupName"],
                "desired_capacity": group["DesiredCapacity"],
                "status": group.get("Status"),
                "launch_configuration_name": group.get("LaunchConfigurationName"),
                "launch_template_id": template.get("LaunchTemplateId"),
                "launch_template_version": template.get("Version"),
            }

    def members(self):
        for group in self.groups:
            for member in group["Instances"]:
                template = member.get("LaunchTemplate", {})
                yield {
                    "autoscaling_group_name": group["AutoScalingGroupName"],
                    "instance_id": member["InstanceId"],
                    "lifecycle_state": member["LifecycleState"],
                    "launch_configuration_name": member.get("LaunchConfigurationName"),
                    "launch_template_id": template.get("LaunchTemplateId"),
                    "launch_template_version": template.get("Version"),
                }

    def images(self):
        hidden = {"IncludeDeprecated": True, "IncludeDisabled": True}
        found = {i["ImageId"]: i for i in every(self.ec2, "describe_images", "Images", Owners=["self"], **hidden)}
        instances = every(self.ec2, "describe_instances", "Reservations")
        used = {i["ImageId"] for r in instances for i in r["Instances"]}
        used |= {v["image_id"] for v in self.template_versions()} | {c["ImageId"] for c in self.configurations}
        used |= {s["image_id"] for s in self.spot_specifications()}
        filters = [{"Name": "image-id", "Values": sorted(filter(None, used))}]
        found |= {i["ImageId"]: i for i in self.ec2.describe_images(Filters=filters, **hidden)["Images"]}
        for image in found.values():
            yield {
                "image_id": image["ImageId"],
                "name": image["Name"],
                "owner_id": image["OwnerId"],
                "owned": image["OwnerId"] == self.account,
                "in_use": image["ImageId"] in used,
                "public": image["Public"],
                "state": image["State"],
                "imds_support": image.get("ImdsSupport"),
            }

    def defaults(self):
        level = self.ec2.get_instance_metadata_defaults()["AccountLevel"]
        yield {
            **options(level),
            "instance_metadata_tags": level.get("InstanceMetadataTags"),
            "http_tokens_enforced": level.get("HttpTokensEnforced"),
            "managed_by": level.get("ManagedBy"),
            "managed_exception_message": level.get("ManagedExceptionMessage"),
        }

    def spot_specifications(self):
        for request in self.spot:
            launch = request.get("LaunchSpecification", {})
            yield {
                "request_id": request["SpotInstanceRequestId"], "kind": "spot-request", "specification": 1,
                "state": request["State"], "type": request["Type"], "image_id": launch.get("ImageId"),
                "instance_id": request.get("InstanceId"),
            }
        for fleet in self.spot_fleets:
            config = fleet["SpotFleetRequestConfig"]
            for number, launch in enumerate(config.get("LaunchSpecifications", []), 1):
                yield {
                    "request_id": fleet["SpotFleetRequestId"], "kind": "spot-fleet", "specification": number,
                    "state": fleet["SpotFleetRequestState"], "type": config["Type"], "image_id": launch.get("ImageId"),
                    "instance_id": None,
                }

    def nodes(self):
        for group in self.node_groups:
            template = group.get("launchTemplate", {})
            yield {
                "arn": group["nodegroupArn"], "cluster_name": group["clusterName"], "status": group["status"],
                "launch_template_id": template.get("id"), "launch_template_version": template.get("version"),
                "autoscaling_groups": json.dumps([g["name"] for g in group["resources"]["autoScalingGroups"]], separators=(",", ":")),
            }

    def notebooks(self):
        sagemaker = client("sagemaker", self.region)
        for notebook in every(sagemaker, "list_notebook_instances", "NotebookInstances"):
            described = sagemaker.describe_notebook_instance(NotebookInstanceName=notebook["NotebookInstanceName"])
            lowest = described.get("InstanceMetadataServiceConfiguration", {}).get("MinimumInstanceMetadataServiceVersion")
            yield {
                "arn": described["NotebookInstanceArn"], "name": described["NotebookInstanceName"],
                "notebook_instance_status": described["NotebookInstanceStatus"], "minimum_imds_version": lowest,
            }

    def environments(self):
        beanstalk = client("elasticbeanstalk", self.region)
        for environment in beanstalk.describe_environments(IncludeDeleted=False)["Environments"]:
            [settings] = beanstalk.describe_configuration_settings(
                ApplicationName=environment["ApplicationName"], EnvironmentName=environment["EnvironmentName"]
            )["ConfigurationSettings"]
            disabled = [o.get("Value") for o in settings["OptionSettings"] if (o["Namespace"], o["OptionName"]) == DISABLE]
            yield {
                "arn": environment["EnvironmentArn"], "environment_id": environment["EnvironmentId"],
                "status": environment["Status"], "disable_imdsv1": next(iter(disabled), None), "settings_read": True,
            }

    def security_configurations(self):
        emr = client("emr", self.region)
        for configuration in every(emr, "list_security_configurations", "SecurityConfigurations"):
            text = emr.describe_security_configuration(Name=configuration["Name"])["SecurityConfiguration"]
            asked = json.loads(text).get("InstanceMetadataServiceConfiguration", {})
            lowest = asked.get("MinimumInstanceMetadataServiceVersion")
            yield {
                "name": configuration["Name"], "minimum_imds_version": None if lowest is None else str(lowest),
                "hop_limit": asked.get("HttpPutResponseHopLimit"), "security_configuration": text,
            }

    def lightsail(self):
        names = ("httpTokens", "httpEndpoint", "httpPutResponseHopLimit")
        for machine in every(client("lightsail", self.region), "get_instances", "instances"):
            declared = machine.get("metadataOptions", {})
            yield {
                "arn": machine["arn"], "name": machine["name"], "state_name": machine["state"]["name"],
                **options(declared, names=names), "metadata_options_state": declared.get("state"),
            }

    def appstream(self):
        appstream = client("appstream", self.region)
        for kind, operation, key in [
            ("fleet", appstream.describe_fleets, "Fleets"),
            ("image-builder", appstream.describe_image_builders, "ImageBuilders"),
            ("app-block-builder", appstream.describe_app_block_builders, "AppBlockBuilders"),
        ]:
            for one in by_token(operation, key, "NextToken"):
                yield {
                    "arn": one["Arn"], "name": one["Name"], "kind": kind, "state": one["State"],
                    "disable_imdsv1": one.get("DisableIMDSV1"),
                }

    def infrastructures(self):
        builder = client("imagebuilder", self.region)
        summaries = by_token(builder.list_infrastructure_configurations, "infrastructureConfigurationSummaryList")
        for summary in summaries:
            asked = builder.get_infrastructure_configuration(infrastructureConfigurationArn=summary["arn"])
            configuration = asked["infrastructureConfiguration"]
            declared = configuration.get("instanceMetadataOptions", {})
            yield {
                "arn": configuration["arn"], "name": configuration["name"], "http_tokens": declared.get("httpTokens"),
                "http_endpoint": None, "hop_limit": declared.get("httpPutResponseHopLimit"),
            }

    def tables(self):
        read = {
            "aws_ec2_launch_template_version": self.template_versions,
            "aws_ec2_launch_template_use": lambda: self.uses,
            "aws_ec2_launch_configuration": self.launch_configurations,
            "aws_ec2_autoscaling_group": self.scaling_groups,
            "aws_ec2_autoscaling_group_member": self.members,
            "aws_ec2_ami": self.images,
            "aws_ec2_instance_metadata_defaults": self.defaults,
            "aws_ec2_spot_request": self.spot_specifications,
            "aws_eks_node_group": self.nodes,
            "aws_sagemaker_notebook_instance": self.notebooks,
            "aws_elastic_beanstalk_environment": self.environments,
            "aws_emr_security_configuration": self.security_configurations,
            "aws_lightsail_instance": self.lightsail,
            "aws_appstream_fleet": self.appstream,
            "aws_imagebuilder_infrastructure_configuration": self.infrastructures,
        }
        return {table: [{**self.here, **row} for row in rows()] for table, rows in read.items()}


account = boto3.client("sts").get_caller_identity()["Account"]
tables, versions = {}, 0
for name in [r["RegionName"] for r in boto3.client("ec2").describe_regions()["Regions"]]:
    region = Region(account, name)
    versions += len(region.versions)
    for table, rows in region.tables().items():
        tables.setdefault(table, []).extend(rows)
print(json.dumps({"tables": tables, "versions_in_all": versions}))
