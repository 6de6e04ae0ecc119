-- DisableIMDSV1 of fleets, image builders and app block builders.
select
  arn as resource,
  name,
  account_id,
  region,
  cast(null as varchar) as managed_by,
  kind,
  state,
  instance_type,
  image_name,
  iam_role_arn as instance_profile,
  disable_imdsv1,
  -- An image builder has no operation that changes the option.
  case kind when 'fleet' then 'update-fleet' when 'app-block-builder' then 'update-app-block-builder' end
    as update_command,
  case
    when state = 'DELETING' then 'being-deleted'
    when disable_imdsv1 then 'imdsv1-disabled'
    when not disable_imdsv1 then 'imdsv1-enabled'
    else 'not-reported'
  end as outcome
from aws_appstream_fleet
