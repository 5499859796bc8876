//! Somebody else was first: the product as it is beside what was typed, field by field. What was not touched is taken from
//! the product as it is, so that applying one's own again undoes nothing of theirs.

use axum::response::Response;

use crate::app::App;
use crate::domain::audit::Target;
use crate::domain::id::ProductId;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::conflict;
use crate::http::admin::conflict::Both;
use crate::http::admin::conflict::ConflictPage;
use crate::http::admin::conflict::First;
use crate::http::admin::form::Fields;
use crate::http::admin::frame::Frame;
use crate::http::admin::products::draft::Draft;
use crate::http::admin::products::draft::Row;
use crate::http::admin::products::edit;
use crate::http::admin::products::path;
use crate::http::admin::words;

/// The page of both versions.
pub async fn conflict(app: &App, frame: &Frame, id: ProductId, fields: &Fields) -> Result<Response> {
    let told = edit::told(app, frame, id).await?;
    let thing = (Target::Product, id.0);
    let first = First::of(app, frame, thing, Some(told.product.updated_at)).await?;
    let now = Draft::of(&told.product, frame.settings.terms.currency);
    let mut kept = on_top(&now, fields);
    let mine = Draft::read(&kept);
    let rows = differences(&now, &mine);
    leave_out(&mut kept, &mine, &now);
    let shown = ConflictPage {
        frame,
        thing: format!("“{}”", told.product.name),
        back: path(id),
        action: path(id),
        version: told.product.version,
        first,
        rows: rows
            .iter()
            .map(|(label, now, mine)| Both::of(label, now.as_str(), mine.as_str()))
            .collect(),
        kept,
    };
    shown.reply()
}

/// What was typed, as it is to be sent again on the product as it is now.
fn on_top(now: &Draft, typed: &Fields) -> Fields {
    let theirs = now.in_rows_of(&Draft::read(typed));
    conflict::on_top(&Fields(theirs.fields()), typed)
}

/// Of a variant that somebody else has removed nothing can be applied.
fn leave_out(kept: &mut Fields, mine: &Draft, now: &Draft) {
    let gone = mine
        .rows
        .iter()
        .filter(|row| row.id.is_some() && now.rows.iter().all(|other| other.id != row.id));
    for row in gone {
        let of_row = kept
            .0
            .iter_mut()
            .filter(|(name, _)| name.starts_with(&row.field("")));
        of_row.for_each(|(_, value)| value.clear());
    }
}

/// The fields of the product and of its variants in which the two versions differ.
fn differences(now: &Draft, mine: &Draft) -> Vec<(String, String, String)> {
    let mut rows: Vec<(String, String, String)> = [
        ("name", &now.name, &mine.name),
        ("description", &now.description, &mine.description),
        ("category", &now.category, &mine.category),
        ("tax_category", &now.tax_category, &mine.tax_category),
        ("status", &word(&now.status), &word(&mine.status)),
    ]
    .into_iter()
    .filter(|(_, now, mine)| now != mine)
    .map(|(name, now, mine)| (words::label(name).to_owned(), now.clone(), mine.clone()))
    .collect();
    let none = Row::default();
    for theirs in now.rows.iter().filter(|row| row.id.is_some()) {
        let ours = mine.rows.iter().find(|row| row.id == theirs.id);
        match ours {
            None => {}
            Some(ours) if ours.is_removed => {
                rows.push((theirs.sku.clone(), "Stays".to_owned(), "Removed".to_owned()));
            }
            Some(ours) => rows.extend(of_variant(&theirs.sku, theirs, ours)),
        }
    }
    for ours in mine.rows.iter().filter(|row| row.is_used()) {
        match ours.id {
            None => rows.extend(of_variant("New variant", &none, ours)),
            Some(id) if now.rows.iter().all(|row| row.id != Some(id)) => {
                rows.push((
                    ours.sku.clone(),
                    "Removed".to_owned(),
                    "Cannot be applied".to_owned(),
                ));
            }
            Some(_) => {}
        }
    }
    rows
}

/// The fields of one variant in which two versions differ.
fn of_variant(name: &str, theirs: &Row, ours: &Row) -> Vec<(String, String, String)> {
    let fields = [
        ("title", &theirs.title, &ours.title),
        ("sku", &theirs.sku, &ours.sku),
        ("price", &theirs.price, &ours.price),
        ("low_at", &theirs.low_at, &ours.low_at),
        ("weight_g", &theirs.weight_g, &ours.weight_g),
    ];
    let different = fields.into_iter().filter(|(_, now, mine)| now != mine);
    different
        .map(|(field, now, mine)| {
            (
                format!("{}, {name}", words::label(field)),
                now.clone(),
                mine.clone(),
            )
        })
        .collect()
}

/// A status as the page says it.
fn word(status: &str) -> String {
    let known = crate::domain::product::ProductStatus::parse(status);
    known.map_or_else(
        || status.to_owned(),
        |status| badge::product(status).word.to_owned(),
    )
}
