//! AppStream: fleets and builders, which may have version 1 of the metadata service turned off.

use super::Call;
use super::input::Paging;
use crate::document::Document;
use crate::error::ApiError;

/// Members of the operations.
pub(crate) const DESCRIBE_FLEETS: &[&str] = &["Names", "NextToken"];
pub(crate) const DESCRIBE_BUILDERS: &[&str] = &["Names", "MaxResults", "NextToken"];

/// AWS does not say how many an answer holds; few, so that readers must ask again.
const FLEET_PAGING: Paging = Paging { size: "", sizes: 2..=2, usual: 2, token: "NextToken" };
const BUILDER_PAGING: Paging =
    Paging { size: "MaxResults", sizes: 1..=50, usual: 2, token: "NextToken" };

/// 2023-11-20.
const CREATED: i64 = 1_700_438_400;

/// Name and `DisableIMDSV1`; none where the answer does not say.
type Machine = (&'static str, Option<bool>);

const FLEETS: [Machine; 4] = [
    ("back-office", Some(true)),
    ("call-center", Some(false)),
    ("contractors", None),
    ("designers", Some(true)),
];
const IMAGE_BUILDERS: [Machine; 3] =
    [("office-image", Some(true)), ("cad-image", Some(false)), ("old-image", None)];
const APP_BLOCK_BUILDERS: [Machine; 3] =
    [("browser-block", Some(true)), ("sap-block", Some(false)), ("legacy-block", None)];

/// `DescribeFleets`.
pub(crate) fn describe_fleets(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let capacity = Document::Structure(vec![
        ("Desired", Document::Integer(2)),
        ("Running", Document::Integer(2)),
        ("InUse", Document::Integer(0)),
        ("Available", Document::Integer(2)),
    ]);
    let more = [
        ("State", Document::text("RUNNING")),
        ("FleetType", Document::text("ON_DEMAND")),
        ("ComputeCapacityStatus", capacity),
    ];
    let kind =
        Kind { operation: "DescribeFleets", list: "Fleets", arn: "fleet", paging: &FLEET_PAGING };
    describe(call, &kind, &FLEETS, &more)
}

/// `DescribeImageBuilders`.
pub(crate) fn describe_image_builders(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let more =
        [("State", Document::text("STOPPED")), ("Platform", Document::text("WINDOWS_SERVER_2022"))];
    let kind = Kind {
        operation: "DescribeImageBuilders",
        list: "ImageBuilders",
        arn: "image-builder",
        paging: &BUILDER_PAGING,
    };
    describe(call, &kind, &IMAGE_BUILDERS, &more)
}

/// `DescribeAppBlockBuilders`.
pub(crate) fn describe_app_block_builders(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let network = Document::Structure(vec![(
        "SubnetIds",
        Document::List(vec![Document::text("subnet-0a1b2c3d4e5f60718")]),
    )]);
    let more = [
        ("State", Document::text("STOPPED")),
        ("Platform", Document::text("WINDOWS_SERVER_2019")),
        ("VpcConfig", network),
    ];
    let kind = Kind {
        operation: "DescribeAppBlockBuilders",
        list: "AppBlockBuilders",
        arn: "app-block-builder",
        paging: &BUILDER_PAGING,
    };
    describe(call, &kind, &APP_BLOCK_BUILDERS, &more)
}

struct Kind {
    operation: &'static str,
    /// The member of the answer that holds them.
    list: &'static str,
    /// Their word in ARNs.
    arn: &'static str,
    paging: &'static Paging,
}

fn describe(
    call: &Call<'_>,
    kind: &Kind,
    all: &[Machine],
    more: &[(&'static str, Document)],
) -> Result<Vec<u8>, ApiError> {
    let names = call.texts("Names")?;
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|(known, _)| known == *name)) {
        let text = format!("The resource {unknown} was not found.");
        return Err(ApiError::new(400, "ResourceNotFoundException", text));
    }
    let wanted: Vec<Machine> =
        all.iter().filter(|(name, _)| names.is_empty() || names.contains(name)).copied().collect();
    let listing = format!("{} {names:?}", kind.operation);
    let (page, next) = call.page(&wanted, &listing, kind.paging)?;
    let shown = page.iter().map(|machine| show(call, kind, *machine, more)).collect();
    let mut members = vec![(kind.list, Document::List(shown))];
    members.extend(next.map(|next| ("NextToken", Document::text(next))));
    Ok(call.answer(kind.operation, &Document::Structure(members)))
}

fn show(
    call: &Call<'_>,
    kind: &Kind,
    (name, disabled): Machine,
    more: &[(&'static str, Document)],
) -> Document {
    let arn = call.arn("appstream", format_args!("{}/{name}", kind.arn));
    let mut members = vec![
        ("Arn", Document::text(arn)),
        ("Name", Document::text(name)),
        ("DisplayName", Document::text(name)),
        ("InstanceType", Document::text("stream.standard.medium")),
        ("CreatedTime", Document::Time(CREATED)),
        ("EnableDefaultInternetAccess", Document::Flag(false)),
    ];
    members.extend_from_slice(more);
    members.extend(disabled.map(|disabled| ("DisableIMDSV1", Document::Flag(disabled))));
    Document::Structure(members)
}
