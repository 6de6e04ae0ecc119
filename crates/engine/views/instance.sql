-- An instance as controls and findings name things: the columns that every finding has, then its facts.
select
  arn as resource,
  name,
  account_id,
  region,
  managed_by(tags) as managed_by,
  tags,
  instance_id,
  http_tokens,
  http_endpoint,
  hop_limit,
  metadata_options_state as state,
  instance_state,
  instance_profile,
  public_ip_address is not null as public_ip,
  launch_time
from aws_ec2_instance
