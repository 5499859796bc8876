//! Second factors: a seed that a device keeps, codes by time that are good once, and recovery codes for when the device
//! is lost (AUT-05). The seed stands sealed in its row; recovery codes are hashes only.

use qrcode::QrCode;
use qrcode::render::svg;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::fault::FaultKind;
use crate::domain::id::FactorId;
use crate::domain::id::UserId;
use crate::domain::mail::NewMail;
use crate::domain::mail::Template;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::refusal::Wanting;
use crate::domain::time::Timestamp;
use crate::domain::touched::Touched;
use crate::domain::user::ENROLMENT_LIFE;
use crate::domain::user::RECOVERY_CODES;
use crate::domain::user::User;
use crate::error::Error;
use crate::error::Result;
use crate::secret;
use crate::secret::Keys;
use crate::secret::Place;
use crate::secret::totp;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::login;
use crate::shop::mails;
use crate::shop::step_up;
use crate::store;
use crate::store::factors::Factor;

/// What a device is told of a new factor; shown while it is being set up and never again.
#[derive(Debug, Clone)]
pub struct Enrolment {
    /// The seed, to be typed.
    pub secret: String,
    /// The seed with its name, to be scanned.
    pub otpauth_url: String,
}

impl Enrolment {
    /// Under the shop's name: whoever works for two shops has two. (A colon would end the name.)
    fn new(db: &Snapshot, seed: &[u8], user: &User) -> Result<Self> {
        let secret = totp::seed_text(seed);
        let account = escaped(&user.email);
        let shop = escaped(&store::settings::get(db)?.name.replace(':', ""));
        Ok(Self {
            otpauth_url: format!(
                "otpauth://totp/{shop}:{account}?secret={secret}&issuer={shop}&algorithm=SHA1&digits=6&period=30"
            ),
            secret,
        })
    }

    /// The code to scan, as an `<svg>` element of dark squares on white.
    pub fn qr_svg(&self) -> Result<String> {
        let code = QrCode::new(&self.otpauth_url).map_err(|cause| Error::internal(cause.to_string()))?;
        let whole = code.render::<svg::Color>().min_dimensions(240, 240).build();
        // As an element, not as a file.
        Ok(match whole.split_once("?>") {
            Some((_, element)) => element.to_owned(),
            None => whole,
        })
    }
}

/// What stands in a URL as it is, and the rest as `%` and two figures.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte))
            }
            _ => escaped += &format!("%{byte:02X}"),
        }
    }
    escaped
}

/// Begins to set up the caller's second factor; nothing is asked of anybody until a code has confirmed it.
///
/// Needs a step-up. Refused with `NotAllowed` if there is one already.
pub fn begin(tx: &Tx, by: &Actor, keys: &Keys) -> Result<Enrolment> {
    let user = store::users::get(tx, by.signed_in()?)?;
    step_up::require(tx, by)?;
    if user.has_factor {
        let words = "There is a second factor already: remove it first.";
        return Err(Refusal::NotAllowed(words.into()).into());
    }
    let seed: [u8; totp::SEED] = secret::random()?;
    store::factors::delete(tx, user.id)?;
    store::factors::insert(tx, user.id, |id| keys.seal(place(id, user.id), &seed))?;
    note(tx, by, Action::FactorBegun, user.id)?;
    Enrolment::new(tx, &seed, &user)
}

/// The caller's enrolment that waits for its first code, to draw it once more.
pub fn pending(db: &Snapshot, by: &Actor, keys: &Keys, now: Timestamp) -> Result<Option<Enrolment>> {
    let user = store::users::get(db, by.signed_in()?)?;
    match waiting(db, user.id, now)? {
        Some(factor) => Ok(Some(Enrolment::new(db, &open(keys, &factor)?, &user)?)),
        None => Ok(None),
    }
}

fn waiting(db: &Snapshot, user: UserId, now: Timestamp) -> Result<Option<Factor>> {
    let factor = store::factors::find(db, user)?;
    Ok(factor.filter(|it| it.confirmed_at.is_none() && now < it.created_at.plus_ms(ENROLMENT_LIFE)))
}

/// Confirms the caller's second factor by a first code, and gives the recovery codes. Every other session of the user
/// ends: it never showed the factor.
///
/// Refused with `Fields` (`code`) if the code is wrong, with `NotAllowed` if nothing waits for one.
pub fn confirm(tx: &Tx, by: &Actor, keys: &Keys, code: &str) -> Result<Vec<String>> {
    let user = store::users::get(tx, by.signed_in()?)?;
    let factor = waiting(tx, user.id, tx.now)?.ok_or_else(nothing_to_confirm)?;
    let attempt = login::count(tx, &user)?;
    let step = totp::step_of(&open(keys, &factor)?, code, tx.now)?;
    match step {
        Some(step) if store::factors::take_step(tx, factor.id, step)? => {}
        _ => {
            login::keep_failure(tx, by, &user);
            return Err(Error::fault(
                "code",
                FaultKind::Invalid,
                "does not fit: check the clock of the device, and type the next one",
            ));
        }
    }
    login::forget(tx, &attempt)?;
    store::factors::confirm(tx, factor.id)?;
    store::sessions::end_others(tx, user.id, by.session)?;
    tx.touch(Touched::Sessions);
    note(tx, by, Action::FactorAdded, user.id)?;
    tell(tx, &user, Template::FactorAdded)?;
    make_codes(tx, user.id)
}

