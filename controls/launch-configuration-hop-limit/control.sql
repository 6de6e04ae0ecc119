-- The hop limit as the launch configuration declares it, as the AWS Config rule reads it.
select
  arn as resource,
  name,
  account_id,
  region,
  cast(null as varchar) as managed_by,
  cast(null as varchar) as tags,
  hop_limit,
  http_tokens,
  http_endpoint,
  instance_profile,
  associate_public_ip_address as public_ip,
  case
    when hop_limit is null then 'not-specified'
    when hop_limit > 1 then 'above-one'
    when hop_limit = 1 then 'one'
    else 'unrecognised'
  end as outcome
from aws_ec2_launch_configuration
