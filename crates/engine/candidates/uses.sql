-- What launches from templates now.
select
  account_id,
  region,
  launcher,
  launcher_kind,
  launcher_name,
  part,
  launch_template_id,
  version,
  version_number
from aws_ec2_launch_template_use
where active and launch_template_id is not null
order by account_id, region, launch_template_id, launcher, part
