-- The option DisableIMDSv1 of an environment.
select
  arn as resource,
  environment_name as name,
  account_id,
  region,
  'beanstalk:' || environment_name as managed_by,
  environment_id,
  application_name,
  solution_stack_name,
  tier,
  status,
  disable_imdsv1,
  case
    when status in ('Terminating', 'Terminated') then 'ending'
    when disable_imdsv1 = 'true' then 'imdsv1-disabled'
    when disable_imdsv1 = 'false' then 'imdsv1-enabled'
    when disable_imdsv1 is not null then 'unrecognised'
    when settings_read then 'not-set'
    else 'not-read'
  end as outcome
from aws_elastic_beanstalk_environment
