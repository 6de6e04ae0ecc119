-- HttpTokens as the launch configuration declares it, as Security Hub reads it.
select
  arn as resource,
  name,
  account_id,
  region,
  cast(null as varchar) as managed_by,
  cast(null as varchar) as tags,
  http_tokens,
  http_endpoint,
  hop_limit,
  instance_profile,
  associate_public_ip_address as public_ip,
  case
    when http_tokens = 'required' then 'tokens-required'
    when http_tokens = 'optional' then 'tokens-optional'
    when http_tokens is null then 'not-specified'
    else 'unrecognised'
  end as outcome
from aws_ec2_launch_configuration
