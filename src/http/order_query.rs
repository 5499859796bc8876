//! The queries of orders, their list and their papers, read alike on both faces.

use crate::domain::id::CustomerId;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::money::parse_money;
use crate::domain::order::FulfilmentStatus;
use crate::domain::order::OrderState;
use crate::domain::order::PaymentStatus;
use crate::domain::order_filter::OrderFilter;
use crate::domain::order_filter::OrderSort;
use crate::domain::page::Paging;
use crate::domain::search::Find;
use crate::domain::text::Sku;
use crate::domain::time::Moment;
use crate::domain::time::Zone;
use crate::error::Result;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::Snapshot;
use crate::shop::settings;

/// By which the words of a query are read.
pub fn shop(db: &Snapshot) -> Result<(Currency, Zone)> {
    let settings = settings::show(db)?;
    Ok((settings.terms.currency, settings.zone))
}

/// The filters and the sort of a list of orders.
pub struct Wanted {
    /// The filters.
    pub filter: OrderFilter,
    /// The sort.
    pub sort: OrderSort,
}

/// The same with the part that is asked for.
pub struct Page(pub Wanted, pub Paging);

impl Asks for Page {
    type By = (Currency, Zone);

    fn read(query: &mut ListQuery, by: &Self::By) -> Self {
        let wanted = Wanted::read(query, by);
        let paging = query.paging(wanted.filter.sort_number(wanted.sort));
        Self(wanted, paging)
    }
}

impl Asks for Wanted {
    type By = (Currency, Zone);

    fn read(query: &mut ListQuery, (currency, zone): &Self::By) -> Self {
        let filter = filter(query, *currency, zone);
        let sort = query.one_of("sort", OrderSort::parse);
        Self {
            filter,
            sort: sort.unwrap_or(OrderSort::Newest),
        }
    }
}

fn filter(asked: &mut ListQuery, currency: Currency, zone: &Zone) -> OrderFilter {
    let money = |text: &str| parse_money(text, currency).and_then(Money::non_negative);
    let sku = asked.read("sku", Sku::parse);
    let typed = asked.line("q", 200);
    OrderFilter {
        customers: asked.number("customer_id").map(|id| vec![CustomerId(id)]),
        state: asked.one_of("status", OrderState::parse),
        payment: asked.one_of("payment_status", PaymentStatus::parse),
        fulfilment: asked.one_of("fulfilment_status", FulfilmentStatus::parse),
        from: asked.read("from", Moment::parse).map(|from| from.start(zone)),
        to: asked.read("to", Moment::parse).map(|to| to.end(zone)),
        tag: asked.line("tag", 50),
        min_total: asked.read("min_total", money),
        max_total: asked.read("max_total", money),
        find: (typed.is_some() || sku.is_some()).then(|| Find::new(typed.as_deref(), sku)),
    }
}

/// As it is now, or as it was.
pub struct At(pub Option<Moment>);

impl Asks for At {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.read_even_blank("at", Moment::parse))
    }
}

/// Which of an order's papers: the invoice, or one of its credit notes by its number.
pub struct Which(pub Option<String>);

impl Asks for Which {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.text("number"))
    }
}
