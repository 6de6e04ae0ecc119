//! Readers of what launches, fed with answers in the shape of the API reference's examples.

use serde_json::json;

use super::scene::Scene;
use crate::{
    error::CallError,
    read,
    tables::{
        AWS_EC2_AMI, AWS_EC2_AUTOSCALING_GROUP, AWS_EC2_AUTOSCALING_GROUP_MEMBER,
        AWS_EC2_INSTANCE_METADATA_DEFAULTS, AWS_EC2_LAUNCH_CONFIGURATION,
        AWS_EC2_LAUNCH_TEMPLATE_USE, AWS_EC2_LAUNCH_TEMPLATE_VERSION, AWS_EC2_SPOT_REQUEST,
    },
};

const TEMPLATES: &str = r#"<DescribeLaunchTemplatesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
  <requestId>1afa6e44</requestId>
  <launchTemplates>
    <item>
      <createTime>2017-10-31T11:38:52.000Z</createTime>
      <createdBy>arn:aws:iam::111122223333:root</createdBy>
      <defaultVersionNumber>2</defaultVersionNumber>
      <latestVersionNumber>5</latestVersionNumber>
      <launchTemplateId>lt-0a20c965061f64abc</launchTemplateId>
      <launchTemplateName>MyLaunchTemplate</launchTemplateName>
      <tagSet><item><key>team</key><value>web</value></item></tagSet>
    </item>
  </launchTemplates>
</DescribeLaunchTemplatesResponse>"#;

fn version(number: u32, default: bool, options: &str) -> String {
    format!(
        "<item><createTime>2017-10-31T11:38:52.000Z</createTime><createdBy>arn:aws:iam::111122223333:root</createdBy>\
         <defaultVersion>{default}</defaultVersion>\
         <launchTemplateData><imageId>ami-{number}</imageId><instanceType>t2.micro</instanceType>\
         <iamInstanceProfile><name>web</name></iamInstanceProfile>{options}\
         <tagSpecificationSet><item><resourceType>volume</resourceType></item><item><resourceType>instance</resourceType>\
         <tagSet><item><key>eks:nodegroup-name</key><value>blue</value></item></tagSet></item></tagSpecificationSet>\
         </launchTemplateData><launchTemplateId>lt-0a20c965061f64abc</launchTemplateId>\
         <launchTemplateName>MyLaunchTemplate</launchTemplateName><versionNumber>{number}</versionNumber></item>"
    )
}

fn versions(items: &[String]) -> String {
    format!(
        "<DescribeLaunchTemplateVersionsResponse><requestId>x</requestId><launchTemplateVersionSet>{}\
         </launchTemplateVersionSet></DescribeLaunchTemplateVersionsResponse>",
        items.concat()
    )
}

const GROUPS: &str = r#"<DescribeAutoScalingGroupsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">
<DescribeAutoScalingGroupsResult><AutoScalingGroups>
  <member>
    <AutoScalingGroupName>my-asg</AutoScalingGroupName><AutoScalingGroupARN>arn:my-asg</AutoScalingGroupARN>
    <MinSize>1</MinSize><MaxSize>10</MaxSize><DesiredCapacity>5</DesiredCapacity>
    <CreatedTime>2019-10-28T14:00:00.000Z</CreatedTime>
    <MixedInstancesPolicy><LaunchTemplate>
      <LaunchTemplateSpecification><LaunchTemplateId>lt-0a20c965061f64abc</LaunchTemplateId>
        <LaunchTemplateName>MyLaunchTemplate</LaunchTemplateName><Version>$Default</Version></LaunchTemplateSpecification>
      <Overrides><member><InstanceType>c5.large</InstanceType></member>
        <member><InstanceType>c6g.large</InstanceType><LaunchTemplateSpecification>
          <LaunchTemplateName>MyLaunchTemplate</LaunchTemplateName><Version>3</Version></LaunchTemplateSpecification></member>
      </Overrides></LaunchTemplate></MixedInstancesPolicy>
    <Instances><member><InstanceId>i-1</InstanceId><LifecycleState>InService</LifecycleState>
      <HealthStatus>Healthy</HealthStatus><LaunchTemplate><LaunchTemplateId>lt-0a20c965061f64abc</LaunchTemplateId>
      <LaunchTemplateName>MyLaunchTemplate</LaunchTemplateName><Version>2</Version></LaunchTemplate></member></Instances>
    <Tags><member><Key>team</Key><Value>web</Value><PropagateAtLaunch>true</PropagateAtLaunch></member></Tags>
  </member>
  <member>
    <AutoScalingGroupName>old-asg</AutoScalingGroupName><AutoScalingGroupARN>arn:old-asg</AutoScalingGroupARN>
    <LaunchConfigurationName>my-lc</LaunchConfigurationName><Status>Delete in progress</Status>
    <Instances/><Tags/>
  </member>
  <member>
    <AutoScalingGroupName>pinned</AutoScalingGroupName><AutoScalingGroupARN>arn:pinned</AutoScalingGroupARN>
    <LaunchTemplate><LaunchTemplateId>lt-0a20c965061f64abc</LaunchTemplateId><Version>4</Version></LaunchTemplate>
  </member>
