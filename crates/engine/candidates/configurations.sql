-- Launch configurations that groups launch from, and what they give.
select
  c.resource,
  c.name,
  c.account_id,
  c.region,
  c.instance_profile,
  c.declared_http_tokens,
  c.declared_http_endpoint,
  c.declared_hop_limit,
  c.gives,
  c.missing
from launch_configuration c
order by c.account_id, c.region, c.name
