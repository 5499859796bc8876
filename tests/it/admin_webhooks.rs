//! The webhook desk: endpoints with their health, what came of each delivery, and sending it again, by forms.

use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::filled;
use crate::pages::has_form;
use crate::pages::marked;
use crate::pages::plain;
use crate::sink::Say;
use crate::sink::Sink;
use crate::webhooks::HOUR;
use crate::webhooks::SECOND;
use crate::webhooks::endpoint;
use crate::webhooks::order;
use crate::webhooks::pass;
use crate::webhooks::shop;
use crate::webhooks::step;

const LIST: &str = "/admin/webhooks";
const NEW: &str = "/admin/webhooks/new";
const PAGE: &str = "/admin/webhooks/1";
const EDIT: &str = "/admin/webhooks/1/edit";
const HOSTILE: &str = "</pre><script>alert(1)</script>";

fn deed(page: &Answer) -> &str {
    let rest = page.body.split_once("data-done=\"");
    rest.map_or("", |(_, rest)| rest.split('"').next().unwrap())
}

fn standing(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("data-state=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Sends the form of the endpoint's page, and looks at what it leads to.
fn press(browser: &Browser<'_>, way: &str) -> Answer {
    let page = browser.get(PAGE);
    let sent = browser.submit(&page, &format!("{PAGE}/{way}"), &[]);
    browser.follow(&sent)
}

fn dead(app: &TestApp) -> i64 {
    app.number("SELECT count(*) FROM deliveries WHERE status = 4")
}

/// H6, T13: an endpoint is made by a form that says what is wrong; its secret is shown once.
#[test]
fn an_endpoint_is_made_and_its_secret_is_shown_once() {
    let (app, sink) = (shop(), Sink::start());
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get(NEW);
    for (field, wrong) in [
        ("url", ""),
        ("url", "http://10.0.0.1/"),
        ("url", HOSTILE),
        ("events", ""),
        ("events", HOSTILE),
    ] {
        let url = sink.url();
        let mut typed = vec![("url", url.as_str()), ("events", "order.*")];
        typed.retain(|(name, _)| *name != field);
        typed.push((field, wrong));
        let refused = browser.submit(&page, LIST, &typed);
        assert_eq!(refused.status, 400, "{field} {wrong}");
        assert!(refused.body.contains(&format!("{field}-e")) && !refused.body.contains(HOSTILE));
    }
    let url = sink.url();
    let typed = [
        ("url", url.as_str()),
        ("events", "order.created, payment.*"),
        ("description", HOSTILE),
    ];
    let made = browser.submit(&page, LIST, &typed);
    assert!(marked(&browser.follow(&made), "data-secret").starts_with("whsec_"));
    let again = browser.submit(&page, LIST, &typed);
    assert_eq!(again.header("location"), made.header("location"));
    assert_eq!(app.number("SELECT count(*) FROM webhook_endpoints"), 1);
    let list = browser.get(LIST);
    assert!(plain(&list.body).contains(HOSTILE) && !list.body.contains(HOSTILE));
    assert!(!list.body.contains("whsec_") && !browser.get(PAGE).body.contains("whsec_"));
}

/// T13: a delivery goes by the number of its order, in the list and where it is shown.
#[test]
fn a_delivery_goes_by_the_number_of_its_order() {
    let (app, sink) = (crate::webhooks::shop(), Sink::start());
    crate::webhooks::endpoint(&app, &sink.url(), &["*"]);
    let order = crate::webhooks::order(&app);
    app.product("CUP", "1.00", 1);
    app.deliver();
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get(&format!("{LIST}/1")).body;
    assert!(
        page.contains("<b>order.created</b> <span class=\"mute\">#1001</span>"),
        "{page}"
    );
    assert!(page.contains("<b>product.created</b> <span class=\"mute\">") && page.contains(">1 try<"));
    let at = page
        .split("<b>order.created</b>")
        .next()
        .unwrap()
        .rfind("href=\"")
        .unwrap()
        + 6;
    let path = plain(page[at..].split('"').next().unwrap());
    let shown = browser.get(path.split('#').next().unwrap()).body;
    assert!(
        shown.contains(&format!("<a href=\"/admin/orders/{order}\">#1001</a>")),
        "{shown}"
    );
    assert!(shown.contains(":00:00</a>"), "an attempt has its second: {shown}");
}

/// T13: what an endpoint answers is shown as text, whatever it is; one delivery is sent again, and all that is dead.
#[test]
fn what_came_back_is_text_and_is_sent_again() {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, &sink.url(), &["order.created"]);
    sink.say(|_| Say::Body(410, HOSTILE.as_bytes().to_vec()));
    order(&app);
    app.deliver();
    app.deliver();
    let browser = Browser::signed_in(&app, "owner");
    let off = browser.get(PAGE);
    assert_eq!((standing(&off).as_str(), dead(&app)), ("off", 1), "{}", off.body);
    assert!(!off.body.contains(HOSTILE) && plain(&off.body).contains(HOSTILE));
    assert!(plain(&off.body).contains("webhook-signature: v1,"));
    assert!(browser.get(LIST).body.contains("410"));
    assert!(!has_form(&off, &format!("{PAGE}/test")));
    sink.answer(204);
    assert_eq!(standing(&press(&browser, "on")), "on");
    // An earlier page of the same endpoint is too late.
    let late = filled(&off, &format!("{PAGE}/on"), &[("idempotency_key", "another")]);
    assert_eq!(browser.post(&format!("{PAGE}/on"), &late, &[OURS]).status, 412);
    let page = browser.get(PAGE);
    let (_, rest) = page.body.split_once("data-shown=\"").unwrap();
    let one = format!("{LIST}/deliveries/{}/retry", rest.split('"').next().unwrap());
    let sent = browser.submit(&page, &one, &[]);
    assert_eq!(deed(&browser.follow(&sent)), "webhook.delivery_retried");
    app.deliver();
    assert_eq!((dead(&app), sink.heard().len()), (0, 2));
    app.execute("UPDATE deliveries SET status = 4, ended_at = 1");
    let replay = format!("{PAGE}/replay");
    let question = browser.get(&replay);
    for wrong in ["", "yesterday", HOSTILE] {
        let refused = browser.submit(&question, &replay, &[("failed_since", wrong)]);
        assert_eq!(refused.status, 400, "{wrong}");
        assert!(!refused.body.contains(HOSTILE));
    }
    let asked = browser.submit(&question, &replay, &[("failed_since", "2026-02-01")]);
    assert_eq!(deed(&browser.follow(&asked)), "webhook.replay_asked");
    app.deliver();
    app.deliver();
    assert_eq!((dead(&app), sink.heard().len()), (0, 3));
}

/// T13: the desk shows a day of each endpoint hour by hour, and what was given up, to be sent again from there.
#[test]
fn the_desk_shows_a_day_and_what_was_given_up() {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, &sink.url(), &["order.created"]);
    let browser = Browser::signed_in(&app, "owner");
    assert!(browser.get(LIST).body.contains("nothing sent") && !browser.get(LIST).body.contains("data-dead"));
    order(&app);
    app.deliver();
    sink.answer(500);
    pass(&app, 4 * HOUR);
    let id = order(&app);
    for hours in [0, 1, 1, 1, 3, 6, 12, 17, 24, 29] {
        pass(&app, hours * HOUR);
        app.deliver();
    }
    let browser = Browser::signed_in(&app, "owner");
    let desk = browser.get(LIST);
    let (_, rest) = desk.body.split_once("data-dead=\"").unwrap();
    let lost = rest.split('"').next().unwrap();
    let bars = |class: &str| desk.body.matches(&format!("class=\"{class}\"/>")).count();
    let empty = desk.body.matches("width=\"4\" height=\"1\"/>").count();
    assert_eq!((bars("bad"), bars("ok"), empty), (1, 0, 23));
    let number = app.get("owner", &format!("/api/v1/orders/{id}")).json()["number"].clone();
    let words = plain(&desk.body);
    assert!(
        words.contains(&format!("#{}", number.as_str().unwrap())) && words.contains("500"),
        "{words}"
    );
    sink.answer(204);
    let retry = format!("/admin/webhooks/deliveries/{lost}/retry");
    let sent = browser.submit(&desk, &retry, &[]);
    assert_eq!(deed(&browser.follow(&sent)), "webhook.delivery_retried");
    app.deliver();
    let desk = browser.get(LIST);
    assert!(
        !desk.body.contains("data-dead") && desk.body.contains("1 delivered"),
        "{}",
        desk.body
    );
    assert!(
        desk.body.contains("class=\"some\"/>"),
        "in the hour of the last failure"
    );
}

