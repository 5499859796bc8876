//! The frame of the pages: headers, the fence against other people's pages, sessions that end, what was done.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::json;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;
use crate::pages::Browser;
use crate::pages::OURS;
use crate::pages::attribute;
use crate::pages::filled;
use crate::pages::has_form;
use crate::permissions::census;

/// WEB-01, as every page has it.
const HEADERS: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
];

/// A shop with sixty orders of ann's, the first of them paid, a second product, and staff.
pub fn shop() -> TestApp {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1000);
    app.product("PEN", "2.00", 5);
    for who in ["ann", "staff", "owner"] {
        app.token(who);
    }
    for _ in 0..60 {
        let body = json!({ "items": [{ "sku": "MUG", "quantity": 2 }] });
        assert_eq!(app.post("ann", "/api/v1/orders", body).status, 201);
    }
    app
}

/// The paths of every route of the pages but the stream, which has no end, parameters filled in.
pub fn routes(method: &Method) -> BTreeSet<String> {
    let tables = till::http::pages();
    let rows = tables.iter().flat_map(|(root, table)| {
        let rows = table
            .rows()
            .iter()
            .filter(|row| row.method == method && row.path != "/live");
        rows.map(move |row| format!("{root}{}", row.path))
    });
    let fill = |path: String| {
        let parts = path.split('/').map(|part| match part {
            "{id}" => "1",
            part if part.starts_with('{') => "AAAA",
            part => part,
        });
        parts.collect::<Vec<_>>().join("/")
    };
    rows.map(fill).collect()
}

fn is_page(answer: &Answer) -> bool {
    let kind = answer.header("content-type").unwrap_or_default();
    kind.starts_with("text/html")
}

/// What is wrong with a page's head or text.
fn faults(path: &str, answer: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, value) in HEADERS {
        // The address of a one-time link is told to nobody.
        let is_secret = name == "referrer-policy" && answer.header(name) == Some("no-referrer");
        if answer.header(name) != Some(value) && !(is_secret && path.ends_with("/AAAA")) {
            faults.push(format!("{path} {name}: {:?}", answer.header(name)));
        }
    }
    for tag in answer
        .body
        .split('<')
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap())
    {
        let is_inline = tag.starts_with("style")
            || tag.starts_with("script") && !tag.contains(" src=\"/assets/")
            || tag.split_whitespace().skip(1).any(|word| {
                let name = word.split('=').next().unwrap();
                word.contains("=\"") && (name == "style" || name.starts_with("on"))
            })
            || tag.contains("\"javascript:");
        if is_inline {
            faults.push(format!("{path} <{tag}>"));
        }
    }
    if answer.body.matches("<h1").count() != 1 {
        faults.push(format!("{path} has not one heading"));
    }
    faults
}

/// WEB-01: on every page, for everybody, and on the pages of failures.
#[test]
fn every_page_has_its_headers_and_nothing_inline() {
    let app = shop();
    let strangers = Browser::new(&app);
    let mut seen = 0;
    let mut wrong = Vec::new();
    for browser in [
        Browser::signed_in(&app, "owner"),
        Browser::signed_in(&app, "ann"),
        strangers,
    ] {
        let mut paths = routes(&Method::GET);
        paths.extend(["/admin/nope", "/admin/orders/9999", "/admin/orders?sort=x"].map(str::to_owned));
        for path in paths {
            let answer = browser.get(&path);
            assert!(answer.status < 500, "{path}: {}", answer.body);
            match is_page(&answer) {
                true => wrong.extend(faults(&path, &answer)),
                false => assert!(
                    path.ends_with(".csv") || answer.status == 303,
                    "{path}: {}",
                    answer.body
                ),
            }
            seen += usize::from(is_page(&answer));
        }
    }
    assert!(wrong.is_empty() && seen > 30, "{seen}\n{}", wrong.join("\n"));
}