</AutoScalingGroups></DescribeAutoScalingGroupsResult></DescribeAutoScalingGroupsResponse>"#;

const GONE: &str = "<Response><Errors><Error><Code>InvalidLaunchTemplateId.VersionNotFound</Code>\
     <Message>Could not find the specified version</Message></Error></Errors></Response>";

async fn all(scene: &Scene) -> Result<(), CallError> {
    let mut unit = scene.unit();
    read::templates(&mut unit).await?;
    read::groups(&mut unit).await?;
    read::template_uses(&mut unit).await
}

#[tokio::test]
async fn templates_are_read_with_exactly_the_versions_in_use() {
    let required = "<metadataOptions><httpTokens>required</httpTokens><httpPutResponseHopLimit>2</httpPutResponseHopLimit>\
                    <httpEndpoint>enabled</httpEndpoint><state>pending</state></metadataOptions>";
    let both = versions(&[version(5, false, ""), version(2, true, required)]);
    let scene = Scene::new()
        .answers(&["DescribeLaunchTemplates&"], 200, TEMPLATES)
        .answers(&["DescribeAutoScalingGroups"], 200, GROUPS)
        .answers(&["DescribeLaunchTemplateVersions", "%24Default"], 200, &both)
        // Asked for together, the one that is gone takes the other with it.
        .answers(&["LaunchTemplateVersion.1=3&LaunchTemplateVersion.2=4"], 400, GONE)
        .answers(&["LaunchTemplateVersion.1=3"], 200, &versions(&[version(3, false, "")]))
        .answers(&["LaunchTemplateVersion.1=4"], 400, GONE);
    all(&scene).await.unwrap();
    let rows = scene.rows(&AWS_EC2_LAUNCH_TEMPLATE_VERSION);
    let numbers: Vec<_> =
        rows.as_array().unwrap().iter().map(|row| &row["version_number"]).collect();
    assert_eq!(numbers, [5, 2, 3]);
    assert_eq!(
        rows[1],
        json!({
            "arn": "arn:aws:ec2:eu-west-1:111122223333:launch-template/lt-0a20c965061f64abc",
            "launch_template_id": "lt-0a20c965061f64abc", "launch_template_name": "MyLaunchTemplate",
            "version_number": 2, "default_version": true, "latest_version": false,
            "created_by": "arn:aws:iam::111122223333:root", "create_time": "2017-10-31T11:38:52Z",
            "image_id": "ami-2", "instance_type": "t2.micro", "instance_profile": "web",
            "http_tokens": "required", "http_endpoint": "enabled", "hop_limit": 2,
            "metadata_options": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2,
                "HttpEndpoint": "enabled", "State": "pending"},
            "instance_tags": {"eks:nodegroup-name": "blue"}, "tags": {"team": "web"},
        })
    );
    assert_eq!((&rows[0]["http_tokens"], &rows[0]["latest_version"]), (&json!(null), &json!(true)));
    let uses = scene.rows(&AWS_EC2_LAUNCH_TEMPLATE_USE);
    let said = |part: &str| {
        let found = uses.as_array().unwrap().iter().find(|used| used["part"] == part).unwrap();
        [&found["launcher"], &found["version"], &found["version_number"]].map(Clone::clone)
    };
    assert_eq!(said("mixed instances policy"), [json!("arn:my-asg"), json!("$Default"), json!(2)]);
    assert_eq!(said("override 2"), [json!("arn:my-asg"), json!("3"), json!(3)]);
    assert_eq!(said("launch template"), [json!("arn:pinned"), json!("4"), json!(4)]);
    assert_eq!(uses.as_array().unwrap().len(), 3);
    let calls = scene.calls();
    let asked = calls.iter().filter(|call| call.contains("DescribeLaunchTemplateVersions"));
    assert_eq!(asked.count(), 4, "all at once, two together, each alone: {calls:?}");
}

