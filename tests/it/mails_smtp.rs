//! Mails as a server that we did not write takes them (`aiosmtpd`, with STARTTLS and AUTH), refuses them, and hangs up.
//! `JUDGES_PYTHON` names a Python that has it; elsewhere than in CI its absence is said and passed over.

use std::io::BufRead;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use till::config::Secret;

use crate::app::TestApp;
use crate::app::temporary_dir;
use crate::judges::python;
use crate::mails::MAILS;
use crate::mails::all;
use crate::mails::order;

const MINUTE: i64 = 60_000;
const PASSWORD: &str = "the mail's own 9";

const SERVE: &str = "
import asyncio, email, email.policy, json, socket, ssl, sys
import trustme
from aiosmtpd.smtp import SMTP, AuthResult

ca = trustme.CA()
certificate = ca.issue_cert('127.0.0.1', 'localhost')
ca.cert_pem.write_to_path(sys.argv[1] + '/ca.pem')
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
certificate.configure_cert(tls)
seen = {}

def count(what):
    seen[what] = seen.get(what, 0) + 1
    return seen[what]

class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        times = count(address)
        if address.startswith('never'):
            return '550 5.1.1 nobody of that name'
        if address.startswith('later') and times == 1:
            return '451 4.3.0 come again'
        if address.startswith('cut') and times == 1:
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return '250 OK'

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = lambda kind: mail.get_body((kind,)).get_content()
        print(json.dumps({
            'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'user': session.auth_data,
            'tls': session.ssl is not None, 'headers': [[name, str(value)] for name, value in mail.items()],
            'text': body('plain'), 'html': body('html'), 'faults': [str(fault) for fault in mail.defects],
        }), flush=True)
        for address in envelope.rcpt_tos:
            if address.startswith('lost') and count('data ' + address) == 1:
                server.transport.abort()
        return '250 OK'

def authenticate(server, session, envelope, mechanism, data):
    is_right = (data.login, data.password) == (b'shop', sys.argv[2].encode())
    return AuthResult(success=is_right, handled=False, auth_data=data.login.decode())

def connected():
    return SMTP(Handler(), tls_context=tls, require_starttls=True, auth_required=True, authenticator=authenticate)

async def main():
    sock = socket.socket()
    sock.bind(('127.0.0.1', 0))
    server = await asyncio.get_running_loop().create_server(connected, sock=sock)
    print(sock.getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
";

/// A running mail server; dropping it stops it.
struct Server {
    child: Child,
    port: u64,
    dir: PathBuf,
    heard: mpsc::Receiver<Value>,
}

impl Server {
    fn start(python: &str) -> Self {
        let dir = temporary_dir();
        std::fs::create_dir_all(&dir).unwrap();
        let mut child = Command::new(python)
            .args(["-c", SERVE, dir.to_str().unwrap(), PASSWORD])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        let (say, heard) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = say.send(serde_json::from_str(&line).unwrap());
            }
        });
        Self {
            child,
            port,
            dir,
            heard,
        }
    }

    /// The next mail that it was given.
    fn hear(&self) -> Value {
        let heard = self.heard.recv_timeout(Duration::from_secs(120));
        heard.expect("a mail comes")
    }

    fn has_heard_nothing(&self) -> bool {
        self.heard.try_recv().is_err()
    }

    /// A shop that sends by it.
    fn shop(&self, password: &str) -> TestApp {
        let app = TestApp::start_with(|config| {
            config.mail.host = "127.0.0.1".to_owned();
            config.mail.port = self.port;
            config.mail.user = "shop".to_owned();
            config.mail.password = Some(Secret::new(password.to_owned()));
            config.mail.from = "till@shop.test".to_owned();
            config.mail.reply_to = "people@shop.test".to_owned();
            config.mail.ca_file = self.dir.join("ca.pem").to_str().unwrap().to_owned();
            config.mail.timeout_seconds = 30;
        });
        app.product("MUG", "4.50", 1_000_000);
        app
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn header<'a>(mail: &'a Value, name: &str) -> Vec<&'a str> {
    let all = mail["headers"].as_array().unwrap().iter();
    all.filter(|pair| pair[0].as_str().unwrap().eq_ignore_ascii_case(name))
        .map(|pair| pair[1].as_str().unwrap())
        .collect()
}

