-- How far a token of what the code launches travels. The highest limit that passes is the session's.
select
  *,
  'hop_limit' as marks,
  coalesce(hop_limit, sent_hop_limit) as asked_hop_limit,
  max_hop_limit() as max_hop_limit,
  case
    when http_endpoint = 'disabled' then 'endpoint-disabled'
    when hop_limit_state = 'unresolved' then 'unresolved'
    when coalesce(hop_limit, sent_hop_limit) is null then 'not-set'
    when coalesce(hop_limit, sent_hop_limit) > max_hop_limit() then 'too-far'
    else 'near'
  end as outcome
from code_launch
