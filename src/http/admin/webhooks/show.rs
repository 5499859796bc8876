//! One endpoint: its health, its deliveries, and of one of them every attempt with what was sent and what came back.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::Response;
use serde_json::Value;

use crate::app::App;
use crate::domain::id::DeliveryId;
use crate::domain::id::EndpointId;
use crate::domain::id::OrderId;
use crate::domain::page::Page;
use crate::domain::page::Paging;
use crate::domain::webhook::DeliveryStatus;
use crate::domain::webhook::EndpointState;
use crate::error::Error;
use crate::error::Result;
use crate::http::admin::badge;
use crate::http::admin::badge::Badge;
use crate::http::admin::events::indented;
use crate::http::admin::frame::Frame;
use crate::http::admin::frame::Staff;
use crate::http::admin::link::OnPage;
use crate::http::admin::link::Tab;
use crate::http::admin::link::View;
use crate::http::admin::link::how_many;
use crate::http::admin::page;
use crate::http::admin::webhooks;
use crate::http::extract::Path;
use crate::http::list::Asked;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::shop::webhooks as verbs;
use crate::shop::webhooks::DeliveryView;
use crate::shop::webhooks::EndpointView;
use crate::shop::webhooks::TriesView;
use crate::shop::webhooks::TryView;
use crate::shop::webhooks::Wanted;

/// What of an endpoint is looked at.
pub struct Look {
    status: Option<DeliveryStatus>,
    delivery: Option<DeliveryId>,
    attempt: Option<i64>,
    paging: Paging,
}

impl Asks for Look {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self {
            status: query.one_of("status", DeliveryStatus::parse),
            delivery: query.number("delivery").map(DeliveryId),
            attempt: query.number("attempt"),
            paging: query.paging(0),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/webhooks/show.html")]
struct ShowPage<'a> {
    frame: &'a Frame,
    endpoint: &'a EndpointView,
    tabs: Vec<Tab>,
    found: &'a Page<DeliveryView>,
    numbers: HashMap<OrderId, String>,
    chosen: Option<&'a TriesView>,
    /// The attempt whose words are shown.
    tried: Option<&'a TryView>,
    view: &'a View,
    how_many: String,
    first: Option<String>,
    next: Option<String>,
}

pub async fn show(
    State(app): State<App>,
    Staff(frame): Staff,
    Path(id): Path<EndpointId>,
    asked_at: Uri,
    asked: Asked<OnPage<Look>>,
) -> Result<Response> {
    let OnPage(look) = asked.read(&())?;
    let attempt = look.attempt;
    let Seen {
        endpoint,
        found,
        chosen,
        numbers,
    } = seen(&app, &frame, id, look).await?;
    let view = View::new(webhooks::path(id), asked_at.query());
    let mut tries = chosen.iter().flat_map(|chosen| &chosen.tries);
    let shown = ShowPage {
        frame: &frame,
        endpoint: &endpoint,
        tabs: tabs(&view),
        how_many: how_many(&found),
        first: view.first(),
        next: found
            .next
            .as_ref()
            .map(|next| view.with(&[("after", &next.encode()), ("delivery", ""), ("attempt", "")])),
        found: &found,
        numbers,
        chosen: chosen.as_ref(),
        tried: tries.rfind(|tried| attempt.is_none_or(|number| tried.number == number)),
        view: &view,
    };
    page::page(StatusCode::OK, &shown)
}

/// The endpoint, a page of its deliveries, the one that is named or stands first, and the numbers of their orders.
struct Seen {
    endpoint: EndpointView,
    found: Page<DeliveryView>,
    chosen: Option<TriesView>,
    numbers: HashMap<OrderId, String>,
}

async fn seen(app: &App, frame: &Frame, id: EndpointId, look: Look) -> Result<Seen> {
    let (by, now) = (frame.by.clone(), frame.now);
    app.read(move |db| {
        let endpoint = verbs::show(db, &by, id, now)?;
        let wanted = Wanted {
            endpoint: Some(id),
            status: look.status,
            event: None,
        };
        let found = verbs::list_deliveries(db, &by, &wanted, &look.paging)?;
        let chosen = look.delivery.or(found.rows.first().map(|row| row.id));
        match chosen.is_none_or(|chosen| chosen.endpoint() == id) {
            true => {
                let chosen = chosen.map(|id| verbs::show_delivery(db, &by, id)).transpose()?;
                let mut numbers = verbs::numbers(db, &by, &found.rows)?;
                if let Some(chosen) = &chosen {
                    numbers.extend(verbs::numbers(db, &by, std::slice::from_ref(&chosen.delivery))?);
                }
                Ok(Seen {
                    endpoint,
                    found,
                    chosen,
                    numbers,
                })
            }
            false => Err(Error::NotFound("delivery")),
        }
    })
    .await
}

/// A tab for each status, without the delivery that was looked at under another.
fn tabs(view: &View) -> Vec<Tab> {
    let tab = |name, status: &str| Tab {
        href: view.with(&[("status", status), ("delivery", ""), ("attempt", "")]),
        ..view.tab("status", status, name, None)
    };
    let statuses = DeliveryStatus::ALL.iter().rev();
    let tabs = statuses.map(|status| tab(badge::delivery(*status).word, status.name()));
    std::iter::once(tab("All", "")).chain(tabs).collect()
}

impl ShowPage<'_> {
    fn name(&self) -> &str {
        webhooks::name(self.endpoint)
    }

