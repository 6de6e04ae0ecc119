-- HttpTokens and State, as the CIS audit steps and Powerpipe's query read them: no state of the instance is
-- left out.
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
    when http_tokens is null then 'not-reported'
    when http_tokens = 'optional' then 'tokens-optional'
    when http_tokens <> 'required' then 'unrecognised'
    when metadata_options_state = 'applied' then 'applied'
    when metadata_options_state = 'pending' then 'pending'
    when metadata_options_state is null then 'state-not-reported'
    else 'unrecognised'
  end as outcome
from aws_ec2_instance
