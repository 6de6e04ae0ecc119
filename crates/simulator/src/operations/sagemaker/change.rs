//! `StopNotebookInstance`, `StartNotebookInstance`, `UpdateNotebookInstance`, `DeleteNotebookInstance`.

use serde_json::Value;

use super::{Call, Notebook, named};
use crate::error::ApiError;
use crate::world::services::{DELETED, NotebookChange};
use crate::world::stock::Stock;

/// Members of `UpdateNotebookInstance`.
pub(crate) const UPDATE: &[&str] =
    &["NotebookInstanceName", "InstanceMetadataServiceConfiguration"];

const STOPPED: &[&str] = &["Stopped", "Failed"];

/// `StopNotebookInstance`: one that is in service.
pub(crate) fn stop_notebook_instance(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let mut stock = call.stock()?;
    let notebook = in_state(call, &stock, &["InService"], "Stopping")?;
    pass(&mut stock, &notebook, ["Stopping", "Stopped"], notebook.version);
    Ok(Vec::new())
}

/// `StartNotebookInstance`: one that is stopped.
pub(crate) fn start_notebook_instance(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let mut stock = call.stock()?;
    let notebook = in_state(call, &stock, STOPPED, "Pending")?;
    pass(&mut stock, &notebook, ["Pending", "InService"], notebook.version);
    Ok(Vec::new())
}

/// `DeleteNotebookInstance`: one that is stopped.
pub(crate) fn delete_notebook_instance(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let mut stock = call.stock()?;
    let notebook = in_state(call, &stock, STOPPED, "Deleting")?;
    pass(&mut stock, &notebook, ["Deleting", DELETED], notebook.version);
    Ok(Vec::new())
}

/// `UpdateNotebookInstance`: of one that is stopped, the oldest version of the metadata service that it allows.
pub(crate) fn update_notebook_instance(call: &Call<'_>) -> Result<Vec<u8>, ApiError> {
    let wanted = version(call)?;
    let mut stock = call.stock()?;
    let notebook = in_state(call, &stock, STOPPED, "Updating")?;
    pass(&mut stock, &notebook, ["Updating", "Stopped"], wanted.or(notebook.version));
    Ok(b"{}".to_vec())
}

fn version(call: &Call<'_>) -> Result<Option<&'static str>, ApiError> {
    let configuration = &call.document["InstanceMetadataServiceConfiguration"];
    match &configuration["MinimumInstanceMetadataServiceVersion"] {
        _ if configuration.is_null() => Ok(None),
        Value::String(version) if version == "1" => Ok(Some("1")),
        Value::String(version) if version == "2" => Ok(Some("2")),
        other => Err(call.invalid(format!(
            "Value {other} at 'instanceMetadataServiceConfiguration.minimumInstanceMetadataServiceVersion' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: 1|2"
        ))),
    }
}

/// The notebook that a call names, which must be in one of these states to go on to another.
fn in_state(
    call: &Call<'_>,
    stock: &Stock<'_>,
    states: &[&str],
    next: &str,
) -> Result<Notebook, ApiError> {
    let notebook = named(call, stock, call.required_text("NotebookInstanceName")?)?;
    if states.contains(&notebook.status) {
        return Ok(notebook);
    }
    Err(call.invalid(format!(
        "Status ({}) not in ([{}]). Unable to transition to ({next}) for Notebook Instance ({}).",
        notebook.status,
        states.join(", "),
        notebook.arn(call)
    )))
}

fn pass(
    stock: &mut Stock<'_>,
    notebook: &Notebook,
    [passing, settled]: [&'static str; 2],
    version: Option<&'static str>,
) {
    let status = (passing, stock.settled(), settled);
    let change = NotebookChange { status, version, at: stock.now };
    stock.services_mut().notebooks.insert(notebook.name, change);
}
