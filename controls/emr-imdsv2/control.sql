-- The lowest version that clusters with a security configuration answer.
select
  arn as resource,
  name,
  account_id,
  region,
  cast(null as varchar) as managed_by,
  minimum_imds_version,
  hop_limit,
  creation_date_time,
  case
    when security_configuration is null then 'not-read'
    when minimum_imds_version = '2' then 'imdsv2'
    when minimum_imds_version = '1' then 'imdsv1'
    when minimum_imds_version is null then 'not-set'
    else 'unrecognised'
  end as outcome
from aws_emr_security_configuration
