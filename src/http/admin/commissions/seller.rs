//! One seller: what they have sold comes to, and the shop's part of it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::commission::Rate;
use crate::domain::fault::Fault;
use crate::domain::id::UserId;
use crate::domain::permission::Permission;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::commissions::seller_path;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::extract::Path;
use crate::shop::commissions;
use crate::shop::commissions::Seller;

#[derive(Template)]
#[template(path = "admin/commissions/seller.html")]
struct SellerPage<'a> {
    frame: &'a Frame,
    seller: &'a Seller,
    typed: &'a Fields,
    faults: &'a [Fault],
}

impl SellerPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label(&self, _: &str) -> &'static str {
        "Percent"
    }

    fn name(&self) -> &str {
        let user = &self.seller.user;
        user.name.as_deref().unwrap_or(&user.username)
    }

    /// What was typed, or the rate that they have of their own.
    fn percent(&self) -> String {
        match (self.faults.is_empty(), self.seller.rate) {
            (false, _) => self.typed.text("rate").to_owned(),
            (true, (rate, true)) => rate.to_string(),
            (true, (_, false)) => String::new(),
        }
    }
}

pub async fn seller(State(app): State<App>, Staff(frame): Staff, Path(id): Path<UserId>) -> Result<Response> {
    draw(&app, &frame, id, &Fields::default(), None).await
}

async fn draw(
    app: &App,
    frame: &Frame,
    id: UserId,
    typed: &Fields,
    refused: Option<&Error>,
) -> Result<Response> {
    let (by, now) = (frame.by.clone(), frame.now);
    let seller = app.read(move |db| commissions::seller(db, &by, id, now)).await?;
    let shown = SellerPage {
        frame,
        seller: &seller,
        typed,
        faults: refused.map(Error::faults).unwrap_or_default(),
    };
    let status = match refused {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    page::page(status, &shown)
}

pub async fn set_rate(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<UserId>,
    form: Form,
) -> Result<Response> {
    frame.by.require(Permission::CommissionsManage)?;
    // Blank: the shop's rate again.
    let said = form
        .fields
        .said("rate")
        .map(|text| text.trim_end_matches(['%', ' ']));
    let rate = match said.map(Rate::parse).transpose() {
        Ok(rate) => rate,
        Err(bad) => {
            let error = Error::from(bad.at("rate"));
            return draw(&app, &frame, id, &form.fields, Some(&error)).await;
        }
    };
    let by = frame.by.clone();
    let done = form
        .submit(&app, move |tx| {
            commissions::set_rate(tx, &by, id, rate).map(|_| ())
        })
        .await?;
    Ok(page::lead(&seller_path(id), Some(done)))
}
