//! Making a payout: what is due to whom, and the question whether it is to be paid out now.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::domain::commission::Due;
use crate::domain::fault::Bad;
use crate::domain::fault::Fault;
use crate::domain::id::UserId;
use crate::domain::money::Money;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::text;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::commissions::payout_path;
use crate::http::admin::form::Fields;
use crate::http::admin::form::Form;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::page;
use crate::http::admin::words;
use crate::http::payout::end;
use crate::shop::commissions;
use crate::shop::commissions::NewPayout;
use crate::shop::commissions::Payable;
use crate::shop::once::Once;

/// The longest name at the bank.
const MOST_REFERENCE: usize = 255;

#[derive(Template)]
#[template(path = "admin/commissions/pay.html")]
struct PayPage<'a> {
    frame: &'a Frame,
    payable: &'a Payable,
    typed: &'a Fields,
    faults: &'a [Fault],
}

impl PayPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        page::fault_of(self.faults, field)
    }

    fn label<'f>(&self, field: &'f str) -> &'f str {
        match field {
            "seller" => "To whom",
            field => words::label(field),
        }
    }

    fn name(&self, due: &Due) -> &str {
        self.payable.names.get(&due.seller).map_or("", String::as_str)
    }

    /// Who is paid.
    fn payees(&self) -> Vec<&Due> {
        let due = self.payable.due.iter();
        due.filter(|due| due.amount > Money::ZERO).collect()
    }

    /// Who owes the shop, and waits until more has come.
    fn debtors(&self) -> Vec<&Due> {
        let due = self.payable.due.iter();
        due.filter(|due| due.amount <= Money::ZERO).collect()
    }

    fn all(&self) -> Money {
        let amounts = self.payees().into_iter().map(|due| due.amount);
        Money::sum(amounts).unwrap_or(Money::MAX)
    }

    fn is_picked(&self, due: &Due) -> bool {
        self.typed.text("seller") == due.seller.to_string()
    }
}

async fn payable(app: &App, frame: &Frame) -> Result<Payable> {
    let by = frame.by.clone();
    app.read(move |db| commissions::payable(db, &by)).await
}

pub async fn ask_pay(State(app): State<App>, Staff(frame): Staff) -> Result<Response> {
    let shown = PayPage {
        frame: &frame,
        payable: &payable(&app, &frame).await?,
        typed: &Fields::default(),
        faults: &[],
    };
    page::page(StatusCode::OK, &shown)
}

/// Well formed, or every fault at once.
fn read(fields: &Fields) -> Result<NewPayout> {
    let mut faults = Vec::new();
    let seller = fields.said("seller").map(|id| id.parse().map(UserId));
    let seller = seller
        .transpose()
        .map_err(|_| faults.push(Bad::invalid("is no seller").at("seller")));
    let reference = fields
        .said("reference")
        .map(|text| text::line(text, 1, MOST_REFERENCE));
    let reference = reference
        .transpose()
        .map_err(|bad| faults.push(bad.at("reference")));
    match (seller, reference) {
        (Ok(seller), Ok(reference)) => Ok(NewPayout { seller, reference }),
        _ => Err(faults.into()),
    }
}

/// It takes several transactions: begun under the form's key, then ended. What breaks off between is ended by the worker.
pub async fn pay(State(app): State<App>, Staff(frame): Staff, form: Form) -> Result<Response> {
    frame.by.require(Permission::CommissionsManage)?;
    let begun = match read(&form.fields) {
        Ok(new) => {
            let (by, key) = (frame.by.clone(), form.key());
            app.write(move |tx| commissions::begin_payout(tx, &by, Some(&key), &new))
                .await
        }
        Err(error) => Err(error),
    };
    let (Once::First(payout) | Once::Again(payout)) = match begun {
        Ok(begun) => begun,
        Err(error) => return again(&app, &frame, &form.fields, error).await,
    };
    end(&app, &frame.by, payout.id).await?;
    Ok(page::lead(&payout_path(payout.id), None))
}

/// The page again, with what was typed and what was wrong with it.
async fn again(app: &App, frame: &Frame, typed: &Fields, error: Error) -> Result<Response> {
    let faults = match error {
        Error::Refused(Refusal::Fields(faults)) => faults,
        Error::Refused(Refusal::NotAllowed(words)) => vec![Bad::invalid(words).at("seller")],
        Error::NotFound(_) => vec![Bad::invalid("is no seller").at("seller")],
        error => return Err(error),
    };
    let shown = PayPage {
        frame,
        payable: &payable(app, frame).await?,
        typed,
        faults: &faults,
    };
    page::page(StatusCode::BAD_REQUEST, &shown)
}
