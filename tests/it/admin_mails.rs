//! Mails on the pages: what waits and why, how it reads, and sending it again.

use serde_json::json;

use crate::app::TestApp;
use crate::mails::order;
use crate::pages::Browser;
use crate::pages::has_form;

/// T12
#[test]
fn mails_are_listed_read_and_sent_again() {
    let app = TestApp::start();
    app.product("MUG", "4.50", 1000);
    app.change(
        "INSERT OR REPLACE INTO settings (name, value) VALUES ('shop.name', '<script>alert(1)</script>')",
    );
    order(&app, "ann@shop.test");
    app.queue_mails();
    let owner = Browser::signed_in(&app, "owner");
    let listed = owner.get("/admin/mails");
    assert!(listed.body.contains("data-mail=\"1\"") && listed.body.contains("ann@shop.test"));
    assert!(
        listed.body.contains("data-no-server"),
        "that no server is set up is said"
    );
    assert!(listed.body.contains("Waiting <span class=\"n\">1</span>"));
    assert!(!owner.get("/admin/mails?status=sent").body.contains("data-mail"));
    app.change("UPDATE mails SET state = 2, attempts = 9, failure = '550 <b>nobody</b>'");
    let shown = owner.get("/admin/mails/1");
    assert!(shown.body.contains("data-status=\"failed\"") && !shown.body.contains("<b>nobody"));
    assert!(shown.body.contains("2 x MUG (MUG): 9.00 EUR"), "{}", shown.body);
    assert!(!shown.body.contains("<script>alert"));
    let policy = shown.header("content-security-policy").unwrap();
    assert!(policy.ends_with("; frame-src 'self'"), "{policy}");
    assert!(
        shown
            .body
            .contains("<iframe class=\"letter\" sandbox src=\"/admin/mails/1/preview\""),
        "{}",
        shown.body
    );
    let framed = owner.get("/admin/mails/1/preview");
    assert!(framed.body.contains("<html") && framed.body.contains("MUG") && !framed.body.contains("<script"));
    let policy = framed.header("content-security-policy").unwrap();
    assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
    assert!(
        !listed
            .header("content-security-policy")
            .unwrap()
            .contains("frame-src")
    );
    let sent = owner.submit(&shown, "/admin/mails/1/resend", &[]);
    assert_eq!(sent.status, 303, "{}", sent.body);
    assert!(owner.follow(&sent).body.contains("data-done=\"mail.resent\""));
    assert_eq!(
        app.number("SELECT count(*) FROM mails WHERE state = 0 AND attempts = 0"),
        1
    );
    assert_eq!(owner.get("/admin/mails/99").status, 404);
    let staff = Browser::signed_in(&app, "staff");
    for path in ["/admin/mails", "/admin/mails/1", "/admin/mails/1/preview"] {
        assert_eq!(staff.get(path).status, 403, "{path}");
    }
    assert!(has_form(&shown, "/admin/mails/1/resend"));
}

/// T12: what is said of an invitation is true: without a mail server it is not on its way.
#[test]
fn nothing_is_said_to_be_sent_where_nothing_is() {
    for (host, words) in [("", "till mails show"), ("mail.shop.test", "goes out by mail")] {
        let app = TestApp::start_with(|config| config.mail.host = host.to_owned());
        let owner = Browser::signed_in(&app, "owner");
        let form = owner.get("/admin/users/new");
        let typed = [("username", "max"), ("email", "max@shop.test"), ("role", "staff")];
        let made = owner.submit(&form, "/admin/users", &typed);
        assert_eq!(made.status, 303, "{}", made.body);
        let said = owner.follow(&made).body;
        assert!(said.contains(words), "{host}: {said}");
        let asked = json!({ "email": "max@shop.test" });
        assert_eq!(
            app.post("nobody", "/api/v1/auth/password/forgot", asked).status,
            202
        );
    }
}

/// T12: the people of a demo are made up, so nothing is written to them, whatever server is set.
#[test]
fn a_demo_sends_no_mail() {
    for is_demo in [true, false] {
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        let (hang_up, came) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            server
                .incoming()
                .for_each(|stream| drop((stream, hang_up.send(()))))
        });
        let app = TestApp::start_with(|config| {
            config.is_demo = is_demo;
            config.mail.host = "127.0.0.1".to_owned();
            config.mail.port = port.into();
            config.mail.security = till::config::MailSecurity::None;
            config.mail.from = "shop@shop.test".to_owned();
        });
        app.product("MUG", "4.50", 1000);
        order(&app, "ann@shop.test");
        app.queue_mails();
        assert_eq!(app.send_mails() == 0, is_demo);
        assert_eq!(came.try_recv().is_err(), is_demo);
        assert_eq!(app.number("SELECT count(*) FROM mails WHERE state = 0"), 1);
    }
}