fn statuses(app: &TestApp) -> Vec<String> {
    let all = all(app, "");
    let names = all
        .iter()
        .rev()
        .map(|mail| mail["status"].as_str().unwrap().to_owned());
    names.collect()
}

fn pass(app: &TestApp, ms: i64) {
    app.clock.pass(ms);
    app.forget_tokens();
}

/// T12, LOG-02: by TLS, signed in, and whatever stands in the shop's name, one mail to one address.
#[test]
fn a_real_server_takes_a_mail_as_it_was_meant() {
    let Some(python) = python("aiosmtpd, trustme") else {
        return;
    };
    let server = Server::start(&python);
    let app = server.shop(PASSWORD);
    app.change(
        "INSERT OR REPLACE INTO settings (name, value)
         VALUES ('shop.name', 'Café' || char(13) || char(10) || 'Bcc: evil@shop.test')",
    );
    order(&app, "ann@shop.test");
    app.queue_mails();
    assert_eq!(app.send_mails(), 1);
    let mail = server.hear();
    assert_eq!((&mail["tls"], &mail["user"]), (&json!(true), &json!("shop")));
    assert_eq!(
        (&mail["from"], &mail["to"]),
        (&json!("till@shop.test"), &json!(["ann@shop.test"]))
    );
    assert_eq!(mail["faults"], json!([]));
    assert_eq!(header(&mail, "subject"), ["Your order 1001"]);
    assert_eq!(header(&mail, "to"), ["ann@shop.test"]);
    assert_eq!(header(&mail, "reply-to"), ["people@shop.test"]);
    assert_eq!(header(&mail, "auto-submitted"), ["auto-generated"]);
    assert_eq!(header(&mail, "date"), ["Sun, 01 Mar 2026 12:00:00 +0000"]);
    assert_eq!(header(&mail, "bcc"), [""; 0]);
    assert!(header(&mail, "from")[0].contains("Café Bcc: evil"), "{mail}");
    assert!(header(&mail, "message-id")[0].ends_with("@shop.test>"));
    assert!(mail["text"].as_str().unwrap().contains("2 x MUG (MUG): 9.00 EUR"));
    assert!(
        mail["html"]
            .as_str()
            .unwrap()
            .contains("<h1>Your order 1001</h1>")
    );
    assert_eq!(statuses(&app), ["sent"]);
    assert_eq!(app.send_mails(), 0);
    let again = all(&app, "")[0]["id"].clone();
    let again = app.post("owner", &format!("{MAILS}/{again}/resend"), json!({}));
    assert_eq!(again.status, 201, "{}", again.body);
    app.send_mails();
    assert_ne!(header(&server.hear(), "message-id"), header(&mail, "message-id"));
    assert!(server.has_heard_nothing());
}

/// T12: where mails come from is the shop's to decide, for the next mail and without a restart.
#[test]
fn a_mail_comes_from_where_the_shop_says() {
    let Some(python) = python("aiosmtpd, trustme") else {
        return;
    };
    let server = Server::start(&python);
    let app = server.shop(PASSWORD);
    let decided = json!({ "mail": { "from": "desk@fennel.test", "reply_to": "anna@fennel.test" } });
    assert_eq!(crate::settings::set(&app, decided).status, 200);
    order(&app, "ann@shop.test");
    app.queue_mails();
    assert_eq!(app.send_mails(), 1);
    let mail = server.hear();
    assert_eq!(mail["from"], json!("desk@fennel.test"));
    assert!(header(&mail, "from")[0].contains("desk@fennel.test"), "{mail}");
    assert_eq!(header(&mail, "reply-to"), ["anna@fennel.test"]);
    assert!(header(&mail, "message-id")[0].ends_with("@fennel.test>"));
}

