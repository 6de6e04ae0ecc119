//! What repairs add where nobody says anything, or not enough.

use super::{fix::fix, instance};
use crate::testing::{Tree, fixed};

#[test]
fn what_nobody_says_is_added() {
    for (before, after) in [
        (
            "resource \"aws_instance\" \"web\" {\n  ami = \"x\" # pinned\n}\n",
            "resource \"aws_instance\" \"web\" {\n  ami = \"x\" # pinned\n\n  metadata_options {\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }\n}\n",
        ),
        (
            "resource \"aws_instance\" \"web\" {}\n",
            "resource \"aws_instance\" \"web\" {\n  metadata_options {\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }\n}\n",
        ),
        (
            "resource \"aws_instance\" \"web\" { ami = \"x\" }\n",
            "resource \"aws_instance\" \"web\" {\n  ami = \"x\"\n\n  metadata_options {\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }\n}\n",
        ),
        (
            "resource \"aws_instance\" \"web\" {\n  ami = \"x\"\n  # the end\n}\n",
            "resource \"aws_instance\" \"web\" {\n  ami = \"x\"\n  # the end\n\n  metadata_options {\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }\n}\n",
        ),
        (
            "resource \"aws_instance\" \"web\" {\n\tami = \"x\"\n\ttags = {\n\t\ta = 1\n\t}\n}\n",
            "resource \"aws_instance\" \"web\" {\n\tami = \"x\"\n\ttags = {\n\t\ta = 1\n\t}\n\n\tmetadata_options {\n\t\thttp_endpoint = \"enabled\"\n\t\thttp_tokens   = \"required\"\n\t}\n}\n",
        ),
        (
            "resource \"aws_instance\" \"web\" {\r\n  ami = \"x\"\r\n}\r\n",
            "resource \"aws_instance\" \"web\" {\r\n  ami = \"x\"\r\n\r\n  metadata_options {\r\n    http_endpoint = \"enabled\"\r\n    http_tokens   = \"required\"\r\n  }\r\n}\r\n",
        ),
        (
            "\u{feff}resource \"aws_instance\" \"web\" {\n  ami = \"x\"\n}\n",
            "\u{feff}resource \"aws_instance\" \"web\" {\n  ami = \"x\"\n\n  metadata_options {\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }\n}\n",
        ),
        (
            "resource \"aws_instance\" \"web\" {\n  user_data = <<EOF\n}\nEOF\n}",
            "resource \"aws_instance\" \"web\" {\n  user_data = <<EOF\n}\nEOF\n\n  metadata_options {\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }\n}",
        ),
        (
            "resource \"aws_instance\" /* { */ \"web\" { # {\n  ami = \"x\" /* a\n  */\n}\n",
            "resource \"aws_instance\" /* { */ \"web\" { # {\n  ami = \"x\" /* a\n  */\n\n  metadata_options {\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }\n}\n",
        ),
        (
            "resource \"aws_ec2_instance_metadata_defaults\" \"x\" {\n  http_tokens = \"no-preference\"\n}\n",
            "resource \"aws_ec2_instance_metadata_defaults\" \"x\" {\n  http_tokens = \"required\"\n}\n",
        ),
        (
            "resource \"aws_ec2_instance_metadata_defaults\" \"x\" {\n  http_endpoint = \"enabled\"\n}\n",
            "resource \"aws_ec2_instance_metadata_defaults\" \"x\" {\n  http_endpoint = \"enabled\"\n  http_tokens   = \"required\"\n}\n",
        ),
        (
            "resource \"aws_sagemaker_notebook_instance\" \"x\" {\n  name = \"n\"\n}\n",
            "resource \"aws_sagemaker_notebook_instance\" \"x\" {\n  name = \"n\"\n\n  instance_metadata_service_configuration {\n    minimum_instance_metadata_service_version = \"2\"\n  }\n}\n",
        ),
        (
            "resource \"aws_imagebuilder_infrastructure_configuration\" \"x\" {\n  name = \"n\"\n}\n",
            "resource \"aws_imagebuilder_infrastructure_configuration\" \"x\" {\n  name = \"n\"\n\n  instance_metadata_options {\n    http_tokens = \"required\"\n  }\n}\n",
        ),
        (
            "resource \"aws_elastic_beanstalk_environment\" \"x\" {\n  name = \"n\"\n}\n",
            "resource \"aws_elastic_beanstalk_environment\" \"x\" {\n  name = \"n\"\n\n  setting {\n    namespace = \"aws:autoscaling:launchconfiguration\"\n    name      = \"DisableIMDSv1\"\n    value     = \"true\"\n  }\n}\n",
        ),
    ] {
        assert_eq!(fix(before), after);
    }
}

