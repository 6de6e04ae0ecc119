-- Policies on the metadata service that do not do what they seem to. The linter reads their texts
-- (`guardrail_policy`).
select
  *,
  cast(null as varchar) as region,
  cast(null as varchar) as managed_by,
  case
    when aws_managed then 'aws-managed'
    when state = 'unread' then 'unread'
    when state = 'no-policy' then 'no-policy'
    when state = 'other' then 'other'
    when attached = 0 then 'attached-nowhere'
    when errors > 0 then 'does-not-hold'
    when warnings > 0 then 'holes'
    else 'sound'
  end as outcome
from guardrail_policy
