-- A launch configuration, and what it declares. It has no tags.
select
  arn as resource,
  name,
  account_id,
  region,
  cast(null as varchar) as managed_by,
  cast(null as varchar) as tags,
  instance_profile,
  associate_public_ip_address,
  image_id,
  coalesce(http_tokens, 'silent') as declared_http_tokens,
  coalesce(http_endpoint, 'silent') as declared_http_endpoint,
  coalesce(cast(hop_limit as varchar), 'silent') as declared_hop_limit
from aws_ec2_launch_configuration