    fn health(&self) -> Badge {
        badge::endpoint(webhooks::health(self.endpoint))
    }

    fn sub(&self) -> Option<String> {
        webhooks::sub(self.frame, self.endpoint)
    }

    fn is_paused(&self) -> bool {
        self.endpoint.state == EndpointState::Paused
    }

    fn is_off(&self) -> bool {
        self.endpoint.state == EndpointState::Off
    }

    fn may(&self) -> bool {
        self.frame.may("webhooks:manage")
    }

    fn state(&self, delivery: &DeliveryView) -> Badge {
        badge::delivery(delivery.status)
    }

    fn kind(&self, delivery: &DeliveryView) -> &'static str {
        delivery.kind.map_or("swept", |kind| kind.name())
    }

    /// The order that it is about, as people call it.
    fn number(&self, delivery: &DeliveryView) -> Option<&str> {
        self.numbers.get(&delivery.order?).map(String::as_str)
    }

    fn is_chosen(&self, delivery: &DeliveryView) -> bool {
        self.chosen
            .is_some_and(|chosen| chosen.delivery.id == delivery.id)
    }

    /// The view with a delivery of the page chosen.
    fn choose(&self, delivery: &DeliveryView) -> String {
        let place = View::new(webhooks::path(self.endpoint.id), Some(&self.view.query()));
        let id = delivery.id.to_string();
        let after = place.asked("after").to_owned();
        place.with(&[("delivery", &id), ("attempt", ""), ("after", &after)])
    }

    /// The view with an attempt of the chosen delivery.
    fn attempt(&self, delivery: &DeliveryView, tried: &TryView) -> String {
        let (id, number) = (delivery.id.to_string(), tried.number.to_string());
        self.view.with(&[
            ("delivery", &id),
            ("attempt", &number),
            ("after", self.view.asked("after")),
        ])
    }

    fn is_shown(&self, tried: &TryView) -> bool {
        self.tried.is_some_and(|shown| shown.number == tried.number)
    }

    fn answer(&self, tried: &TryView) -> Badge {
        match tried.failure {
            None => badge::delivery(DeliveryStatus::Delivered),
            Some(_) => badge::delivery(DeliveryStatus::Dead),
        }
    }

    fn words(&self, tried: &TryView) -> String {
        webhooks::answer(tried)
    }

    /// What was sent, as text.
    fn request(&self, tried: &TryView) -> String {
        let url = tried.request["url"].as_str().unwrap_or_default();
        let body = tried.request["body"].as_str().map(indented);
        let body = body.unwrap_or_else(|| "The event is not kept any more.".to_owned());
        format!("POST {url}\n{}\n{body}", headers(&tried.request["headers"]))
    }

    /// What came back, as text.
    fn response(&self, tried: &TryView) -> Option<String> {
        let response = tried.response.as_ref()?;
        let body = response["body"].as_str().unwrap_or_default();
        Some(format!("{}\n{body}", headers(&response["headers"])))
    }
}

/// A line for each header.
fn headers(of: &Value) -> String {
    let pairs = of.as_object().into_iter().flatten();
    let lines = pairs.map(|(name, value)| match value.as_str() {
        Some(text) => format!("{name}: {text}\n"),
        None => format!("{name}: {value}\n"),
    });
    lines.collect()
}
