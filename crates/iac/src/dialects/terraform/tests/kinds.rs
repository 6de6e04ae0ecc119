//! The types of resources, and what a repair does to each.

use imdsure_model::Effect;

use super::{only, rows};

const ALL: &str = r#"resource "aws_instance" "a" {}
resource "aws_launch_template" "b" {
  metadata_options {
    http_tokens = "required"
  }
}
resource "aws_launch_configuration" "c" {}
resource "aws_spot_instance_request" "d" {
  metadata_options {
    http_tokens = "optional"
  }
}
resource "aws_spot_fleet_request" "e" {
  launch_specification {
    ami = "x"
  }
}
resource "aws_autoscaling_group" "f" {
  launch_configuration = aws_launch_configuration.c.name
}
resource "aws_eks_node_group" "g" {}
resource "aws_ami" "h" {
  imds_support = "v2.0"
}
resource "aws_ami_copy" "i" {}
resource "aws_ec2_instance_metadata_defaults" "j" {
  http_tokens = "required"
}
resource "aws_ec2_instance_metadata_defaults" "k" {
  http_tokens = "no-preference"
}
resource "aws_sagemaker_notebook_instance" "l" {
  instance_metadata_service_configuration {
    minimum_instance_metadata_service_version = "2"
  }
}
resource "aws_imagebuilder_infrastructure_configuration" "m" {
  instance_metadata_options {
    http_tokens = "required"
  }
}
resource "aws_emr_security_configuration" "n" {
  configuration = jsonencode({
    InstanceMetadataServiceConfiguration = {
      MinimumInstanceMetadataServiceVersion = 2
      HttpPutResponseHopLimit               = 1
    }
  })
}
resource "aws_emr_security_configuration" "o" {
  configuration = <<EOF
{"InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": 1}}
EOF
}
resource "aws_elastic_beanstalk_environment" "p" {
  setting {
    namespace = "aws:autoscaling:launchconfiguration"
    name      = "DisableIMDSv1"
    value     = "true"
  }
}
resource "aws_elastic_beanstalk_configuration_template" "q" {
  setting {
    namespace = "aws:autoscaling:launchconfiguration"
    name      = "InstanceType"
    value     = "t3.micro"
  }
}
resource "aws_batch_compute_environment" "r" {
  compute_resources {
    type = "FARGATE"
  }
}
resource "aws_batch_compute_environment" "s" {
  compute_resources {
    type = "EC2"
    launch_template {
      launch_template_id = aws_launch_template.b.id
    }
  }
}
resource "aws_ec2_fleet" "t" {
  launch_template_config {
    launch_template_specification {
      launch_template_id = aws_launch_template.b.id
      version            = aws_launch_template.b.latest_version
    }
  }
}
resource "awscc_ec2_launch_template" "u" {
  launch_template_data = {
    metadata_options = { http_tokens = "optional" }
  }
}
resource "awscc_appstream_fleet" "v" {
  disable_imdsv1 = true
}
resource "aws_s3_bucket" "w" {}
data "aws_instance" "x" {}
"#;

#[test]
fn all_types_are_read() {
    let expected = [
        "a: absent",
        "b: required",
        "c: absent",
        "d: optional",
        "e: absent",
        "f: absent",
        "g: absent",
        "h: required",
        "i: absent",
        "j: required",
        "k: absent",
        "l: required",
        "m: required",
        "n: required",
        "o: optional",
        "p: required",
        "q: absent",
        "s: required",
        "t: required",
        "u: optional",
        "v: required",
    ];
    let found = rows(&[("main.tf", ALL)]);
    let found: Vec<&str> =
        found.iter().filter_map(|row| row.split_once('.').map(|two| two.1)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_fix_has_the_effect_of_its_type() {
    let effect = |kind: &str| {
        only(&format!("resource \"{kind}\" \"x\" {{\n  a = 1\n}}\n")).fix.map(|fix| fix.effect)
    };
    assert_eq!(effect("aws_instance"), Some(Effect::InPlace));
    assert_eq!(effect("aws_launch_template"), Some(Effect::NewVersion));
    assert_eq!(effect("aws_launch_configuration"), Some(Effect::NewConfiguration));
    assert_eq!(effect("aws_spot_instance_request"), Some(Effect::Replacement));
    assert_eq!(effect("aws_sagemaker_notebook_instance"), Some(Effect::Restart));
    assert_eq!(effect("aws_imagebuilder_infrastructure_configuration"), Some(Effect::InPlace));
    assert_eq!(effect("aws_ec2_instance_metadata_defaults"), Some(Effect::AccountDefault));
    assert_eq!(effect("aws_elastic_beanstalk_environment"), Some(Effect::Replacement));
    assert_eq!(effect("aws_ami"), Some(Effect::Replacement));
    assert_eq!(effect("aws_ami_copy"), None);
    assert_eq!(effect("aws_eks_node_group"), None);
}
