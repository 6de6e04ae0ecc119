-- Lightsail instances that allow version 1.
select arn as resource, name, account_id, region, state_name as state, owner(tags) as owner, tags,
  public_ip_address is not null as public_ip, http_tokens, http_endpoint, hop_limit, metadata_options_state
from aws_lightsail_instance
where http_tokens is distinct from 'required'
order by account_id, region, name
