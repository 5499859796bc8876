//! The settings: their documentation, where they come from, and what is refused.

use till::config::Config;
use till::config::Flags;
use till::config::Loaded;
use till::config::load;
use till::error::Error;

fn shipped() -> String {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config.toml");
    std::fs::read_to_string(file).unwrap()
}

/// Settings from a file of this text and these variables; the failure in words.
fn read(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, String> {
    let dir = crate::app::temporary_dir();
    let file = dir.join("config.toml");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(&file, text).unwrap();
    let flags = Flags {
        file: Some(file.clone()),
        ..Flags::default()
    };
    let variables: Vec<(String, String)> = variables
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let loaded = load(&flags, &variables);
    let _ = std::fs::remove_dir_all(&dir);
    loaded.map_err(|error| match error {
        Error::Setup(words) => words.replace(&file.display().to_string(), "config.toml"),
        other => panic!("{other}"),
    })
}

/// K1
#[test]
fn the_shipped_file_says_every_default_and_no_other() {
    assert_eq!(toml::from_str::<Config>(&shipped()).unwrap(), Config::default());
    let said: toml::Table = toml::from_str(&shipped()).unwrap();
    assert_eq!(said, toml::Table::try_from(Config::default()).unwrap());
}

/// K1
#[test]
fn each_setting_of_the_shipped_file_has_its_line_of_why() {
    let text = shipped();
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        if line.contains(" = ") && !line.starts_with('#') {
            assert!(lines[at - 1].starts_with("# "), "{line}");
        }
    }
}

/// K1
#[test]
fn a_variable_counts_more_than_the_file_and_than_a_historic_name() {
    let file = "[server]\nlisten = \"127.0.0.1:7000\"\nworkers = 3\n";
    let from = |variables: &[(&str, &str)]| read(file, variables).unwrap().config.server;
    assert_eq!(from(&[]).listen.to_string(), "127.0.0.1:7000");
    assert_eq!(from(&[("PORT", "7001")]).listen.to_string(), "127.0.0.1:7001");
    let both = [("TILL_SERVER__LISTEN", "127.0.0.1:7002"), ("PORT", "7001")];
    assert_eq!(from(&both).listen.to_string(), "127.0.0.1:7002");
    assert_eq!(from(&[("MAX_WORKERS", "5")]).workers, 5);
    assert_eq!(
        from(&[("MAX_WORKERS", "5"), ("TILL_SERVER__WORKERS", "6")]).workers,
        6
    );
}

/// K1: the names of the programs that Till takes the place of.
#[test]
fn historic_names_are_understood() {
    let loaded = read(
        "",
        &[
            ("NODE_ENV", "development"),
            ("JWT_SECRET", "0123456789abcdef0123456789abcdef"),
            ("RATE_LIMIT_WINDOW", "900000"),
            ("RATE_LIMIT_MAX_REQUESTS", "9000"),
            ("SHUTDOWN_TIMEOUT", "25000"),
            ("HEALTH_CHECK_INTERVAL", "30000"),
            ("HEALTH_CHECK_TIMEOUT", "4000"),
            ("ALLOWED_ORIGINS", "https://a.example, https://b.example"),
            ("API_VERSION", "v1"),
            ("JWT_EXPIRES_IN", "15m"),
            ("JWT_REFRESH_EXPIRES_IN", "2d"),
            ("DEMO_MODE", "1"),
            ("MONGODB_URI", "mongodb://x"),
            ("REDIS_URL", "redis://x"),
            ("JWT_REFRESH_SECRET", "x"),
        ],
    )
    .unwrap();
    let config = &loaded.config;
    assert_eq!(
        toml::Value::try_from(config.server.environment).unwrap().as_str(),
        Some("development")
    );
    assert_eq!(
        config.auth.jwt_secret.as_ref().unwrap().reveal(),
        "0123456789abcdef0123456789abcdef"
    );
    assert_eq!(
        (config.limits.anonymous_per_minute, config.limits.user_per_minute),
        (600, 600)
    );
    assert_eq!(config.server.shutdown_seconds, 25);
    assert_eq!(config.health.timeout_seconds, 4);
    assert_eq!(
        config.server.allowed_origins,
        ["https://a.example", "https://b.example"]
    );
    assert_eq!(config.auth.access_seconds, 600);
    assert!(config.is_demo);
    let notes = loaded.notes.join("\n");
    assert!(
        notes.contains("JWT_EXPIRES_IN=15m: access tokens live 10m at most"),
        "{notes}"
    );
    assert!(
        notes.contains("JWT_REFRESH_EXPIRES_IN=2d: refresh tokens live 7d"),
        "{notes}"
    );
    assert!(
        notes.contains("not needed, and not read: MONGODB_URI, REDIS_URL, JWT_REFRESH_SECRET"),
        "{notes}"
    );
}

/// E6: and those of the payments; the name of today counts more.
#[test]
fn historic_names_of_the_payments_are_understood() {
    let historic = [
        ("RAZORPAY_KEY_ID", "rzp_test_1"),
        ("RAZORPAY_KEY_SECRET", "the key"),
        ("RAZORPAY_WEBHOOK_SECRET", "the webhook's"),
    ];
    let told = |variables: &[(&str, &str)]| {
        let payments = read("", variables).unwrap().config.payments;
        let words = |secret: &Option<till::config::Secret>| secret.as_ref().unwrap().reveal().to_owned();
        let secrets = (
            words(&payments.secrets.razorpay_key),
            words(&payments.secrets.razorpay_webhook),
        );
        (payments.razorpay_key_id, secrets.0, secrets.1)
    };
    let [id, key, webhook] = historic.map(|(_, value)| value.to_owned());
    assert_eq!(told(&historic), (id, key.clone(), webhook.clone()));
    let now = ("TILL_PAYMENTS__RAZORPAY_KEY_ID", "rzp_live_2");
    assert_eq!(
        told(&[&historic[..], &[now]].concat()),
        ("rzp_live_2".to_owned(), key, webhook)
    );
}

/// TOK-01: no secret is shown, by whatever way the settings are printed.
#[test]
fn a_secret_is_never_printed() {
    let secret = "correct-horse-battery-staple-0042";
    let loaded = read("", &[("TILL_AUTH__JWT_SECRET", secret)]).unwrap();
    assert!(!format!("{loaded:?}").contains(secret));
    assert!(!toml::to_string(&loaded.config).unwrap().contains(secret));
}

/// K1: `JWT_EXPIRES_IN` shortens the life of access tokens.
#[test]
fn an_access_token_lives_as_long_as_the_settings_say() {
    let app = crate::app::TestApp::start_with(|config| config.auth.access_seconds = 60);
    let token = app.token("ann").unwrap();
    let me = |app: &crate::app::TestApp| {
        let path = "/api/v1/auth/me";
        app.client().send("GET", path, Some(&token), &[], None).status
    };
    app.clock.pass(60_000);
    assert_eq!(me(&app), 200);
    app.clock.pass(6_000);
    assert_eq!(me(&app), 401);
}

/// RL-02
#[test]
fn limits_are_off_on_loopback_only_and_it_is_said() {
    let loaded = read("", &[("TILL_LIMITS__ENABLED", "false")]).unwrap();
    assert!(!loaded.config.limits.enabled);
    assert!(
        loaded
            .notes
            .iter()
            .any(|note| note.contains("rate limits are OFF"))
    );
}
