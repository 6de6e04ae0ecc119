-- Versions of launch templates that are default or latest, or that something active launches from: what each gives.
select
  v.resource,
  v.name,
  v.account_id,
  v.region,
  v.managed_by,
  owner(v.tags) as owner,
  v.tags,
  v.launch_template_id,
  v.version_number,
  v.default_version,
  v.latest_version,
  v.instance_profile,
  v.metadata_options,
  v.declared_http_tokens,
  v.declared_http_endpoint,
  v.gives,
  v.missing,
  i.name as image_name,
  e.account_id is not null as uses_unread
from launch_template_version v
left join aws_ec2_ami i
  on i.account_id = v.account_id and i.region = v.region and i.image_id = v.image_id
left join (
  select distinct account_id, region from scan_error
  where table_name is null or table_name in ('aws_ec2_launch_template_use', 'aws_ec2_instance')
) e on e.account_id = v.account_id and e.region = v.region
order by v.account_id, v.region, v.launch_template_id, v.version_number
