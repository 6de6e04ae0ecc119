-- How far a token travels. The highest limit that passes is the session's.
select
  *,
  max_hop_limit() as max_hop_limit,
  case
    when instance_state = 'terminated' then 'terminated'
    when http_endpoint = 'disabled' then 'endpoint-disabled'
    when hop_limit is null then 'not-reported'
    when hop_limit not between 1 and 64 then 'unrecognised'
    when hop_limit > max_hop_limit() then 'too-far'
    when hop_limit = 1 then 'host-alone'
    else 'host-and-containers'
  end as outcome
from instance
