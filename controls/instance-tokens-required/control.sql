-- HttpTokens alone, as Security Hub reads it.
select
  arn as resource,
  name,
  account_id,
  region,
  managed_by(tags) as managed_by,
  instance_id,
  http_tokens,
  http_endpoint,
  hop_limit,
  metadata_options_state as state,
  instance_state,
  instance_profile,
  public_ip_address is not null as public_ip,
  launch_time,
  case
    when instance_state = 'terminated' then 'terminated'
    when http_tokens = 'required' then 'tokens-required'
    when http_tokens = 'optional' then 'tokens-optional'
    when http_tokens is null then 'not-reported'
    else 'unrecognised'
  end as outcome
from aws_ec2_instance
