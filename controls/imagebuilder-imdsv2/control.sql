-- What the build and test instances of Image Builder get.
select
  i.*,
  case i.gives
    when 'v2' then 'launches-imdsv2'
    when 'endpoint-disabled' then 'endpoint-disabled'
    when 'v1' then 'launches-imdsv1'
    when 'refused' then 'launch-refused'
    else 'not-known'
  end as outcome
from imagebuilder_infrastructure i