#[test]
fn a_block_that_is_there_is_completed() {
    let block = |inner: &str| {
        format!("resource \"aws_launch_template\" \"x\" {{\n  metadata_options {inner}\n}}\n")
    };
    for (before, after) in [
        (
            "{\n    http_endpoint = \"enabled\"\n  }",
            "{\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }",
        ),
        ("{}", "{\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }"),
        (
            "{ http_put_response_hop_limit = 2 }",
            "{\n    http_put_response_hop_limit = 2\n    http_endpoint               = \"enabled\"\n    http_tokens                 = \"required\"\n  }",
        ),
        (
            "{\n    http_put_response_hop_limit = 2 # pods\n  }",
            "{\n    http_put_response_hop_limit = 2 # pods\n    http_endpoint               = \"enabled\"\n    http_tokens                 = \"required\"\n  }",
        ),
        (
            "{ /* } */\n    http_endpoint = \"enabled\" /* and\n    more */\n  }",
            "{ /* } */\n    http_tokens = \"required\"\n\n    http_endpoint = \"enabled\" /* and\n    more */\n  }",
        ),
        ("{\n    http_tokens = \"\"\n  }", "{\n    http_tokens = \"required\"\n  }"),
        (
            "{\n    # none yet\n  }",
            "{\n    # none yet\n    http_endpoint = \"enabled\"\n    http_tokens   = \"required\"\n  }",
        ),
        (
            "{\n    http_tokens = null\n    http_endpoint = var.x\n  }",
            "{\n    http_tokens = \"required\"\n    http_endpoint = var.x\n  }",
        ),
    ] {
        assert_eq!(fix(&block(before)), block(after));
    }
}

#[test]
fn json_is_repaired_as_json() {
    let before = r#"{
  "resource": {
    "aws_instance": {
      "a": {
        "ami": "x"
      },
      "b": {"metadata_options": {"http_tokens": "optional"}},
      "c": {"metadata_options": [{"http_endpoint": "enabled"}]}
    }
  }
}
"#;
    let after = r#"{
  "resource": {
    "aws_instance": {
      "a": {
        "ami": "x",
        "metadata_options": {
          "http_endpoint": "enabled",
          "http_tokens": "required"
        }
      },
      "b": {"metadata_options": {"http_tokens": "required"}},
      "c": {"metadata_options": [{"http_endpoint": "enabled", "http_tokens": "required"}]}
    }
  }
}
"#;
    assert_eq!(fixed("main.tf.json", before), after);
    // Within an expression nothing has a place of its own.
    for value in
        ["${var.strict ? \\\"required\\\" : \\\"optional\\\"}", "${lower(\\\"OPTIONAL\\\")}"]
    {
        let text = format!(
            r#"{{"variable": {{"strict": {{"default": "${{false}}"}}}}, "resource": {{"aws_instance": {{"x": {{"metadata_options": {{"http_tokens": "{value}"}}}}}}}}}}"#
        );
        assert_eq!(fixed("main.tf.json", &text), text);
    }
    let vars = [
        ("main.tf", instance("var.tokens", "variable \"tokens\" {}\n")),
        ("terraform.tfvars.json", "{ \"tokens\": \"optional\" }\n".to_owned()),
    ];
    let vars: Vec<(&str, &str)> = vars.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let fixed = Tree::of(&vars).fixed();
    assert_eq!(
        fixed,
        [("terraform.tfvars.json".to_owned(), "{ \"tokens\": \"required\" }\n".to_owned())]
    );
}
