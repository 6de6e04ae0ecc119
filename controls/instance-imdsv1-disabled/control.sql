-- Whether IMDSv1 answers: the first case that fits decides.
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
    when http_tokens is null and http_endpoint is null then 'not-reported'
    -- Until a change is applied AWS shows what was asked for, not what is in force. A stopped instance
    -- has nothing in force: it will start with what is shown.
    when metadata_options_state = 'pending' and instance_state is distinct from 'stopped' then 'pending'
    when metadata_options_state not in ('applied', 'pending') then 'unrecognised'
    when http_endpoint = 'enabled' and http_tokens = 'optional' then 'tokens-optional'
    when metadata_options_state is null then 'not-reported'
    when http_endpoint = 'disabled' then 'endpoint-disabled'
    when http_tokens = 'required' then 'tokens-required'
    when http_tokens is null or http_endpoint is null then 'not-reported'
    else 'unrecognised'
  end as outcome
from aws_ec2_instance