#[tokio::test]
async fn groups_have_members_and_what_they_launch_from() {
    let scene = Scene::new().answers(&["DescribeAutoScalingGroups"], 200, GROUPS);
    read::groups(&mut scene.unit()).await.unwrap();
    let rows = scene.rows(&AWS_EC2_AUTOSCALING_GROUP);
    let first = &rows[0];
    assert_eq!((&first["name"], &first["desired_capacity"]), (&json!("my-asg"), &json!(5)));
    assert_eq!(first["launch_template_version"], "$Default");
    assert_eq!(first["tags"], json!({"team": "web"}));
    assert_eq!(rows[1]["launch_configuration_name"], "my-lc");
    assert_eq!(rows[1]["status"], "Delete in progress");
    assert_eq!(
        scene.rows(&AWS_EC2_AUTOSCALING_GROUP_MEMBER),
        json!([{"autoscaling_group_arn": "arn:my-asg", "autoscaling_group_name": "my-asg", "instance_id": "i-1",
            "lifecycle_state": "InService", "health_status": "Healthy",
            "launch_template_id": "lt-0a20c965061f64abc", "launch_template_version": "2"}])
    );
}

#[tokio::test]
async fn launch_configurations_say_what_they_set() {
    let answer = "<DescribeLaunchConfigurationsResponse><DescribeLaunchConfigurationsResult><LaunchConfigurations>\
        <member><LaunchConfigurationName>my-lc</LaunchConfigurationName><LaunchConfigurationARN>arn:my-lc</LaunchConfigurationARN>\
        <ImageId>ami-1</ImageId><InstanceType>t2.micro</InstanceType><IamInstanceProfile>web</IamInstanceProfile>\
        <AssociatePublicIpAddress>true</AssociatePublicIpAddress><CreatedTime>2013-01-21T23:04:42.200Z</CreatedTime>\
        <MetadataOptions><HttpTokens>required</HttpTokens><HttpPutResponseHopLimit>3</HttpPutResponseHopLimit></MetadataOptions>\
        </member><member><LaunchConfigurationName>bare</LaunchConfigurationName></member>\
        </LaunchConfigurations></DescribeLaunchConfigurationsResult></DescribeLaunchConfigurationsResponse>";
    let scene = Scene::new().answers(&["DescribeLaunchConfigurations"], 200, answer);
    read::launch_configurations(&mut scene.unit()).await.unwrap();
    assert_eq!(
        scene.rows(&AWS_EC2_LAUNCH_CONFIGURATION),
        json!([
            {"arn": "arn:my-lc", "name": "my-lc", "created_time": "2013-01-21T23:04:42.2Z", "image_id": "ami-1",
             "instance_type": "t2.micro", "instance_profile": "web", "associate_public_ip_address": true,
             "http_tokens": "required", "hop_limit": 3,
             "metadata_options": {"HttpTokens": "required", "HttpPutResponseHopLimit": 3}},
            {"name": "bare"},
        ])
    );
}

#[tokio::test]
async fn images_are_owned_or_in_use_and_one_that_is_gone_has_no_row() {
    let image = |id: &str, owner: &str, more: &str| {
        format!(
            "<item><imageId>{id}</imageId><imageOwnerId>{owner}</imageOwnerId><isPublic>false</isPublic>\
                 <imageState>available</imageState><name>n</name>{more}</item>"
        )
    };
    let answer = |items: &str| {
        format!("<DescribeImagesResponse><imagesSet>{items}</imagesSet></DescribeImagesResponse>")
    };
    let own = answer(&image("ami-own", "111122223333", "<imdsSupport>v2.0</imdsSupport>"));
    let used =
        answer(&image("ami-used", "999999999999", "<imageOwnerAlias>amazon</imageOwnerAlias>"));
    let scene = Scene::new().answers(&["DescribeImages", "Owner.1=self"], 200, &own).answers(
        &["Filter.1.Name=image-id", "Filter.1.Value.1=ami-gone", "Filter.1.Value.2=ami-used"],
        200,
        &used,
    );
    let mut unit = scene.unit();
    let named = ["ami-own", "ami-used", "ami-gone", "resolve:ssm:/x"].map(str::to_owned);
    unit.found.images.extend(named);
    read::images(&mut unit).await.unwrap();
    let common = |id: &str| format!("arn:aws:ec2:eu-west-1::image/{id}");
    assert_eq!(
        scene.rows(&AWS_EC2_AMI),
        json!([
            {"arn": common("ami-own"), "image_id": "ami-own", "name": "n", "owner_id": "111122223333", "owned": true,
             "in_use": true, "public": false, "state": "available", "imds_support": "v2.0", "tags": {}},
            {"arn": common("ami-used"), "image_id": "ami-used", "name": "n", "owner_id": "999999999999",
             "owner_alias": "amazon", "owned": false, "in_use": true, "public": false, "state": "available", "tags": {}},
        ])
    );
}

