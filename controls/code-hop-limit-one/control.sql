-- The hop limit as declared, as other tools judge it: above 1 fails.
select
  *,
  'hop_limit' as marks,
  case
    when hop_limit_state = 'unresolved' then 'unresolved'
    when hop_limit is null then 'not-set'
    when hop_limit > 1 then 'above-one'
    else 'one'
  end as outcome
from code_launch
