-- Places in code as findings name them.
select
  path || ':' || address as resource,
  address as name,
  cast(null as varchar) as account_id,
  cast(null as varchar) as region,
  cast(null as varchar) as managed_by,
  path,
  start_line,
  start_column,
  end_line,
  end_column,
  address,
  dialect,
  kind,
  http_tokens as declared,
  http_tokens_verbatim,
  http_tokens_reason,
  http_tokens_path || ':' || http_tokens_line as decided_at,
  http_endpoint,
  hop_limit,
  hop_limit_state,
  hop_limit_verbatim,
  sent_http_tokens,
  sent_hop_limit,
  inherits_from,
  inherits_template,
  instance_count,
  ignored_attributes,
  ignore_comments,
  excerpt,
  fix_title,
  fix_effect,
  fix_splices,
  root,
  -- Null where there is no repair: then no command is offered.
  case
    when fix_effect is null then null
    when fix_effect in ('replacement', 'restart', 'irreversible') then '--fix=unsafe'
    else '--fix'
  end as fix_option
from iac_launch_spec