/// H6, T13: tested, paused, resumed, another secret, deleted; each by its form, and told.
#[test]
fn an_endpoint_is_looked_after() {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, &sink.url(), &["order.created"]);
    let browser = Browser::signed_in(&app, "owner");
    assert_eq!(deed(&press(&browser, "test")), "webhook.endpoint_tested");
    app.deliver();
    assert_eq!(sink.take()[0].kind(), "webhook.test");
    let paused = press(&browser, "pause");
    assert_eq!(
        (deed(&paused), standing(&paused).as_str()),
        ("webhook.endpoint_paused", "paused")
    );
    order(&app);
    app.deliver();
    assert_eq!(sink.heard().len(), 0);
    assert_eq!(standing(&press(&browser, "resume")), "on");
    app.deliver();
    assert_eq!(sink.heard().len(), 1);
    pass(&app, 360 * SECOND);
    let rotate = format!("{PAGE}/rotate");
    let asked = browser.submit(&browser.get(&rotate), &rotate, &[]);
    assert_eq!(asked.status, 401, "{}", asked.body);
    let resumed = browser.submit(&asked, "/admin/step-up", &[("password", crate::app::PASSWORD)]);
    assert_eq!(marked(&resumed, "data-wish"), "Rotate the secret of endpoint 1");
    let rotated = browser.submit(&resumed, &rotate, &[]);
    let told = browser.follow(&rotated);
    assert!(
        marked(&told, "data-secret").starts_with("whsec_"),
        "{}",
        told.body
    );
    let delete = format!("{PAGE}/delete");
    let question = browser.get(&delete);
    let late = [("version", "99"), ("idempotency_key", "another")];
    assert_eq!(browser.submit(&question, &delete, &late).status, 412);
    let gone = browser.submit(&question, &delete, &[]);
    assert_eq!(deed(&browser.follow(&gone)), "webhook.endpoint_deleted");
    assert_eq!(browser.get(PAGE).status, 410);
}