#[tokio::test]
async fn defaults_that_were_never_set_are_a_row_without_them() {
    let set = "<GetInstanceMetadataDefaultsResponse><accountLevel><httpTokens>required</httpTokens>\
        <httpPutResponseHopLimit>2</httpPutResponseHopLimit><httpTokensEnforced>enabled</httpTokensEnforced>\
        </accountLevel><managedBy>declarative-policy</managedBy></GetInstanceMetadataDefaultsResponse>";
    let unset = "<GetInstanceMetadataDefaultsResponse><accountLevel/></GetInstanceMetadataDefaultsResponse>";
    for (answer, expected) in [
        (
            set,
            json!([{"http_tokens": "required", "hop_limit": 2, "http_tokens_enforced": "enabled",
            "managed_by": "declarative-policy"}]),
        ),
        (unset, json!([{}])),
    ] {
        let scene = Scene::new().answers(&["GetInstanceMetadataDefaults"], 200, answer);
        read::metadata_defaults(&mut scene.unit()).await.unwrap();
        assert_eq!(scene.rows(&AWS_EC2_INSTANCE_METADATA_DEFAULTS), expected);
    }
}

#[tokio::test]
async fn spot_specifications_and_fleets() {
    let requests = "<DescribeSpotInstanceRequestsResponse><spotInstanceRequestSet><item>\
        <spotInstanceRequestId>sir-1</spotInstanceRequestId><type>persistent</type><state>open</state>\
        <launchSpecification><imageId>ami-7aba833f</imageId><instanceType>m1.small</instanceType></launchSpecification>\
        <createTime>2014-01-01T00:00:00.000Z</createTime></item></spotInstanceRequestSet></DescribeSpotInstanceRequestsResponse>";
    let fleets = "<DescribeSpotFleetRequestsResponse><spotFleetRequestConfigSet><item><spotFleetRequestId>sfr-1</spotFleetRequestId>\
        <spotFleetRequestState>active</spotFleetRequestState><spotFleetRequestConfig><type>maintain</type><launchSpecifications>\
        <item><imageId>ami-1</imageId></item><item><imageId>ami-2</imageId></item></launchSpecifications></spotFleetRequestConfig>\
        </item><item><spotFleetRequestId>sfr-2</spotFleetRequestId><spotFleetRequestState>cancelled_running</spotFleetRequestState>\
        <spotFleetRequestConfig><launchTemplateConfigs><item><launchTemplateSpecification><launchTemplateId>lt-1</launchTemplateId>\
        <version>1</version></launchTemplateSpecification></item></launchTemplateConfigs></spotFleetRequestConfig></item>\
        </spotFleetRequestConfigSet></DescribeSpotFleetRequestsResponse>";
    let scene = Scene::new().answers(&["DescribeSpotInstanceRequests"], 200, requests).answers(
        &["DescribeSpotFleetRequests"],
        200,
        fleets,
    );
    let mut unit = scene.unit();
    read::spot_requests(&mut unit).await.unwrap();
    read::spot_fleets(&mut unit).await.unwrap();
    let [used] = &unit.found.uses[..] else { panic!("{:?}", unit.found.uses) };
    assert_eq!((used.kind, used.active, used.version.as_deref()), ("spot-fleet", false, Some("1")));
    assert!(["ami-7aba833f", "ami-1", "ami-2"].iter().all(|id| unit.found.images.contains(*id)));
    let rows = scene.rows(&AWS_EC2_SPOT_REQUEST);
    let said = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| [&row["request_id"], &row["specification"], &row["state"], &row["type"]]);
    let said: Vec<_> = said.collect();
    assert_eq!(said[0], [&json!("sir-1"), &json!(1), &json!("open"), &json!("persistent")]);
    assert_eq!(said[1], [&json!("sfr-1"), &json!(1), &json!("active"), &json!("maintain")]);
    assert_eq!(said[2], [&json!("sfr-1"), &json!(2), &json!("active"), &json!("maintain")]);
}