/// Headers and a token with which a form may not be sent.
struct Vector {
    headers: Vec<(&'static str, String)>,
    token: Option<String>,
}

fn vectors(app: &TestApp, mine: &str, others: &[String]) -> Vec<Vector> {
    let at = app.client().at();
    let right = format!("http://{at}");
    let site = |value: &str| ("sec-fetch-site", value.to_owned());
    let origin = |value: &str| ("origin", value.to_owned());
    let from_elsewhere = [
        vec![],
        vec![site("cross-site")],
        vec![site("same-site")],
        vec![site("")],
        vec![site("Same-Origin")],
        vec![site("same-origin, cross-site")],
        vec![site("cross-site"), origin(&right)],
        vec![site("same-site"), origin(&right)],
        vec![site("cross-site"), origin("null")],
        vec![origin("null")],
        vec![origin("")],
        vec![origin("https://evil.example")],
        vec![origin(&format!("https://{at}"))],
        vec![origin(&format!("{right}.evil.example"))],
        vec![origin(&format!("http://evil@{at}"))],
        vec![origin("http://127.0.0.1:1")],
        vec![origin(&format!("http://shop.{at}"))],
        vec![("referer", format!("{right}/admin/orders"))],
        vec![("x-forwarded-host", at.to_string()), site("cross-site")],
    ];
    let cut = mine[..mine.len() - 1].to_owned();
    let mut tokens = vec![None, Some(String::new()), Some("AAAA".to_owned()), Some(cut)];
    tokens.extend([
        Some(format!("{mine}A")),
        Some(mine.to_uppercase()),
        Some(mine.chars().rev().collect()),
    ]);
    tokens.extend(others.iter().cloned().map(Some));
    let from_elsewhere = from_elsewhere.into_iter().map(|headers| Vector {
        headers,
        token: Some(mine.to_owned()),
    });
    let ours = [vec![site("same-origin")], vec![origin(&right)]];
    let tokens = tokens.into_iter().enumerate().map(|(number, token)| Vector {
        headers: ours[number % 2].clone(),
        token,
    });
    let vectors: Vec<Vector> = from_elsewhere.chain(tokens).collect();
    assert_eq!(vectors.len(), 30);
    vectors
}

fn token(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("name=\"form_token\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// WEB-02: thirty ways to send a form that is not ours, to every route that changes something.
#[test]
fn no_form_of_anybody_else_changes_anything() {
    let app = shop();
    let browser = Browser::signed_in(&app, "owner");
    let others = [
        token(&Browser::signed_in(&app, "staff").get("/admin/orders")),
        token(&Browser::signed_in(&app, "owner").get("/admin/orders")),
        token(&Browser::new(&app).get("/admin/login")),
        token(&Browser::signed_in(&app, "staff2").get("/admin/orders")),
    ];
    let before = census(&app);
    let sessions = "SELECT count(*) FROM sessions";
    let open = app.number(sessions);
    let mine = token(&browser.get("/admin/orders"));
    let mut wrong = Vec::new();
    for path in routes(&Method::POST) {
        for (number, vector) in vectors(&app, &mine, &others).into_iter().enumerate() {
            let mut fields = vec![("idempotency_key".to_owned(), format!("vector-{number}"))];
            fields.push(("version".to_owned(), "1".to_owned()));
            fields.extend(vector.token.map(|token| ("form_token".to_owned(), token)));
            let headers: Vec<(&str, &str)> = vector
                .headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let answer = browser.post(&path, &fields, &headers);
            // Whoever is in and sends the sign-in once more is led on, whatever the form holds: it does nothing.
            let is_sign_in = ["/admin/login", "/admin/totp"].contains(&path.as_str());
            let is_led_on = is_sign_in && answer.header("location") == Some("/admin/orders");
            let is_refused = answer.status == 403 && answer.body.contains("data-code=\"1008\"");
            if !is_refused && !is_led_on {
                wrong.push(format!("{path} {headers:?}: {}", answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(census(&app), before);
    assert_eq!(app.number(sessions), open);
}

/// WEB-03: whoever shows a word of authorization is not known by a cookie, and pages know no other way.
#[test]
fn with_a_word_of_authorization_cookies_are_not_looked_at() {
    let app = shop();
    let browser = Browser::signed_in(&app, "owner");
    let page = browser.get("/admin/orders/1");
    let good = format!("Bearer {}", app.token("owner").unwrap());
    for word in [good.as_str(), "Bearer x", "Basic b3duZXI6eA==", ""] {
        let answer = browser.ask("GET", "/admin/orders", &[OURS, ("authorization", word)], None);
        assert_eq!(answer.status, 401, "{word}");
        assert!(has_form(&answer, "/admin/login"), "{word}");
        let fields = filled(&page, "/admin/orders/1/notes", &[("note", "by a word")]);
        let sent = browser.post("/admin/orders/1/notes", &fields, &[OURS, ("authorization", word)]);
        assert!([401, 403].contains(&sent.status), "{word}: {}", sent.status);
    }
    assert_eq!(app.number("SELECT count(*) FROM order_changes"), 0);
    assert_eq!(browser.get("/admin/orders").status, 200);
}

/// WEB-06: whatever the form says, one is led to a page of the admin.
#[test]
fn no_sign_in_leads_elsewhere() {
    let hosts = [
        "evil.example",
        "127.0.0.1@evil.example",
        "[::1]",
        "evil.example%2f..",
        "%65vil",
    ];
    let forms = [
        "//",
        "/\\",
        "\\\\",
        "https://",
        "/admin//",
        "/admin/\\",
        "/\t/",
        "\n//",
        "///",
        "http:/",
    ];
    let mut vectors: Vec<String> = forms
        .iter()
        .flat_map(|form| hosts.iter().map(move |host| format!("{form}{host}")))
        .collect();
    vectors.extend(
        [
            "javascript:alert(1)",
            "data:text/html,x",
            "/administrator",
            "/admin/\r\nset-cookie: a=b",
            "admin",
            "",
            " /admin/orders",
            "/api/v1/orders",
            "/admin/logout",
            "?then=//evil.example",
        ]
        .map(str::to_owned),
    );
    assert_eq!(vectors.len(), 60);
    let app = TestApp::start();
    app.token("staff");
    for then in vectors {
        let browser = Browser::new(&app);
        let page = browser.get("/admin/login");
        let typed = [
            ("email", "staff"),
            ("password", PASSWORD),
            ("then", then.as_str()),
        ];
        let answer = browser.submit(&page, "/admin/login", &typed);
        assert_eq!(answer.header("location"), Some("/admin/orders"), "{then:?}");
    }
}

/// AUT-06, AUT-07: what is no cookie of ours, or no longer, is nobody's; somebody else's is theirs.
#[test]
fn a_cookie_that_is_not_ones_own_opens_nothing() {
    let app = shop();
    let mine = Browser::signed_in(&app, "staff").cookie();
    let (_, value) = mine
        .split("; ")
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| *name == "till")
        .unwrap();
    let long = "A".repeat(3000);
    let flipped: String = value.chars().rev().collect();
    for bad in [
        "",
        "x",
        "%00",
        "🎁",
        "a=b",
        "../../etc",
        &long,
        &flipped,
        &value[..value.len() - 1],
    ] {
        let answer = Browser::holding(&app, &format!("till={bad}")).get("/admin/orders");
        assert_eq!(answer.status, 401, "{bad:.20}");
        assert!(has_form(&answer, "/admin/login"));
    }
    let another = Browser::signed_in(&app, "owner");
    let page = another.get("/admin/orders/1");
    let fields = filled(&page, "/admin/orders/1/notes", &[("note", "not mine")]);
    let sent = Browser::holding(&app, &mine).post("/admin/orders/1/notes", &fields, &[OURS]);
    assert_eq!(sent.status, 403);
    let old = Browser::holding(&app, &mine);
    assert_eq!(old.get("/admin/orders").status, 200);
    app.clock.pass(400 * 24 * 3_600_000);
    assert_eq!(old.get("/admin/orders").status, 401);
}

/// T3: what was typed is kept and shown, but no password, no code, and nothing of the page's own.
#[test]
fn what_is_kept_holds_no_secret() {
    let app = shop();
    let browser = Browser::signed_in(&app, "staff");
    let page = browser.get("/admin/orders/1");
    app.clock.pass(400 * 24 * 3_600_000);
    let typed = [
        ("note", "fragile <b>"),
        ("password", "walrus-secret"),
        ("new_password", "walrus-secret"),
        ("code", "walrus-secret"),
        ("recovery_code", "walrus-secret"),
    ];
    let fields = filled(&page, "/admin/orders/1/notes", &typed);
    let old = token(&page);
    let turned_away = browser.post("/admin/orders/1/notes", &fields, &[OURS]);
    assert_eq!(turned_away.status, 401);
    let kept = turned_away.body.clone();
    assert!(kept.contains("fragile") && !kept.contains("walrus-secret") && !kept.contains(&old));
    let come_in = [("email", "staff"), ("password", PASSWORD)];
    let back = browser.submit(&turned_away, "/admin/login", &come_in);
    assert_eq!(back.status, 200, "{}", back.body);
    assert_eq!(app.number("SELECT count(*) FROM order_changes"), 0);
    assert!(token(&back) != old);
    for _ in 0..2 {
        let sent = browser.submit(&back, "/admin/orders/1/notes", &[]);
        assert_eq!(sent.status, 303, "{}", sent.body);
    }
    assert_eq!(
        app.number("SELECT count(*) FROM order_changes WHERE note = 'fragile <b>'"),
        1
    );
}

/// The look is chosen by a form alone, and drawn by the server.
#[test]
fn the_look_is_kept_without_a_script() {
    let app = TestApp::start();
    let browser = Browser::signed_in(&app, "staff");
    let look = |page: &Answer| {
        let (_, rest) = page.body.split_once("<html").unwrap();
        attribute(rest.split('>').next().unwrap(), "data-theme")
    };
    let at = format!("http://{}/admin/orders?status=pending", app.client().at());
    for (chosen, drawn) in [
        ("dark", Some("dark")),
        ("light", Some("light")),
        ("auto", None),
        ("dark", Some("dark")),
        ("\"><script>", None),
    ] {
        let page = browser.get("/admin/orders");
        let fields = filled(&page, "/admin/theme", &[("theme", chosen)]);
        let answer = browser.post("/admin/theme", &fields, &[OURS, ("referer", &at)]);
        assert_eq!(answer.header("location"), Some("/admin/orders?status=pending"));
        assert!(!answer.header("set-cookie").unwrap().contains("script"));
        let page = browser.follow(&answer);
        assert_eq!(look(&page).as_deref(), drawn, "{chosen}");
        assert_eq!(look(&browser.get("/admin/nope")).as_deref(), drawn, "{chosen}");
    }
    let forged = Browser::holding(&app, "theme=\"><script>alert(1)</script>");
    assert_eq!(look(&forged.get("/")), None);
}

/// WCAG 2.1.4: single keys are switched off, and on, by a form alone, and the choice stays.
#[test]
fn the_keys_are_switched_off() {
    let app = TestApp::start();
    let browser = Browser::signed_in(&app, "staff");
    let at = format!("http://{}/admin/help", app.client().at());
    let are_off = |path: &str| browser.get(path).body.contains("data-keys=\"off\"");
    assert!(!are_off("/admin/help"));
    for (chosen, is_off) in [
        ("off", true),
        ("on", false),
        ("off", true),
        ("\"><script>", false),
    ] {
        let fields = filled(&browser.get("/admin/orders"), "/admin/keys", &[("keys", chosen)]);
        let answer = browser.post("/admin/keys", &fields, &[OURS, ("referer", &at)]);
        assert_eq!(answer.header("location"), Some("/admin/help"));
        assert!(!answer.header("set-cookie").unwrap().contains("script"));
        for path in ["/admin/help", "/admin/orders", "/admin/nope"] {
            assert_eq!(are_off(path), is_off, "{chosen} {path}");
        }
    }
}

/// What was done is told to who did it, for a minute.
#[test]
fn a_deed_is_told_to_its_own_doer_for_a_minute() {
    let app = shop();
    let (staff, owner) = (
        Browser::signed_in(&app, "staff"),
        Browser::signed_in(&app, "owner"),
    );
    let page = staff.get("/admin/orders/1");
    let sent = staff.submit(&page, "/admin/orders/1/notes", &[("note", "as agreed")]);
    let told = sent.header("location").unwrap().to_owned();
    assert!(told.contains("?done="), "{told}");
    let is_told = |browser: &Browser<'_>, path: &str| browser.get(path).body.contains("data-done=");
    assert!(is_told(&staff, &told));
    assert!(!is_told(&owner, &told));
    for garbage in [
        "",
        "0",
        "-1",
        "x",
        "99999999999999999999",
        "999999",
        "1%27",
        "<b>",
    ] {
        assert!(
            !is_told(&staff, &format!("/admin/orders/1?done={garbage}")),
            "{garbage}"
        );
    }
    app.clock.pass(59_999);
    assert!(is_told(&staff, &told));
    app.clock.pass(1);
    assert!(!is_told(&staff, &told));
}
