//! LIF-07: whatever does not fit stops the start with 78, and the line, variable or flag that says so.

use std::process::Command;

/// What is wrong, the file, the variables and flags (`--…` and its value), and what the message must contain.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

const CASES: &[Case] = &[
    // Mail.
    (
        "[mail]\nhost = \"mail.example\"\n",
        &[],
        "config.toml:2: mail.from is missing",
    ),
    (
        "[mail]\nfrom = \"shop\"\n",
        &[],
        "config.toml:2: `shop` is not an e-mail address",
    ),
    (
        "[mail]\nhost = \"mail.example\"\nfrom = \"a@shop.example\"\nuser = \"shop\"\n",
        &[],
        "config.toml:4: mail.user and the password go together",
    ),
    (
        "[mail]\nhost = \"mail.example\"\nfrom = \"a@shop.example\"\nuser = \"shop\"\nsecurity = \"none\"\n",
        &[("TILL_MAIL__PASSWORD", "x")],
        "config.toml:5: mail.security is none, so the password would travel in the open",
    ),
    (
        "[mail]\npassword_file = \"/etc/passwd\"\n",
        &[],
        "mail.password_file /etc/passwd: can be read by others (mode 644): chmod 600",
    ),
    (
        "[mail]\npassword_file = \"/nowhere/password\"\n",
        &[],
        "mail.password_file /nowhere/password: No such file",
    ),
    (
        "[mail]\npassword = \"secret\"\n",
        &[],
        "config.toml:2: unknown field `password`",
    ),
    // Webhooks.
    (
        "[webhooks]\nresolver = \"localhost\"\n",
        &[],
        "config.toml:2: `localhost` is not an address with a port such as 127.0.0.1:53",
    ),
    // Unknown names.
    (
        "[sever]\nlisten = \"127.0.0.1:0\"\n",
        &[],
        "config.toml:1: unknown field `sever`",
    ),
    (
        "[server]\nworkers = 1\nprot = 1\n",
        &[],
        "config.toml:3: unknown field `prot`",
    ),
    (
        "listen = \"127.0.0.1:0\"\n",
        &[],
        "config.toml:1: unknown field `listen`",
    ),
    (
        "[auth]\njwt_secret = \"0123456789abcdef0123456789abcdef\"\n",
        &[],
        "config.toml:2: unknown field `jwt_secret`",
    ),
    (
        "",
        &[("TILL_SERVER__PROT", "1")],
        "TILL_SERVER__PROT: there is no such setting",
    ),
    (
        "",
        &[("TILL_LISTEN", "127.0.0.1:0")],
        "TILL_LISTEN: there is no such setting",
    ),
    // Not TOML.
    ("[server\n", &[], "config.toml:1: "),
    (
        "[server]\nworkers = 1\nworkers = 2\n",
        &[],
        "config.toml:3: duplicate key",
    ),
    // Wrong types and forms.
    ("[server]\n\nlisten = 8080\n", &[], "config.toml:3: "),
    (
        "[server]\nlisten = \"localhost\"\n",
        &[],
        "config.toml:2: invalid socket address",
    ),
    (
        "[server]\nworkers = \"two\"\n",
        &[],
        "config.toml:2: invalid type: string \"two\"",
    ),
    (
        "[server]\nworkers = 1.5\n",
        &[],
        "config.toml:2: invalid type: floating point",
    ),
    (
        "[server]\nenvironment = \"live\"\n",
        &[],
        "config.toml:2: unknown variant `live`",
    ),
    (
        "[server]\npublic_url = \"shop.example\"\n",
        &[],
        "config.toml:2: `shop.example` is not a URL",
    ),
    (
        "[server]\npublic_url = \"https://shop.example/till\"\n",
        &[],
        "config.toml:2: ",
    ),
    (
        "[server]\nallowed_origins = [\"*\"]\n",
        &[],
        "config.toml:2: `*` is not an origin",
    ),
    (
        "[server]\nhosts = [\"shop example\"]\n",
        &[],
        "config.toml:2: `shop example` is not a host",
    ),
    (
        "[server]\ntrusted_proxies = [\"10.0.0.0/33\"]\n",
        &[],
        "config.toml:2: `10.0.0.0/33` is not a network",
    ),
    (
        "[log]\nformat = \"xml\"\n",
        &[],
        "config.toml:2: unknown variant `xml`",
    ),
    (
        "[log]\nlevel = \"loud\"\n",
        &[],
        "config.toml:2: unknown variant `loud`",
    ),
    (
        "[metrics]\npublic = \"yes\"\n",
        &[],
        "config.toml:2: invalid type",
    ),
    // Out of range.
    (
        "[server]\nworkers = -1\n",
        &[],
        "config.toml:2: -1 is not between 0 and 256",
    ),
    (
        "[server]\n# none\nshutdown_seconds = 0\n",
        &[],
        "config.toml:3: 0 is not between 1 and 600",
    ),
    (
        "[store]\nreaders = 9\n",
        &[],
        "config.toml:2: 9 is not between 1 and 8",
    ),
    (
        "[auth]\naccess_seconds = 900\n",
        &[],
        "config.toml:2: 900 is not between 10 and 600",
    ),
    (
        "[limits]\nlogin_per_minute = 0\n",
        &[],
        "config.toml:2: 0 is not between 1 and 1000000",
    ),
    // Variables.
    (
        "",
        &[("TILL_SERVER__WORKERS", "many")],
        "TILL_SERVER__WORKERS: `many` is not a whole number",
    ),
    (
        "",
        &[("TILL_LIMITS__ENABLED", "no")],
        "TILL_LIMITS__ENABLED: `no` is not true or false",
    ),
    (
        "",
        &[("TILL_STORE__QUEUE", "0")],
        "TILL_STORE__QUEUE: 0 is not between 1 and 65536",
    ),
    ("", &[("PORT", "65536")], "PORT: `65536` is not a port"),
    (
        "",
        &[("JWT_SECRET", "0123456789abcdef0123456789abcde")],
        "JWT_SECRET: 31 bytes are too few",
    ),
    (
        "",
        &[("TILL_AUTH__JWT_SECRET", "short")],
        "TILL_AUTH__JWT_SECRET: 5 bytes are too few",
    ),
    ("", &[("API_VERSION", "v2")], "API_VERSION: `v2` is not v1"),
    (
        "",
        &[("JWT_EXPIRES_IN", "soon")],
        "JWT_EXPIRES_IN: `soon` is not a duration",
    ),
    (
        "",
        &[("RATE_LIMIT_WINDOW", "0")],
        "RATE_LIMIT_WINDOW: `0` is not a number above 0",
    ),
    (
        "",
        &[("SHUTDOWN_TIMEOUT", "-1")],
        "SHUTDOWN_TIMEOUT: `-1` is not a whole number",
    ),
    (
        "",
        &[("NODE_ENV", "staging")],
        "NODE_ENV: unknown variant `staging`",
    ),
    ("", &[("DEMO_MODE", "maybe")], "DEMO_MODE: `maybe` is not 1 or 0"),
    // What does not go together.
    (
        "[limits]\nenabled = false\n",
        &[("--listen", "0.0.0.0:0")],
        "config.toml:2: limits.enabled is false only",
    ),
    (
        "\n[server]\npublic_url = \"http://shop.example\"\n",
        &[],
        "config.toml:3: server.public_url is http",
    ),
    (
        "",
        &[("--listen", "0.0.0.0:0")],
        "--listen: server.public_url is http",
    ),
    (
        "",
        &[("DEMO_MODE", "1"), ("--listen", "0.0.0.0:0")],
        "--listen: server.listen is not on this machine, and a demo",
    ),
];

/// LIF-07, TOK-01, RL-02
#[test]
fn a_bad_setting_stops_the_start_and_names_its_line() {
    let dir = crate::app::temporary_dir();
    std::fs::create_dir_all(&dir).unwrap();
    let mut faults = Vec::new();
    for (text, more, wanted) in CASES {
        std::fs::write(dir.join("config.toml"), text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_till"));
        command.current_dir(&dir).env_clear().arg("serve");
        for (name, value) in *more {
            match name.starts_with("--") {
                true => command.args([name, value]),
                false => command.env(name, value),
            };
        }
        let done = command.output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let last = said.lines().last().unwrap_or_default();
        if done.status.code() != Some(78) || !last.starts_with("till: ") || !last.contains(wanted) {
            faults.push(format!("{text:?} {more:?}: {:?} {said:?}", done.status.code()));
        }
    }
    assert!(!dir.join("data").exists(), "a refused start made its folder");
    let _ = std::fs::remove_dir_all(&dir);
    assert!(CASES.len() >= 30);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