/// H6, D7: an endpoint is changed by a form that says what is wrong; whoever was second sees both. Its secret stays.
#[test]
fn an_endpoint_is_changed() {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, "https://hooks.example/old", &["order.created"]);
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get(EDIT);
    for (field, wrong) in [("url", "http://10.0.0.1/"), ("events", HOSTILE), ("url", HOSTILE)] {
        let refused = browser.submit(&page, EDIT, &[(field, wrong)]);
        assert_eq!(refused.status, 400, "{field} {wrong}");
        assert!(refused.body.contains(&format!("{field}-e")) && !refused.body.contains(HOSTILE));
        assert!(plain(&refused.body).contains(wrong));
    }
    let secret = || app.number("SELECT count(DISTINCT secret) FROM webhook_endpoints WHERE version > 1");
    let url = sink.url();
    let typed = [
        ("url", url.as_str()),
        ("events", "order.*"),
        ("description", HOSTILE),
    ];
    let told = browser.follow(&browser.submit(&page, EDIT, &typed));
    assert_eq!(deed(&told), "webhook.endpoint_changed", "{}", told.body);
    assert!(plain(&told.body).contains(HOSTILE) && !told.body.contains(HOSTILE));
    let late = [("description", "Stock"), ("idempotency_key", "another")];
    let clash = browser.submit(&page, EDIT, &late);
    assert_eq!(clash.status, 412, "{}", clash.body);
    assert!(clash.body.contains("data-conflict") && plain(&clash.body).contains(&url));
    assert_eq!(marked(&clash, "data-first"), "owner");
    // What was not touched stays as the other has made it.
    let mine = browser.follow(&browser.submit(&clash, EDIT, &[]));
    assert_eq!(deed(&mine), "webhook.endpoint_changed", "{}", mine.body);
    let merged = format!(
        "SELECT count(*) FROM webhook_endpoints WHERE description = 'Stock' AND url = '{url}' AND events LIKE '%order.*%'"
    );
    assert_eq!(app.number(&merged), 1);
    assert_eq!(secret(), 1);
    order(&app);
    app.deliver();
    assert_eq!(sink.heard().len(), 1);
}

/// T4, H6: an order's page tells of the mails and of the webhooks about it, to whoever may read them.
#[test]
fn the_time_line_of_an_order_tells_who_was_told() {
    let (app, sink, other) = (shop(), Sink::start(), Sink::start());
    endpoint(&app, &sink.url(), &["order.*"]);
    endpoint(&app, &other.url(), &["order.status_changed"]);
    sink.answer(500);
    let (first, second) = (crate::mails::order(&app, "ann@shop.test"), order(&app));
    step(&app, first, "processing", 1);
    app.queue_mails();
    app.deliver();
    let deliveries = |page: &Answer| page.body.matches("data-delivery=").count();
    let owner = Browser::signed_in(&app, "owner");
    let page = owner.get(&format!("/admin/orders/{first}"));
    assert_eq!(deliveries(&page), 3, "{}", page.body);
    assert!(page.body.contains("order.status_changed") && page.body.contains(&sink.url()));
    let mails = app.number(&format!("SELECT count(*) FROM mails WHERE order_id = {first}"));
    assert!(mails > 0);
    assert_eq!(page.body.matches("data-mail=").count() as i64, mails);
    assert_eq!(deliveries(&owner.get(&format!("/admin/orders/{second}"))), 1);
    let staff = Browser::signed_in(&app, "staff");
    let page = staff.get(&format!("/admin/orders/{first}"));
    assert_eq!(
        (deliveries(&page), page.body.matches("data-mail=").count()),
        (3, 0)
    );
}

