-- Whether IMDSv1 answers: the first case that fits decides.
select
  *,
  case
    when instance_state = 'terminated' then 'terminated'
    when http_tokens is null and http_endpoint is null then 'not-reported'
    -- Until a change is applied AWS shows what was asked for, not what is in force. A stopped instance
    -- has nothing in force: it will start with what is shown.
    when state = 'pending' and instance_state is distinct from 'stopped' then 'pending'
    when state not in ('applied', 'pending') then 'unrecognised'
    when http_endpoint = 'enabled' and http_tokens = 'optional' then 'tokens-optional'
    when state is null then 'not-reported'
    when http_endpoint = 'disabled' then 'endpoint-disabled'
    when http_tokens = 'required' then 'tokens-required'
    when http_tokens is null or http_endpoint is null then 'not-reported'
    else 'unrecognised'
  end as outcome
from instance
