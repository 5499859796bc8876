//! Sending mails: one server, TLS by rustls, and what its answer means.

use std::time::Duration;
use std::time::SystemTime;

use lettre::AsyncSmtpTransport;
use lettre::AsyncTransport;
use lettre::Message;
use lettre::Tokio1Executor;
use lettre::message::Mailbox;
use lettre::message::MultiPart;
use lettre::message::header::HeaderName;
use lettre::message::header::HeaderValue;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::Certificate;
use lettre::transport::smtp::client::CertificateStore;
use lettre::transport::smtp::client::Tls;
use lettre::transport::smtp::client::TlsParameters;
use lettre::transport::smtp::response::Category;
use lettre::transport::smtp::response::Severity;

use crate::config;
use crate::config::MailSecurity;
use crate::domain::mail;
use crate::domain::mail::Ending;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::gateway::letter::Letter;

/// A kept connection over which nothing was sent for so long is closed.
const IDLE: Duration = Duration::from_secs(20);

/// The way to the server; clone it freely.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: String,
    reply_to: String,
}

/// What an attempt came to, and whether it says something of the server rather than of the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// What becomes of the mail.
    pub ending: Ending,
    /// Whether others need not be tried now.
    pub is_down: bool,
}

/// Who a mail is for, and how it is known.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// What the shop is called.
    pub shop: &'a str,
    /// Where it comes from; none: as the configuration says.
    pub from: Option<&'a str>,
    /// Where replies go; none: as the configuration says.
    pub reply_to: Option<&'a str>,
    /// To whom.
    pub to: &'a str,
    /// The same at each attempt.
    pub message: &'a str,
    /// When it is sent.
    pub at: Timestamp,
}

impl Smtp {
    /// The way that the settings tell; nothing where they tell of none.
    pub fn new(settings: &config::Mail) -> Result<Option<Self>> {
        if !settings.is_on() {
            return Ok(None);
        }
        let patience = Duration::from_secs(settings.timeout_seconds);
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(u16::try_from(settings.port).unwrap_or(587))
            .timeout(Some(patience))
            .tls(tls(settings)?)
            .pool_config(PoolConfig::new().max_size(1).idle_timeout(IDLE));
        if let Some(password) = &settings.password {
            let password = password.reveal().to_owned();
            builder = builder.credentials(Credentials::new(settings.user.clone(), password));
        }
        Ok(Some(Self {
            transport: builder.build(),
            from: settings.from.clone(),
            reply_to: settings.reply_to.clone(),
        }))
    }

    /// Sends one.
    pub async fn send(&self, letter: &Letter, envelope: Envelope<'_>) -> Came {
        let message = match self.message(letter, envelope) {
            Ok(message) => message,
            Err(words) => {
                return Came {
                    ending: Ending::Refused(words),
                    is_down: false,
                };
            }
        };
        match self.transport.send(message).await {
            Ok(_) => Came {
                ending: Ending::Sent,
                is_down: false,
            },
            Err(error) => came_of(&error),
        }
    }

    fn message(&self, letter: &Letter, envelope: Envelope<'_>) -> std::result::Result<Message, String> {
        let address = |text: &str| {
            text.parse()
                .map_err(|_| format!("{text} is no address that mail can go to"))
        };
        let from = envelope.from.unwrap_or(&self.from);
        let reply_to = envelope.reply_to.unwrap_or(&self.reply_to);
        let host = from.rsplit_once('@').map_or("localhost", |(_, host)| host);
        let since = Duration::from_millis(envelope.at.ms().unsigned_abs());
        let mut builder = Message::builder()
            .from(Mailbox::new(Some(mail::one_line(envelope.shop)), address(from)?))
            .to(Mailbox::new(None, address(envelope.to)?))
            .subject(&letter.subject)
            .date(SystemTime::UNIX_EPOCH + since)
            .message_id(Some(format!("<{}@{host}>", envelope.message)));
        if !reply_to.is_empty() {
            builder = builder.reply_to(Mailbox::new(None, address(reply_to)?));
        }
        let mut message = builder
            .multipart(MultiPart::alternative_plain_html(
                letter.text.clone(),
                letter.html.clone(),
            ))
            .map_err(|cause| cause.to_string())?;
        // No holiday reply to what no person wrote (RFC 3834).
        let name = HeaderName::new_from_ascii_str("Auto-Submitted");
        message
            .headers_mut()
            .insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
        Ok(message)
    }
}

/// What the server's answer means. Only what it says of the mail itself ends it: that nobody may sign in, or that the
/// connection broke, is the server's trouble.
fn came_of(error: &lettre::transport::smtp::Error) -> Came {
    let words = told(error);
    let Some(code) = error.status() else {
        return Came {
            ending: Ending::Delayed(words),
            is_down: true,
        };
    };
    match (code.severity, code.category) {
        (Severity::PermanentNegativeCompletion, Category::MailSystem | Category::Syntax) => Came {
            ending: Ending::Refused(words),
            is_down: false,
        },
        // 421: it closes; 53x: it wants another password.
        (_, category) => Came {
            ending: Ending::Delayed(words),
            is_down: category != Category::MailSystem,
        },
    }
}

/// A failure with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_words = inner.to_string();
        if !words.contains(&inner_words) {
            words += &format!(": {inner_words}");
        }
        cause = inner.source();
    }
    words
}

fn tls(settings: &config::Mail) -> Result<Tls> {
    if settings.security == MailSecurity::None {
        return Ok(Tls::None);
    }
    let mut parameters =
        TlsParameters::builder(settings.host.clone()).certificate_store(CertificateStore::WebpkiRoots);
    if !settings.ca_file.is_empty() {
        let trouble = |cause: &dyn std::fmt::Display| {
            Error::Setup(format!("mail.ca_file {}: {cause}", settings.ca_file))
        };
        let pem = std::fs::read(&settings.ca_file).map_err(|cause| trouble(&cause))?;
        let certificate = Certificate::from_pem(&pem).map_err(|cause| trouble(&cause))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    let parameters = parameters
        .build_rustls()
        .map_err(|cause| Error::Internal(cause.into()))?;
    Ok(match settings.security {
        MailSecurity::Tls => Tls::Wrapper(parameters),
        _ => Tls::Required(parameters),
    })
}