/// AZ-01: who may only read sees no button, and the forged post is refused; who may not read sees nothing.
#[test]
fn without_the_right_endpoints_are_looked_at_only() {
    let (app, sink) = (shop(), Sink::start());
    endpoint(&app, &sink.url(), &["order.created"]);
    order(&app);
    app.fan_out();
    let delivery = app.number("SELECT max(id) FROM deliveries");
    let staff = Browser::signed_in(&app, "staff");
    let (list, page) = (staff.get(LIST), staff.get(PAGE));
    assert_eq!((list.status, page.status), (200, 200));
    assert!(!list.body.contains("data-new") && !page.body.contains(&format!("action=\"{LIST}")));
    assert_eq!((staff.get(NEW).status, staff.get(EDIT).status), (403, 403));
    let mut forged = filled(&page, "/admin/logout", &[]);
    for (name, value) in [
        ("version", "1"),
        ("url", "https://example.com/"),
        ("events", "*"),
        ("failed_since", "2026-01-01"),
    ] {
        forged.push((name.to_owned(), value.to_owned()));
    }
    let ways = [
        "edit", "pause", "resume", "on", "test", "rotate", "replay", "delete",
    ];
    let mut paths: Vec<String> = ways.iter().map(|way| format!("{PAGE}/{way}")).collect();
    paths.extend([LIST.to_owned(), format!("{LIST}/deliveries/{delivery}/retry")]);
    for path in &paths {
        assert_eq!(staff.post(path, &forged, &[OURS]).status, 403, "{path}");
    }
    assert_eq!(
        app.number("SELECT count(*) FROM webhook_endpoints WHERE state = 0"),
        1
    );
}

/// How many endpoints a page says are off, and where below them it leads.
fn told(browser: &Browser<'_>, path: &str) -> Option<(String, String)> {
    let page = browser.get(path);
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    let (_, rest) = page.body.split_once("data-silenced=\"")?;
    let link = rest.split_once("/admin/webhooks").unwrap().1;
    let first = |text: &str| text.split('"').next().unwrap().to_owned();
    Some((first(rest), first(link)))
}

/// OWH-08: an endpoint that the shop itself has turned off is told of on every page, to whoever may see endpoints, until
/// somebody has looked after it.
#[test]
fn an_endpoint_that_was_turned_off_is_told_of_on_every_page() {
    let (app, sink) = (shop(), Sink::start());
    let (first, second) = (
        endpoint(&app, &sink.url(), &["order.*"]),
        endpoint(&app, &sink.url(), &["order.paid"]),
    );
    app.change("DELETE FROM role_permissions WHERE role_id = 2 AND permission = 'webhooks:read'");
    let (owner, staff) = (
        Browser::signed_in(&app, "owner"),
        Browser::signed_in(&app, "staff"),
    );
    assert_eq!(told(&owner, "/admin/orders"), None);
    sink.answer(410);
    order(&app);
    app.deliver();
    let one = Some(("1".to_owned(), format!("/{}", first["id"])));
    for path in [
        "/admin/orders",
        "/admin/products",
        "/admin/system",
        LIST,
        PAGE,
        "/admin/profile",
    ] {
        assert_eq!(told(&owner, path), one, "{path}");
    }
    assert_eq!(
        told(&staff, "/admin/orders"),
        None,
        "staff may not see endpoints here"
    );
    app.post(
        "owner",
        &format!("/api/v1/webhooks/endpoints/{}/test", second["id"]),
        serde_json::json!({}),
    );
    app.deliver();
    assert_eq!(
        told(&owner, "/admin/orders"),
        Some(("2".to_owned(), String::new()))
    );
    press(&owner, "on");
    let path = format!("/api/v1/webhooks/endpoints/{}", second["id"]);
    assert_eq!(app.send("DELETE", "owner", &path, &[], None).status, 204);
    assert_eq!(told(&owner, "/admin/orders"), None);
    let off = serde_json::json!({ "enabled": false, "version": app.number("SELECT version FROM webhook_endpoints WHERE id = 1") });
    assert_eq!(
        app.patch("owner", "/api/v1/webhooks/endpoints/1", off).status,
        200
    );
    assert_eq!(told(&owner, "/admin/orders"), None, "by hand");
}
