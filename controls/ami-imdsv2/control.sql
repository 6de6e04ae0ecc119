-- ImdsSupport of AMIs that the account owns or that something in the region launches from.
select
  arn as resource,
  name,
  account_id,
  region,
  managed_by(tags) as managed_by,
  tags,
  image_id,
  owner_id,
  owner_alias,
  owned,
  in_use,
  public,
  state,
  imds_support,
  creation_date,
  case
    when imds_support = 'v2.0' then 'asks-for-imdsv2'
    when imds_support is not null then 'unrecognised'
    when state in ('deregistered', 'invalid', 'failed', 'error') then 'launches-nothing'
    when not coalesce(owned, false) and not coalesce(in_use, false) then 'not-concerned'
    when owned then 'own-image'
    else 'foreign-image'
  end as outcome
from aws_ec2_ami
