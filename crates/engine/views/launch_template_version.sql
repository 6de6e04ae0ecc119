-- A version of a launch template, and what it declares.
select
  arn as resource,
  launch_template_name as name,
  account_id,
  region,
  coalesce(managed_by(tags), managed_by(instance_tags), operator) as managed_by,
  tags,
  launch_template_id,
  version_number,
  default_version,
  latest_version,
  instance_profile,
  metadata_options,
  image_id,
  coalesce(http_tokens, 'silent') as declared_http_tokens,
  coalesce(http_endpoint, 'silent') as declared_http_endpoint,
  coalesce(cast(hop_limit as varchar), 'silent') as declared_hop_limit
from aws_ec2_launch_template_version