fn nothing_to_confirm() -> Error {
    Refusal::NotAllowed("Nothing waits for a code: begin again.".into()).into()
}

/// Gives the caller new recovery codes; the former ones are good no more. Needs a step-up.
pub fn renew_codes(tx: &Tx, by: &Actor) -> Result<Vec<String>> {
    let user = with_factor(tx, by)?;
    step_up::require(tx, by)?;
    note(tx, by, Action::RecoveryCodesMade, user.id)?;
    tell(tx, &user, Template::RecoveryCodesMade)?;
    make_codes(tx, user.id)
}

/// Takes the caller's second factor away, by one of its codes. Needs a step-up.
pub fn remove(tx: &Tx, by: &Actor, keys: &Keys, code: &str) -> Result<()> {
    let user = with_factor(tx, by)?;
    step_up::require(tx, by)?;
    prove(tx, by, keys, &user, code)?;
    take_away(tx, by, &user)
}

/// Takes a user's second factor away who has lost it, and ends all its sessions.
pub fn reset(tx: &Tx, by: &Actor, id: UserId) -> Result<User> {
    by.require(Permission::UsersUpdate)?;
    let user = store::users::get(tx, id)?;
    if store::factors::find(tx, id)?.is_none() {
        return Err(none_there());
    }
    store::users::end_sessions(tx, id)?;
    take_away(tx, by, &user)?;
    store::users::get(tx, id)
}

/// How many recovery codes the caller has left; none without a second factor.
pub fn codes_left(db: &Snapshot, by: &Actor) -> Result<i64> {
    store::factors::codes_left(db, by.signed_in()?)
}

fn take_away(tx: &Tx, by: &Actor, user: &User) -> Result<()> {
    store::factors::delete(tx, user.id)?;
    tx.touch(Touched::Sessions);
    note(tx, by, Action::FactorRemoved, user.id)?;
    tell(tx, user, Template::FactorRemoved)
}

fn with_factor(db: &Snapshot, by: &Actor) -> Result<User> {
    let user = store::users::get(db, by.signed_in()?)?;
    match user.has_factor {
        true => Ok(user),
        false => Err(none_there()),
    }
}

fn none_there() -> Error {
    Refusal::NotAllowed("There is no second factor.".into()).into()
}

/// Takes a code of a user's factor, or one of its recovery codes: each is good once, and five wrong ones lock.
///
/// Refused with `SecondFactor` if it is wrong or was used, with `Locked` while too many were wrong.
pub(super) fn prove(tx: &Tx, by: &Actor, keys: &Keys, user: &User, code: &str) -> Result<()> {
    let attempt = login::count(tx, user)?;
    match is_right(tx, by, keys, user, code)? {
        true => login::forget(tx, &attempt),
        false => {
            login::keep_failure(tx, by, user);
            Err(Refusal::SecondFactor(Wanting::RightCode).into())
        }
    }
}

fn is_right(tx: &Tx, by: &Actor, keys: &Keys, user: &User, code: &str) -> Result<bool> {
    if let Some(code) = totp::read_recovery(code) {
        let is_ours = store::factors::take_code(tx, user.id, &hash(user.id, &code))?;
        if is_ours {
            note(tx, by, Action::RecoveryCodeUsed, user.id)?;
        }
        return Ok(is_ours);
    }
    let Some(factor) = store::factors::find(tx, user.id)?.filter(|it| it.confirmed_at.is_some()) else {
        return Ok(false);
    };
    match totp::step_of(&open(keys, &factor)?, code.trim(), tx.now)? {
        Some(step) => store::factors::take_step(tx, factor.id, step),
        None => Ok(false),
    }
}

fn make_codes(tx: &Tx, user: UserId) -> Result<Vec<String>> {
    store::factors::delete_codes(tx, user)?;
    let mut codes = Vec::new();
    for _ in 0..RECOVERY_CODES {
        let code: [u8; totp::RECOVERY] = secret::random()?;
        store::factors::insert_code(tx, user, &hash(user, &code))?;
        codes.push(totp::recovery_text(&code));
    }
    Ok(codes)
}

/// 120 random bits need no slow hash.
fn hash(user: UserId, code: &[u8]) -> [u8; 32] {
    secret::digest_parts(&[b"till recovery code", &user.0.to_be_bytes(), code])
}

fn open(keys: &Keys, factor: &Factor) -> Result<Vec<u8>> {
    keys.unseal(place(factor.id, factor.user), &factor.seed)
}

const fn place(id: FactorId, user: UserId) -> Place<'static> {
    Place {
        column: "factors.seed",
        row: id.0,
        owner: user.0,
    }
}

fn note(tx: &Tx, by: &Actor, action: Action, user: UserId) -> Result<()> {
    audit::note(tx, by, action, (Target::User, Some(user.0)), None, None)
}

fn tell(tx: &Tx, user: &User, template: Template) -> Result<()> {
    let mail = NewMail {
        template,
        recipient: &user.email,
        user: Some(user.id),
        facts: serde_json::json!({ "username": user.username }).to_string(),
    };
    mails::queue(tx, &mail).map(|_| ())
}
