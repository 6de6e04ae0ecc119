-- What a template launches: its default version, and every version that something active launches from.
with used as (
  select account_id, region, launch_template_id, version_number, count(*) as uses
  from aws_ec2_launch_template_use
  where active
  group by account_id, region, launch_template_id, version_number
),
follows_latest as (
  select distinct account_id, region, launch_template_id
  from aws_ec2_launch_template_use
  where active and version = '$Latest'
),
uses_unread as (
  select distinct account_id, region from scan_error
  where table_name is null or table_name = 'aws_ec2_launch_template_use'
),
launched as (
  select
    v.*,
    u.uses,
    cast(v.version_number as varchar) || ' (' || coalesce(v.missing || ' not known', v.effective_source) || ')' as version
  from launch_template_version v
  left join used u
    on u.account_id = v.account_id and u.region = v.region
    and u.launch_template_id = v.launch_template_id and u.version_number = v.version_number
),
template as (
  select
    resource,
    account_id,
    region,
    launch_template_id,
    max(name) as name,
    max(managed_by) as managed_by,
    max(tags) as tags,
    max(version_number) as latest_version,
    max(version_number) filter (where default_version) as default_version,
    max(gives) filter (where default_version) as default_gives,
    max(effective_http_tokens) filter (where default_version) as effective_http_tokens,
    max(effective_http_endpoint) filter (where default_version) as effective_http_endpoint,
    max(effective_hop_limit) filter (where default_version) as effective_hop_limit,
    max(effective_source) filter (where default_version) as effective_source,
    max(declared_http_tokens) filter (where default_version) as declared_http_tokens,
    max(with_tokens_required(metadata_options)) filter (where default_version) as options_required,
    max(instance_profile) filter (where default_version or uses is not null) as instance_profile,
    string_agg(cast(version_number as varchar), ', ' order by version_number)
      filter (where uses is not null) as versions_in_use,
    string_agg(version, ', ' order by version_number)
      filter (where gives = 'v1' and (default_version or uses is not null)) as imdsv1_versions,
    string_agg(version, ', ' order by version_number)
      filter (where gives = 'refused' and (default_version or uses is not null)) as refused_versions,
    string_agg(version, ', ' order by version_number)
      filter (where gives = 'unknown' and (default_version or uses is not null)) as unknown_versions
  from launched
  group by resource, account_id, region, launch_template_id
)
select
  t.resource,
  t.name,
  t.account_id,
  t.region,
  t.managed_by,
  t.tags,
  t.launch_template_id,
  t.default_version,
  t.declared_http_tokens,
  t.effective_http_tokens,
  t.effective_http_endpoint,
  t.effective_hop_limit,
  t.effective_source,
  t.versions_in_use,
  t.imdsv1_versions,
  t.refused_versions,
  t.unknown_versions,
  t.instance_profile,
  -- Where usage was read: all instances born from the template, dead ones included.
  w.instances as born_instances,
  w.used as born_using_imdsv1,
  w.refused as born_refused_imdsv1,
  w.silent as born_silent,
  w.no_data as born_without_data,
  w.not_asked as born_not_asked,
  w.calls as imdsv1_calls,
  -- What others own is theirs: no version is made behind their back.
  -- Nor one from the default where something follows the latest, which is another: it would be thrown back.
  case
    when t.managed_by is null and (f.account_id is null or t.default_version = t.latest_version)
      then '{"MetadataOptions":' || t.options_required || '}'
  end as launch_template_data,
  case
    when t.default_gives = 'v1' then 'default-launches-imdsv1'
    when t.imdsv1_versions is not null then 'used-version-launches-imdsv1'
    when t.refused_versions is not null then 'launch-refused'
    when t.default_gives is null then 'no-default'
    when t.unknown_versions is not null then 'not-known'
    -- Of a template with one version there is no other to launch from.
    when e.account_id is not null and t.latest_version > 1 then 'uses-not-read'
    when t.default_gives = 'endpoint-disabled' then 'endpoint-disabled'
    else 'launches-imdsv2'
  end as outcome
from template t
left join uses_unread e on e.account_id = t.account_id and e.region = t.region
left join launch_usage w
  on w.account_id = t.account_id and w.region = t.region
  and w.kind = 'launch-template' and w.origin = t.launch_template_id
left join follows_latest f
  on f.account_id = t.account_id and f.region = t.region and f.launch_template_id = t.launch_template_id
