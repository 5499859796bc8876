//! A browser without a script: it keeps cookies, says where a form comes from, and sends a page's own forms.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::app::PASSWORD;
use crate::app::TestApp;
use crate::client::Answer;

/// What a browser says of a form from one of our own pages.
pub const OURS: (&str, &str) = ("sec-fetch-site", "same-origin");

/// A person's browser.
pub struct Browser<'a> {
    app: &'a TestApp,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    /// One that has never been here.
    pub fn new(app: &'a TestApp) -> Self {
        Self {
            app,
            cookies: RefCell::default(),
        }
    }

    /// One that holds the cookies of another.
    pub fn holding(app: &'a TestApp, cookies: &str) -> Self {
        let pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self {
            app,
            cookies: RefCell::new(pairs.collect()),
        }
    }

    /// One in which `who` has signed in by the form.
    pub fn signed_in(app: &'a TestApp, who: &str) -> Self {
        app.token(who);
        let browser = Self::new(app);
        let page = browser.get("/admin/login");
        let answer = browser.submit(&page, "/admin/login", &[("email", who), ("password", PASSWORD)]);
        assert_eq!(answer.status, 303, "{}", answer.body);
        browser
    }

    /// The shop that it looks at.
    pub fn app(&self) -> &'a TestApp {
        self.app
    }

    /// The line of its cookies.
    pub fn cookie(&self) -> String {
        let cookies = self.cookies.borrow();
        let pairs: Vec<String> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// Throws its cookies away.
    pub fn forget(&self) {
        self.cookies.borrow_mut().clear();
    }

    /// Opens an address.
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[OURS], None)
    }

    /// Opens the address that an answer leads to.
    pub fn follow(&self, answer: &Answer) -> Answer {
        assert_eq!(answer.status, 303, "{}", answer.body);
        self.get(answer.header("location").unwrap())
    }

    /// Fills in the form of a page that goes to `action`, and sends it.
    pub fn submit(&self, page: &Answer, action: &str, typed: &[(&str, &str)]) -> Answer {
        self.post(action, &filled(page, action, typed), &[OURS])
    }

    /// Sends fields as they are.
    pub fn post(&self, path: &str, fields: &[(String, String)], headers: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.ask("POST", path, headers, Some(&body))
    }

    /// Sends a request with the cookies that it holds.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Answer {
        let at = self.app.client().at();
        let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n");
        let cookie = self.cookie();
        if !cookie.is_empty() {
            text += &format!("cookie: {cookie}\r\n");
        }
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = body {
            let kind = "application/x-www-form-urlencoded";
            text += &format!("content-type: {kind}\r\ncontent-length: {}\r\n", body.len());
        }
        text += &format!("\r\n{}", body.unwrap_or_default());
        let answer = self.app.client().raw(text.as_bytes());
        self.keep(&answer);
        answer
    }

    fn keep(&self, answer: &Answer) {
        let mut cookies = self.cookies.borrow_mut();
        let lines = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
        for (_, line) in lines {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            match line.contains("Max-Age=0") {
                true => cookies.remove(name),
                false => cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
    }
}

/// The fields of the form that goes to `action`, with what is typed in the place of what stands there.
pub fn filled(page: &Answer, action: &str, typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut fields = form(page, action).unwrap_or_else(|| panic!("no form to {action} in {}", page.body));
    fields.retain(|(name, _)| typed.iter().all(|(other, _)| other != name));
    let typed = typed.iter();
    fields.extend(typed.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    fields
}

/// Whether a page has a form that goes to `action`.
pub fn has_form(page: &Answer, action: &str) -> bool {
    form(page, action).is_some()
}

/// The fields that the form to `action` holds as it stands.
fn form(page: &Answer, action: &str) -> Option<Vec<(String, String)>> {
    let forms = page.body.split("<form").skip(1);
    let form = forms
        .map(|rest| rest.split("</form>").next().unwrap())
        .find(|form| attribute(form.split('>').next().unwrap(), "action").as_deref() == Some(action))?;
    let inputs = form.split("<input").skip(1).filter_map(|rest| {
        let tag = rest.split('>').next().unwrap();
        let is_box = ["checkbox", "radio"]
            .iter()
            .any(|kind| attribute(tag, "type").as_deref() == Some(kind));
        let is_sent = !is_box || tag.contains(" checked");
        is_sent
            .then(|| {
                Some((
                    attribute(tag, "name")?,
                    attribute(tag, "value").unwrap_or_default(),
                ))
            })
            .flatten()
    });
    let areas = form.split("<textarea").skip(1).filter_map(|rest| {
        let (tag, rest) = rest.split_once('>')?;
        let text = rest.split("</textarea>").next()?;
        // A browser leaves out the first line break.
        Some((
            attribute(tag, "name")?,
            plain(text.strip_prefix('\n').unwrap_or(text)),
        ))
    });
    Some(inputs.chain(areas).collect())
}

/// The value of an attribute, as a reader sees it.
pub fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(plain(rest.split('"').next()?))
}

/// Text as a reader sees it.
pub fn plain(html: &str) -> String {
    let mut text = html.to_owned();
    for (code, sign) in [
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#38;", "&"),
    ] {
        text = text.replace(code, sign);
    }
    text
}

/// The text of an element's start tag up to the next tag, by a mark of its own.
pub fn marked(page: &Answer, mark: &str) -> String {
    let at = page
        .body
        .find(mark)
        .unwrap_or_else(|| panic!("no {mark} in {}", page.body));
    let rest = &page.body[at..];
    let text = rest.split_once('>').map_or("", |(_, rest)| rest);
    plain(text.split('<').next().unwrap()).trim().to_owned()
}
