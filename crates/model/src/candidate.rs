//! What a plan may choose: an instance that does not require tokens, with what is known of its use of version 1.

/// An instance that does not require tokens, borrowed from the evidence: there may be a million of them. Texts are AWS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InstanceCandidate<'a> {
    /// The account.
    pub account_id: &'a str,
    /// The region.
    pub region: &'a str,
    /// Its ARN.
    pub arn: &'a str,
    /// `i-…`.
    pub instance_id: &'a str,
    /// Its `Name` tag.
    pub name: Option<&'a str>,
    /// `running`, `stopped`, …
    pub state: Option<&'a str>,
    /// `optional`; none where AWS reported no options.
    pub http_tokens: Option<&'a str>,
    /// `enabled` or `disabled`.
    pub http_endpoint: Option<&'a str>,
    /// 1 to 64.
    pub hop_limit: Option<i64>,
    /// `enabled` or `disabled`.
    pub http_protocol_ipv6: Option<&'a str>,
    /// `enabled` or `disabled`.
    pub instance_metadata_tags: Option<&'a str>,
    /// `applied` or `pending`.
    pub options_state: Option<&'a str>,
    /// Its instance profile.
    pub instance_profile: Option<&'a str>,
    /// Whether it has a public address.
    pub public: bool,
    /// Its last start, in milliseconds since 1970.
    pub launch_time: Option<i64>,
    /// The Auto Scaling group that launched it.
    pub group: Option<&'a str>,
    /// The service or group that owns it, as `kind:name`.
    pub managed_by: Option<&'a str>,
    /// Who owns it, by its tags.
    pub owner: Option<&'a str>,
    /// Its tags as a JSON object.
    pub tags: Option<&'a str>,
    /// The name of its AMI, where that was read.
    pub image_name: Option<&'a str>,
    /// `MetadataNoToken` or `MetadataNoTokenRejected`.
    pub metric: Option<&'a str>,
    /// Version 1 calls in the window; none without data.
    pub calls: Option<i64>,
    /// Hours of the window with data.
    pub covered_hours: Option<i64>,
    /// Where the window begins, in milliseconds since 1970.
    pub window_start: Option<i64>,
    /// Where it ends.
    pub window_end: Option<i64>,
    /// The last period with calls.
    pub last_nonzero: Option<i64>,
    /// Whether it was started within the window.
    pub started_in_window: Option<bool>,
    /// Whether CloudWatch was asked about it.
    pub asked: bool,
}
