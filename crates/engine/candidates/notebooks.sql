-- SageMaker notebook instances that allow version 1.
select arn as resource, name, account_id, region, notebook_instance_status as state, role_arn, minimum_imds_version
from aws_sagemaker_notebook_instance
where minimum_imds_version is distinct from '2'
order by account_id, region, name
