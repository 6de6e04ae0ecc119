//! CSV with Powerpipe's header, so that whatever reads its exports reads ours. Statuses are Powerpipe's:
//! ok, alarm, error, skip. A waived finding keeps its status, and its waiver stands beside it.

use std::io;

use imdsure_model::{ControlSummary, Finding, Head, Selection};

use crate::{Format, waivers};

const HEADER: [&str; 20] = [
    "group_id",
    "title",
    "description",
    "control_id",
    "control_title",
    "control_description",
    "reason",
    "resource",
    "status",
    "severity",
    "account_id",
    "region",
    "waived_reason",
    "waived_expires",
    "waived_compensating",
    "waived_from",
    "path",
    "line",
    "column",
    "address",
];
/// The group that controls stand in when they were chosen one by one.
const GROUP: [&str; 3] = ["imdsure", "imdsure audit", "EC2 instance metadata service, version 2"];

/// The control whose findings are written.
#[derive(Default)]
pub(crate) struct Csv {
    title: String,
    description: String,
}

impl Format for Csv {
    fn selection(&self) -> Selection {
        Selection::All
    }

    fn begin(&mut self, _: &Head, out: &mut dyn io::Write) -> io::Result<()> {
        record(out, &HEADER)
    }

    fn control(&mut self, control: &ControlSummary, _: &mut dyn io::Write) -> io::Result<()> {
        self.title.clone_from(&control.title);
        self.description.clone_from(&control.description);
        Ok(())
    }

    fn finding(&mut self, finding: &Finding, out: &mut dyn io::Write) -> io::Result<()> {
        let [group, title, description] = GROUP;
        let [waived, expires, compensating, from] = waivers::fields(finding);
        let place = finding.location.as_ref();
        let number = |number: Option<u32>| number.map(|it| it.to_string()).unwrap_or_default();
        record(
            out,
            &[
                group,
                title,
                description,
                &finding.control,
                &self.title,
                &self.description,
                &finding.reason,
                &finding.resource,
                finding.verdict.powerpipe_status(),
                finding.severity.as_str(),
                finding.account_id.as_deref().unwrap_or_default(),
                finding.region.as_deref().unwrap_or_default(),
                &waived,
                &expires,
                &compensating,
                &from,
                place.map(|place| place.path.as_str()).unwrap_or_default(),
                &number(place.map(|place| place.start_line)),
                &number(place.map(|place| place.start_column)),
                place.map(|place| place.address.as_str()).unwrap_or_default(),
            ],
        )
    }
}

fn record(out: &mut dyn io::Write, fields: &[&str]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(fields)?;
    writer.flush()
}