/// T12: 451 and lost connections come again, 550 does not, and nobody waits for another's trouble.
#[test]
fn what_is_refused_for_now_comes_again_and_what_is_refused_for_good_has_failed() {
    let Some(python) = python("aiosmtpd, trustme") else {
        return;
    };
    let server = Server::start(&python);
    let app = server.shop(PASSWORD);
    for who in ["later", "never", "cut", "lost", "well"] {
        order(&app, &format!("{who}@shop.test"));
    }
    app.queue_mails();
    app.send_mails();
    let lost = server.hear();
    assert_eq!(lost["to"], json!(["lost@shop.test"]));
    assert_eq!(server.hear()["to"], json!(["well@shop.test"]));
    assert_eq!(statuses(&app), ["queued", "failed", "queued", "queued", "sent"]);
    let failed = &all(&app, "status=failed")[0];
    assert!(
        failed["failure"]
            .as_str()
            .unwrap()
            .contains("nobody of that name"),
        "{failed}"
    );
    assert_eq!(failed["attempts"], 1);
    let later = all(&app, "status=queued");
    assert!(
        later
            .iter()
            .all(|mail| mail["attempts"] == 1 && mail["failure"].is_string()),
        "{later:?}"
    );
    assert_eq!(app.send_mails(), 0, "not yet");
    pass(&app, 2 * MINUTE);
    app.send_mails();
    let mut again = [server.hear(), server.hear(), server.hear()];
    again.sort_by_key(|mail| mail["to"].to_string());
    assert!(server.has_heard_nothing());
    let told: Vec<&Value> = again.iter().map(|mail| &mail["to"][0]).collect();
    assert_eq!(told, ["cut@shop.test", "later@shop.test", "lost@shop.test"]);
    assert_eq!(
        header(&again[2], "message-id"),
        header(&lost, "message-id"),
        "it is known again"
    );
    assert_eq!(statuses(&app), ["sent", "failed", "sent", "sent", "sent"]);
}

/// T12: a wrong password is the server's trouble, and no mail is lost by it.
#[test]
fn a_wrong_password_fails_no_mail() {
    let Some(python) = python("aiosmtpd, trustme") else {
        return;
    };
    let server = Server::start(&python);
    let app = server.shop("not the mail's own");
    order(&app, "ann@shop.test");
    app.queue_mails();
    app.send_mails();
    let mail = &all(&app, "")[0];
    assert_eq!(
        (&mail["status"], &mail["attempts"]),
        (&json!("queued"), &json!(1)),
        "{mail}"
    );
    assert!(server.has_heard_nothing());
}

/// T12, AUT-07: the secret of a link leaves the file with the mail, and what opens nothing any more is not sent.
#[test]
fn a_link_is_opened_only_to_be_sent() {
    let Some(python) = python("aiosmtpd, trustme") else {
        return;
    };
    let server = Server::start(&python);
    let app = server.shop(PASSWORD);
    app.token("ann");
    let forgot = || {
        let asked = json!({ "email": "ann@shop.test" });
        assert_eq!(
            app.post("nobody", "/api/v1/auth/password/forgot", asked).status,
            202
        );
    };
    let only_resets = "DELETE FROM mails WHERE template <> 1";
    app.change(only_resets);
    forgot();
    app.send_mails();
    let mail = server.hear();
    let text = mail["text"].as_str().unwrap();
    let link = text
        .split_whitespace()
        .find(|word| word.contains("/reset/"))
        .unwrap();
    assert!(
        mail["html"]
            .as_str()
            .unwrap()
            .contains(&format!("href=\"{link}\"")),
        "{mail}"
    );
    assert_eq!(app.number("SELECT sum(length(sealed)) FROM mails"), 0);
    let token = link.rsplit('/').next().unwrap();
    let body = json!({ "token": token, "password": "another walrus 9 of ten" });
    assert_eq!(
        app.post("nobody", "/api/v1/auth/password/reset", body).status,
        204
    );
    app.change(only_resets);
    forgot();
    pass(&app, 21 * MINUTE);
    app.send_mails();
    assert!(server.has_heard_nothing());
    let failed = &all(&app, "status=failed")[0];
    assert!(
        failed["failure"].as_str().unwrap().contains("expired"),
        "{failed}"
    );
}
