-- What the next instance of a group gets, over all parts that it can be launched from; and members that
-- differ from it.
with part as (
  select
    resource,
    account_id,
    region,
    count(*) as parts,
    count(*) filter (where gives = 'endpoint-disabled') as disabled_parts,
    max(instance_profile) as instance_profile,
    string_agg(part || ': ' || launches_from, ', ' order by part) as launches_from,
    string_agg(part || ': ' || launches_from || ' (' || effective_source || ')', ', ' order by part)
      filter (where gives = 'v1') as imdsv1_parts,
    string_agg(part || ': ' || launches_from || ' (' || effective_source || ')', ', ' order by part)
      filter (where gives = 'refused') as refused_parts,
    string_agg(part || ': ' || launches_from, ', ' order by part) filter (where gone) as gone_parts,
    string_agg(part || ': ' || launches_from || ' (' || missing || ' not known)', ', ' order by part)
      filter (where gives = 'unknown' and not gone) as unknown_parts
  from autoscaling_group_part
  group by resource, account_id, region
),
instances_unread as (
  select distinct account_id, region from scan_error
  where table_name is null or table_name = 'aws_ec2_instance'
),
member as (
  select
    m.account_id,
    m.region,
    m.autoscaling_group_arn,
    m.instance_id,
    i.http_tokens = 'optional' and i.http_endpoint = 'enabled'
      and not coalesce(i.metadata_options_state = 'pending' and i.instance_state is distinct from 'stopped', false)
      as answers_imdsv1,
    -- Without a row it is gone, unless the instances were not read.
    case
      when i.account_id is null then e.account_id is not null
      -- Until a change is applied AWS shows what was asked for, not what is in force.
      when i.metadata_options_state = 'pending' and i.instance_state is distinct from 'stopped' then true
      when i.http_tokens = 'required' or i.http_endpoint = 'disabled' then false
      when i.http_tokens = 'optional' and i.http_endpoint = 'enabled' then false
      else true
    end as not_known
  from aws_ec2_autoscaling_group_member m
  left join aws_ec2_instance i
    on i.account_id = m.account_id and i.region = m.region and i.instance_id = m.instance_id
  left join instances_unread e on e.account_id = m.account_id and e.region = m.region
  where i.instance_state is distinct from 'terminated'
),
membership as (
  select
    account_id,
    region,
    autoscaling_group_arn,
    count(*) as members,
    count(*) filter (where answers_imdsv1) as members_imdsv1,
    count(*) filter (where not_known) as members_not_known,
    string_agg(instance_id, ', ' order by instance_id) filter (where answers_imdsv1) as members_to_change
  from member
  group by account_id, region, autoscaling_group_arn
)
select
  g.autoscaling_group_arn as resource,
  g.name,
  g.account_id,
  g.region,
  managed_by(g.tags) as managed_by,
  g.tags,
  g.min_size,
  g.max_size,
  g.desired_capacity,
  p.launches_from,
  p.imdsv1_parts,
  p.refused_parts,
  p.gone_parts,
  p.unknown_parts,
  coalesce(m.members, 0) as members,
  coalesce(m.members_imdsv1, 0) as members_imdsv1,
  coalesce(m.members_not_known, 0) as members_not_known,
  m.members_to_change,
  p.instance_profile,
  -- Where usage was read: all instances born from the group, dead ones included.
  w.instances as born_instances,
  w.used as born_using_imdsv1,
  w.refused as born_refused_imdsv1,
  w.silent as born_silent,
  w.no_data as born_without_data,
  w.not_asked as born_not_asked,
  w.calls as imdsv1_calls,
  case
    when g.status is not null then 'being-deleted'
    when p.parts is null then 'launch-not-read'
    when p.imdsv1_parts is not null and m.members > 0 and m.members_imdsv1 = 0 and m.members_not_known = 0
      then 'brings-imdsv1-back'
    when p.imdsv1_parts is not null then 'launches-imdsv1'
    when p.refused_parts is not null then 'launch-refused'
    when p.gone_parts is not null then 'version-gone'
    when p.unknown_parts is not null then 'not-known'
    when m.members_imdsv1 > 0 then 'members-answer-imdsv1'
    when m.members_not_known > 0 then 'members-not-known'
    when p.disabled_parts = p.parts then 'endpoint-disabled'
    else 'launches-imdsv2'
  end as outcome
from aws_ec2_autoscaling_group g
left join part p
  on p.resource = g.autoscaling_group_arn and p.account_id = g.account_id and p.region = g.region
left join membership m
  on m.autoscaling_group_arn = g.autoscaling_group_arn
  and m.account_id = g.account_id and m.region = g.region
left join launch_usage w
  on w.account_id = g.account_id and w.region = g.region
  and w.kind = 'autoscaling-group' and w.origin = g.name
