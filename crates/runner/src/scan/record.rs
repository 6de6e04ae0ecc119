//! From the readers' rows to kept evidence: the tables `iac_launch_spec` and `iac_policy`, and gaps as rows of
//! `scan_error`.

use std::path::{Path, PathBuf};

use imdsure_aws::{
    builder::Sink as _,
    source::Wanted,
    tables::{IAC_LAUNCH_SPEC, IAC_POLICY},
    write_error,
};
use imdsure_engine::{
    EngineError,
    evidence::{Finished, Recorder},
};
use imdsure_iac::{
    Endpoint, ScanError, Tokens,
    scan::{Scan, Scanned},
    spec::{Declared, Inherits, LaunchSpec, Switch},
};
use imdsure_model::{ErrorKind, ErrorRow, TextChange};
use serde_json::json;

use super::{
    excerpt::{Texts, excerpts},
    row::Row,
};
use crate::{AuditError, audit::now};

/// The operation of gaps.
const READ: &str = "scan:ReadFile";

/// Writes a set of what was read: into `store`, where it is kept, or a temporary folder.
pub(super) fn record(
    scan: &Scan,
    scanned: &Scanned,
    store: Option<&Path>,
    started: String,
) -> Result<Finished, AuditError> {
    let wanted = Wanted::new([IAC_LAUNCH_SPEC.name, IAC_POLICY.name]);
    let recorder = Recorder::start(store, started, &wanted).map_err(AuditError::Save)?;
    let mut texts = Texts::default();
    for spec in &scanned.specs {
        let row = Row::of(spec, &scan.paths, &mut texts);
        recorder.append(&IAC_LAUNCH_SPEC, &mut |table| table.push(&row.values()));
    }
    for policy in &scanned.policies {
        let row = Row::of_policy(policy, &scan.paths, &mut texts);
        recorder.append(&IAC_POLICY, &mut |table| table.push(&row.values()));
    }
    for error in &scanned.errors {
        write_error(&*recorder, &gap(error));
    }
    let paths = scan.paths.iter().map(|path| shown(path)).collect();
    let files = scanned.files as u64;
    let finished: Result<_, EngineError> =
        recorder.finish_code(now(), paths, files, !scanned.errors.is_empty());
    Ok(finished?)
}

/// A path as findings name it: `/` between its parts, no `./` before it.
pub(super) fn shown(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    match text.strip_prefix("./") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => text,
    }
}

fn gap(error: &ScanError) -> ErrorRow {
    let kind = match error.code {
        "Denied" => ErrorKind::Denied,
        "NotFound" | "Unreadable" | "NotAFile" => ErrorKind::Unavailable,
        "TooLarge" => ErrorKind::Refused,
        _ => ErrorKind::Malformed,
    };
    ErrorRow {
        account_id: None,
        region: None,
        operation: READ.to_owned(),
        code: error.code.to_owned(),
        message: error.message.clone(),
        kind,
        table_name: Some(IAC_LAUNCH_SPEC.name.to_owned()),
        path: Some(shown(&error.path)),
        line: error.line,
        column: error.column,
        accepted: None,
    }
}

impl Row {
    fn of(spec: &LaunchSpec, roots: &[PathBuf], texts: &mut Texts) -> Self {
        let mut row = Self::new(&IAC_LAUNCH_SPEC);
        row.place(&spec.place, roots);
        row.text("dialect", spec.dialect);
        row.text("kind", &*spec.kind);
        row.text("address", &*spec.address);
        row.text("resource_id", spec.resource_id.clone());
        row.options(spec);
        row.sent(spec);
        row.inherits(spec);
        row.number("instance_count", spec.count.and_then(|count| i64::try_from(count).ok()));
        row.text("ignored_attributes", json!(spec.ignored).to_string());
        row.text("ignore_comments", comments(spec));
        row.text("effect", spec.effect.map(|effect| effect.as_str().to_owned()));
        row.fix(spec, texts);
        row.text("excerpt", json!(excerpts(spec, texts)).to_string());
        row
    }

