-- The lowest version that the metadata service of a notebook instance answers.
select
  arn as resource,
  name,
  account_id,
  region,
  cast(null as varchar) as managed_by,
  minimum_imds_version,
  notebook_instance_status,
  role_arn as instance_profile,
  direct_internet_access,
  platform_identifier,
  case
    when notebook_instance_status in ('Deleting', 'Failed') then 'ending'
    when minimum_imds_version = '2' then 'imdsv2'
    when minimum_imds_version = '1' then 'imdsv1'
    when minimum_imds_version is null then 'not-reported'
    else 'unrecognised'
  end as outcome
from aws_sagemaker_notebook_instance
