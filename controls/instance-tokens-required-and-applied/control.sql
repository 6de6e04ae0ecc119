-- HttpTokens and State, as the CIS audit steps and Powerpipe's query read them: no state of the instance is
-- left out.
select
  *,
  case
    when http_tokens is null then 'not-reported'
    when http_tokens = 'optional' and http_endpoint = 'disabled' then 'tokens-optional-endpoint-disabled'
    when http_tokens = 'optional' then 'tokens-optional'
    when http_tokens <> 'required' then 'unrecognised'
    when state = 'applied' then 'applied'
    when state = 'pending' then 'pending'
    when state is null then 'state-not-reported'
    else 'unrecognised'
  end as outcome
from instance
