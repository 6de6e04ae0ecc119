-- Beanstalk environments that allow version 1.
select arn as resource, environment_id, environment_name as name, account_id, region, application_name, status as state,
  disable_imdsv1, settings_read
from aws_elastic_beanstalk_environment
where (disable_imdsv1 is distinct from 'true') and (status is distinct from 'Terminated')
order by account_id, region, environment_id
