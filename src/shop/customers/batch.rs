//! Many customers at once: all or nothing, or each for itself.

use std::collections::HashSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::customer::CustomerFields;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::CustomerId;
use crate::domain::permission::Permission;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::customers::change::Plan;
use crate::shop::customers::look::living;
use crate::shop::customers::look::view;
use crate::shop::version;

/// What becomes of the others where one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Nothing happens.
    Together,
    /// They are changed all the same.
    Apart,
}

/// A change to one of many.
#[derive(Debug, Clone)]
pub struct Update {
    /// Whose.
    pub id: CustomerId,
    /// The version that was seen, if it is said.
    pub seen: Option<i64>,
    /// What is to change, or what is wrong with it.
    pub fields: std::result::Result<CustomerFields, Vec<Fault>>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BatchView {
    /// How many were found and could be changed.
    matched: i64,
    /// How many are others than they were.
    modified: i64,
    results: Vec<ResultView>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BatchResult)]
struct ResultView {
    id: i64,
    #[schema(pattern = "^(updated|unchanged|refused)$")]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RefusedView>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BatchRefusal)]
struct RefusedView {
    status: u16,
    code: u16,
    name: &'static str,
    message: String,
    fields: Vec<FieldView>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = BatchField)]
struct FieldView {
    field: String,
    code: u16,
    message: String,
}

/// Changes many customers.
///
/// Together, refused with what the first bad one is refused with; apart, each one tells what came of it.
pub fn batch(tx: &Tx, by: &Actor, updates: &[Update], mode: Mode) -> Result<BatchView> {
    by.require(Permission::CustomersBatchUpdate)?;
    require_once_each(updates)?;
    let mut results = Vec::with_capacity(updates.len());
    for (nth, update) in updates.iter().enumerate() {
        results.push(match (one(tx, by, nth, update), mode) {
            (Ok(done), _) => done,
            (Err(error), Mode::Together) => return Err(of_row(nth, error)),
            (Err(error), Mode::Apart) if error.code().facts().0 < 500 => refused(update.id, &error),
            (Err(error), Mode::Apart) => return Err(error),
        });
    }
    let count = |status: &str| results.iter().filter(|result| result.status == status).count() as i64;
    let modified = count("updated");
    Ok(BatchView {
        matched: modified + count("unchanged"),
        modified,
        results,
    })
}

/// Why all are refused: who is not there is named by the row.
fn of_row(nth: usize, error: Error) -> Error {
    match error {
        Error::NotFound(what) => Error::NotFoundAt(what, format!("updates[{nth}].id")),
        other => other,
    }
}

fn require_once_each(updates: &[Update]) -> Result<()> {
    let mut seen = HashSet::new();
    for (nth, update) in updates.iter().enumerate() {
        if !seen.insert(update.id) {
            return Err(Bad::invalid("stands twice")
                .at(format!("updates[{nth}].id"))
                .into());
        }
    }
    Ok(())
}

fn one(tx: &Tx, by: &Actor, nth: usize, update: &Update) -> Result<ResultView> {
    let fields = update
        .fields
        .as_ref()
        .map_err(|faults| Error::from(faults.clone()))?;
    let customer = living(tx, update.id)?;
    let shown = view(tx, customer.clone())?;
    version::allow(update.seen, customer.version, || shown.clone())?;
    let plan = Plan::new(tx, by, customer, fields, &format!("updates[{nth}].data."))?;
    let is_other = plan.changes();
    let version = match is_other {
        false => shown.version,
        true => {
            let version = plan.write(tx)?.version;
            let former = serde_json::to_string(&shown).map_err(|cause| Error::Internal(cause.into()))?;
            let target = (Target::Customer, Some(update.id.0));
            audit::note(tx, by, Action::CustomerChanged, target, None, Some(&former))?;
            version
        }
    };
    Ok(ResultView {
        id: update.id.0,
        status: if is_other { "updated" } else { "unchanged" },
        version: Some(version),
        error: None,
    })
}

fn refused(id: CustomerId, error: &Error) -> ResultView {
    let (status, code, name, _) = error.code().facts();
    let field = |fault: &Fault| FieldView {
        field: fault.field.clone(),
        code: fault.kind.code(),
        message: fault.message.clone(),
    };
    ResultView {
        id: id.0,
        status: "refused",
        version: None,
        error: Some(RefusedView {
            status,
            code,
            name,
            message: error.sentence().into_owned(),
            fields: error.faults().iter().map(field).collect(),
        }),
    }
}
