//! What `scan` fills from infrastructure code.

use super::{Kind, Table, column};

/// Places in code that decide how an instance starts.
pub static IAC_LAUNCH_SPEC: Table = Table {
    name: "iac_launch_spec",
    about: "One place in infrastructure code that decides how an instance starts, as `imdsure scan` reads it. What is created zero times has no row.",
    columns: &[
        column("path", Kind::Text, "The file that defines it."),
        column("root", Kind::Text, "The file or folder that was given and led to it."),
        column("start_line", Kind::Integer, "Where the definition begins; lines count from 1."),
        column("start_column", Kind::Integer, "The character in that line, from 1."),
        column("end_line", Kind::Integer, "Where it ends."),
        column("end_column", Kind::Integer, "The character after its last one."),
        column("dialect", Kind::Text, "The language: `terraform`, `cloudformation`, …"),
        column(
            "kind",
            Kind::Text,
            "The type, as the dialect names it: `aws_instance`; `text` where only a line was understood.",
        ),
        column(
            "address",
            Kind::Text,
            "The address in the code's own words: `module.web.aws_instance.this`, a logical id, `Kind/name`.",
        ),
        column(
            "resource_id",
            Kind::Text,
            "The id that AWS gave it, of rows of a Terraform state or plan: `i-…`; null of code.",
        ),
        column("http_tokens", Kind::Text, "`required`, `optional`, `absent` or `unresolved`."),
        column(
            "http_tokens_verbatim",
            Kind::Text,
            "As the code spells it (`true` of `DisableIMDSv1`); the expression where it is unresolved.",
        ),
        column("http_tokens_reason", Kind::Text, "Why it is unresolved; else null."),
        column(
            "http_tokens_path",
            Kind::Text,
            "The file that decides it; null where it is absent.",
        ),
        column("http_tokens_line", Kind::Integer, "The line there."),
        column("http_tokens_column", Kind::Integer, "The character in that line."),
        column("http_endpoint", Kind::Text, "`enabled`, `disabled`, `absent` or `unresolved`."),
        column(
            "hop_limit",
            Kind::Integer,
            "The hop limit; null where it is not set or not resolved.",
        ),
        column("hop_limit_state", Kind::Text, "`set`, `absent` or `unresolved`."),
        column("hop_limit_verbatim", Kind::Text, "The expression, where it is unresolved."),
        column(
            "instance_metadata_tags",
            Kind::Text,
            "`enabled`, `disabled`, `absent` or `unresolved`.",
        ),
        column(
            "http_protocol_ipv6",
            Kind::Text,
            "`enabled`, `disabled`, `absent` or `unresolved`.",
        ),
        column(
            "sent_http_tokens",
            Kind::Text,
            "What the tool sends to AWS where the code is silent: `optional`, `required`; null where it sends nothing.",
        ),
        column("sent_http_endpoint", Kind::Text, "The same of the endpoint."),
        column("sent_hop_limit", Kind::Integer, "The same of the hop limit."),
        column(
            "inherits_from",
            Kind::Json,
            "Who decides what is absent, from the first to be asked: `[\"launch template web\",\"account default\"]`.",
        ),
        column(
            "inherits_template",
            Kind::Text,
            "The launch template among them, as the code names it; null where there is none.",
        ),
        column(
            "instance_count",
            Kind::Integer,
            "How many are made from it; null where the text does not say.",
        ),
        column(
            "ignored_attributes",
            Kind::Json,
            "Attributes whose changes the code ignores (`lifecycle.ignore_changes`).",
        ),
        column(
            "ignore_comments",
            Kind::Json,
            "Other tools' ignore comments on it: `[{\"tool\",\"rule\",\"reason\",\"line\"}]`.",
        ),
        column(
            "effect",
            Kind::Text,
            "What changing the options does to the resource: `in place`, `new version`, `replacement`, …; null where it is not known.",
        ),
        column(
            "fix_title",
            Kind::Text,
            "What the repair of the text does; null where there is none.",
        ),
        column(
            "fix_effect",
            Kind::Text,
            "What that does to the resource, in the words of `effect`.",
        ),
        column(
            "fix_splices",
            Kind::Json,
            "The repair: `[{\"path\",\"start_line\",\"start_column\",\"end_line\",\"end_column\",\"inserted\"}]`.",
        ),
        column(
            "excerpt",
            Kind::Json,
            "The lines that show it: `[{\"path\",\"line\",\"text\",\"start_column\",\"end_column\",\"part\"}]`.",
        ),
    ],
};

/// Guardrails that are written in code.
pub static IAC_POLICY: Table = Table {
    name: "iac_policy",
    about: "One service control policy, EC2 policy or policy of identities in infrastructure code that is about launches or the metadata service, as `imdsure scan` reads it, and what `imdsure guard lint` says of its text.",
    columns: &[
        column("path", Kind::Text, "The file in which its text stands."),
        column("root", Kind::Text, "The file or folder that was given and led to it."),
        column("start_line", Kind::Integer, "Where the text begins; lines count from 1."),
        column("start_column", Kind::Integer, "The character in that line, from 1."),
        column("end_line", Kind::Integer, "Where it ends."),
        column("end_column", Kind::Integer, "The character after its last one."),
        column(
            "dialect",
            Kind::Text,
            "The language: `terraform`, `cloudformation`, …; `policy` of a file that is the policy.",
        ),
        column("kind", Kind::Text, "`scp`, `ec2`, or `iam`: of identities."),
        column(
            "address",
            Kind::Text,
            "The address in the code's own words; the file's name where the file is the policy.",
        ),
        column(
            "text",
            Kind::Text,
            "The policy as it would be attached; null where that is not resolved.",
        ),
        column("unresolved_reason", Kind::Text, "Why it is not; else null."),
        column("unresolved_expression", Kind::Text, "The expression that stopped it; else null."),
        column(
            "lints",
            Kind::Json,
            "What the linter says: `[{\"code\",\"severity\",\"statement\",\"sid\",\"path\",\"line\",\"column\",\"explanation\",\"sound\"}]`; path, line and column are of the code.",
        ),
        column(
            "worst",
            Kind::Text,
            "The worst severity among them: `error`, `warning`, `info`; null where there are none.",
        ),
        column("mistake_count", Kind::Integer, "How many are errors and warnings."),
        column(
            "mistakes",
            Kind::Text,
            "Those in words, each with its place: `statement 1 (V2), line 7: …`.",
        ),
        column("codes", Kind::Text, "Their names."),
        column("sound_form", Kind::Text, "What to write instead, as JSON to paste."),
        column("mistake_path", Kind::Text, "The file of the first of them."),
        column("mistake_line", Kind::Integer, "The line there."),
        column("mistake_column", Kind::Integer, "The character in that line."),
        column("mistake_end_line", Kind::Integer, "Where it ends."),
        column("mistake_end_column", Kind::Integer, "The character after its last one."),
        column(
            "excerpt",
            Kind::Json,
            "The lines that show it: `[{\"path\",\"line\",\"text\",\"start_column\",\"end_column\",\"part\"}]`.",
        ),
    ],
};
