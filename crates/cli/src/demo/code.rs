//! The part of the story about code: a sample that would bring version 1 back, found and repaired.

use std::{fs, path::Path};

use super::{COMPLETE, FOUND, Story, Told};
use crate::{failure::Failure, terminal};

/// A Terraform module, what calls it, and a CloudFormation template.
const SAMPLE: [(&str, &str); 3] = [
    (
        "infra/main.tf",
        r#"module "web" {
  source      = "./web"
  http_tokens = "optional" # the old agent needs it
}
"#,
    ),
    (
        "infra/web/main.tf",
        r#"variable "http_tokens" {
  default = "required"
}

resource "aws_launch_template" "web" {
  name_prefix = "web-"

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = var.http_tokens
  }
}
"#,
    ),
    (
        "infra/batch.yaml",
        "Resources:\n  Worker:\n    Type: AWS::EC2::Instance\n    Properties:\n      ImageId: ami-0123456789abcdef0\n",
    ),
];

pub(super) fn tell(story: &Story<'_>) -> Result<(), Failure> {
    write(story.folder).map_err(Failure::bug)?;
    terminal::print(
        "7. What would bring version 1 back? The code, the next time somebody applies it (a sample, written here):\n\n",
    )?;
    let scan = ["scan", "infra", "--control", "code-launches-imdsv2", "--output", "pretty"];
    story.show(&scan, Told::All, FOUND)?;
    terminal::print("The repair, where it is decided; no other byte changes:\n\n")?;
    story.show(&["scan", "infra", "--diff"], Told::All, FOUND)?;
    terminal::print("\n")?;
    story.show(&["scan", "infra", "--fix"], Told::Lines(&[" unread"]), COMPLETE)?;
    terminal::print("\n")
}

fn write(folder: &Path) -> std::io::Result<()> {
    for (name, text) in SAMPLE {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(())
}
