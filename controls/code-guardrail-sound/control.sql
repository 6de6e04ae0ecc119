-- Guardrails in code that do not do what they seem to. The reader has asked the linter; the place is that of the first
-- mistake, and of a policy without any where its text begins.
select
  path || ':' || address as resource,
  address as name,
  cast(null as varchar) as account_id,
  cast(null as varchar) as region,
  cast(null as varchar) as managed_by,
  coalesce(mistake_path, path) as path,
  coalesce(mistake_line, start_line) as start_line,
  coalesce(mistake_column, start_column) as start_column,
  coalesce(mistake_end_line, end_line) as end_line,
  coalesce(mistake_end_column, end_column) as end_column,
  address,
  dialect,
  kind,
  codes,
  mistakes,
  sound_form,
  lints,
  unresolved_reason,
  unresolved_expression,
  'mistake' as marks,
  excerpt,
  root,
  case
    when unresolved_reason is not null then 'unresolved'
    when worst = 'error' then 'does-not-hold'
    when worst = 'warning' then 'holes'
    else 'sound'
  end as outcome
from iac_policy
