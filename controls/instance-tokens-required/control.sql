-- HttpTokens alone, as Security Hub reads it.
select
  *,
  case
    when instance_state = 'terminated' then 'terminated'
    when http_tokens = 'required' then 'tokens-required'
    when http_tokens = 'optional' and http_endpoint = 'disabled' then 'tokens-optional-endpoint-disabled'
    when http_tokens = 'optional' then 'tokens-optional'
    when http_tokens is null then 'not-reported'
    else 'unrecognised'
  end as outcome
from instance
