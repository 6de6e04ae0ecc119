-- Whether the metadata service of a Lightsail instance answers version 1: as for EC2 instances.
select
  arn as resource,
  name,
  account_id,
  region,
  managed_by(tags) as managed_by,
  tags,
  state_name,
  http_tokens,
  http_endpoint,
  hop_limit,
  metadata_options_state as state,
  public_ip_address is not null as public_ip,
  blueprint_id,
  created_at,
  case
    when state_name = 'terminated' then 'terminated'
    when http_tokens is null and http_endpoint is null then 'not-reported'
    when metadata_options_state = 'pending' and state_name is distinct from 'stopped' then 'pending'
    when metadata_options_state not in ('applied', 'pending') then 'unrecognised'
    when http_endpoint = 'enabled' and http_tokens = 'optional' then 'tokens-optional'
    when metadata_options_state is null then 'not-reported'
    when http_endpoint = 'disabled' then 'endpoint-disabled'
    when http_tokens = 'required' then 'tokens-required'
    when http_tokens is null or http_endpoint is null then 'not-reported'
    else 'unrecognised'
  end as outcome
from aws_lightsail_instance
