//! A payout to sellers, ended and written for the bank, on either face.

use axum::response::Response;

use crate::app::App;
use crate::domain::actor::Actor;
use crate::domain::commission::Payout;
use crate::domain::commission::SellersPart;
use crate::domain::id::PayoutId;
use crate::domain::money::Currency;
use crate::domain::text::csv_cell;
use crate::error::Result;
use crate::http::csv;
use crate::shop::commissions;

const HEADINGS: &str = "payout,seller_id,username,name,commissions,amount,currency,reference\r\n";

/// Ends a payout that is begun: puts all that is due into it, some rows a transaction.
pub async fn end(app: &App, by: &Actor, id: PayoutId) -> Result<()> {
    loop {
        let who = by.clone();
        let payout = app.write(move |tx| commissions::go_on(tx, &who, id)).await?;
        if payout.is_done {
            return Ok(());
        }
    }
}

/// The file of a payout: a row a seller.
pub fn file(payout: &Payout, sellers: &[SellersPart], currency: Currency) -> Response {
    let reference = csv_cell(payout.reference.as_deref().unwrap_or_default());
    let mut text = HEADINGS.to_owned();
    for part in sellers {
        let name = csv_cell(part.name.as_deref().unwrap_or_default());
        text += &format!(
            "{},{},{},{name},{},{},{currency},{reference}\r\n",
            payout.id,
            part.seller,
            csv_cell(&part.username),
            part.rows,
            part.amount.write(currency)
        );
    }
    csv::whole(&format!("payout-{}.csv", payout.id), text)
}
