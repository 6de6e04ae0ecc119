-- Whether a place asks for version 1 by name: that is refused once enforcement is on, whatever the endpoint is.
select
  *,
  case
    when declared = 'optional' then 'optional'
    when declared = 'unresolved' then 'unresolved'
    when declared = 'absent' and sent_http_tokens = 'optional' then 'sent-optional'
    else 'not-optional'
  end as outcome
from code_launch