    fn options(&mut self, spec: &LaunchSpec) {
        let options = &spec.options;
        let tokens = &options.http_tokens;
        self.text("http_tokens", word(tokens, Tokens::as_str));
        self.text("http_tokens_verbatim", verbatim(tokens));
        self.text("http_tokens_reason", reason(tokens));
        if let Some(place) = tokens.place() {
            self.text("http_tokens_path", shown(&place.path));
            self.number("http_tokens_line", place.start.line);
            self.number("http_tokens_column", place.start.column);
        }
        self.text("http_endpoint", word(&options.http_endpoint, Endpoint::as_str));
        self.number("hop_limit", options.hop_limit.value().copied());
        self.text("hop_limit_state", options.hop_limit.word());
        let expression = verbatim(&options.hop_limit);
        self.text("hop_limit_verbatim", expression.filter(|_| options.hop_limit.value().is_none()));
        let switches = [
            ("instance_metadata_tags", &options.instance_metadata_tags),
            ("http_protocol_ipv6", &options.http_protocol_ipv6),
        ];
        for (column, switch) in switches {
            self.text(column, word(switch, switch_word));
        }
    }

    fn sent(&mut self, spec: &LaunchSpec) {
        let Some(sent) = &spec.sends_when_silent else { return };
        self.text("sent_http_tokens", sent.http_tokens.map(|tokens| tokens.as_str().to_owned()));
        let endpoint = sent.http_endpoint.map(|endpoint| endpoint.as_str().to_owned());
        self.text("sent_http_endpoint", endpoint);
        self.number("sent_hop_limit", sent.hop_limit);
    }

    fn inherits(&mut self, spec: &LaunchSpec) {
        let from: Vec<String> = spec.inherits_from.iter().map(ToString::to_string).collect();
        self.text("inherits_from", json!(from).to_string());
        let template = spec.inherits_from.iter().find_map(|from| match from {
            Inherits::LaunchTemplate(name) => Some(name.clone()),
            _ => None,
        });
        self.text("inherits_template", template);
    }

    fn fix(&mut self, spec: &LaunchSpec, texts: &mut Texts) {
        let Some(fix) = &spec.fix else { return };
        let changes = fix.splices.iter().map(|splice| {
            let source = texts.of(&splice.path)?;
            let (start, end) =
                (source.position(splice.bytes.start), source.position(splice.bytes.end));
            Some(TextChange {
                path: shown(&splice.path),
                start_line: start.line,
                start_column: start.column,
                end_line: end.line,
                end_column: end.column,
                inserted: splice.replacement.clone(),
            })
        });
        // A repair of which a part cannot be shown is not offered as data.
        let changes: Option<Vec<TextChange>> = changes.collect();
        self.text("fix_title", &*fix.title);
        self.text("fix_effect", fix.effect.as_str());
        self.text("fix_splices", changes.map(|changes| json!(changes).to_string()));
    }
}

/// The value's word where it is set, else `absent` or `unresolved`.
fn word<T: Copy>(declared: &Declared<T>, name: fn(T) -> &'static str) -> &'static str {
    declared.value().map_or(declared.word(), |value| name(*value))
}

const fn switch_word(switch: Switch) -> &'static str {
    match switch {
        Switch::Enabled => "enabled",
        Switch::Disabled => "disabled",
    }
}

fn verbatim<T>(declared: &Declared<T>) -> Option<String> {
    match declared {
        Declared::Set { verbatim, .. } => Some(verbatim.clone()),
        Declared::Unresolved { expression, .. } => Some(expression.clone()),
        Declared::Absent => None,
    }
}

fn reason<T>(declared: &Declared<T>) -> Option<String> {
    match declared {
        Declared::Unresolved { reason, .. } => Some(reason.clone()),
        _ => None,
    }
}

fn comments(spec: &LaunchSpec) -> String {
    let comments = spec.ignore_comments.iter().map(|comment| {
        json!({
            "tool": comment.tool,
            "rule": comment.rule,
            "reason": comment.reason,
            "line": comment.place.start.line,
        })
    });
    json!(comments.collect::<Vec<_>>()).to_string()
}
