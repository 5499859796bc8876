//! On whose behalf something is done. No operation runs on nobody's behalf.

use std::net::IpAddr;
use std::sync::Arc;

use crate::domain::id::ApiKeyId;
use crate::domain::id::OrderId;
use crate::domain::id::SessionId;
use crate::domain::id::UserId;
use crate::domain::permission::Permission;
use crate::domain::permission::Rights;
use crate::domain::refusal::Refusal;
use crate::domain::schema::text_schema;

/// What kind of caller acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// A person who signed in.
    User,
    /// A program with an API key.
    ApiKey,
    /// The shop itself: the worker and the operator at the command line.
    System,
    /// Nobody known.
    Guest,
}

text_schema!(ActorKind, enum_values(Self::ALL.map(Self::name)));

impl ActorKind {
    const ALL: [Self; 4] = [Self::User, Self::ApiKey, Self::System, Self::Guest];

    /// Its public name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ApiKey => "api_key",
            Self::System => "system",
            Self::Guest => "guest",
        }
    }

    /// Reads the public name, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(text))
    }

    /// The number it is stored as.
    pub const fn number(self) -> i64 {
        match self {
            Self::User => 0,
            Self::ApiKey => 1,
            Self::System => 2,
            Self::Guest => 3,
        }
    }

    /// The kind stored as `number`.
    pub const fn from_number(number: i64) -> Self {
        match number {
            0 => Self::User,
            1 => Self::ApiKey,
            2 => Self::System,
            _ => Self::Guest,
        }
    }
}

/// Where a request came from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// The id that the reply, the log and the audit carry.
    pub request_id: Option<Arc<str>>,
}

/// Who acts, with which rights, from where.
#[derive(Debug, Clone)]
pub struct Actor {
    /// What kind of caller.
    pub kind: ActorKind,
    /// The user, unless it is the system or a guest.
    pub user: Option<UserId>,
    /// The login it acts through.
    pub session: Option<SessionId>,
    /// The key that a program has come with.
    pub key: Option<ApiKeyId>,
    /// The guest's order whose private link it has shown: all it can prove of being the buyer.
    pub order: Option<OrderId>,
    /// What it may do.
    pub rights: Rights,
    /// Whether its role is one of staff.
    pub is_staff: bool,
    /// Whether it must set up a second factor before it may do anything else (AUT-05). It has no rights until then.
    pub needs_factor: bool,
    /// Where it comes from.
    pub origin: Origin,
}

impl Actor {
    /// The shop itself, with every right.
    pub fn system() -> Self {
        Self {
            kind: ActorKind::System,
            user: None,
            session: None,
            key: None,
            order: None,
            rights: Rights::ALL,
            is_staff: true,
            needs_factor: false,
            origin: Origin::default(),
        }
    }

    /// Nobody known, with no right.
    pub fn guest(origin: Origin) -> Self {
        Self {
            kind: ActorKind::Guest,
            user: None,
            session: None,
            key: None,
            order: None,
            rights: Rights::NONE,
            is_staff: false,
            needs_factor: false,
            origin,
        }
    }

    /// The same with the private link of an order.
    pub fn holding(self, order: OrderId) -> Self {
        Self {
            order: Some(order),
            ..self
        }
    }

    /// Whether the actor has shown the private link of this order.
    pub fn holds(&self, order: OrderId) -> bool {
        self.order == Some(order)
    }

    /// Whether the actor holds the right.
    pub fn may(&self, permission: Permission) -> bool {
        self.rights.hold(permission)
    }

    /// Refused with `InsufficientPermissions` unless the actor holds the right.
    pub fn require(&self, permission: Permission) -> Result<(), Refusal> {
        match (self.may(permission), self.kind) {
            (true, _) => Ok(()),
            (false, ActorKind::Guest) => Err(Refusal::NotSignedIn),
            (false, _) => Err(self.lacks(permission)),
        }
    }

    /// That the actor lacks the right.
    pub fn lacks(&self, needs: Permission) -> Refusal {
        let user = self.user;
        Refusal::Forbidden { needs, user }
    }

    /// Refused with `Forbidden` unless the actor holds all of these rights: nobody grants, or lays hands on, more than
    /// their own.
    pub fn require_all(&self, rights: Rights) -> Result<(), Refusal> {
        match rights.beyond(self.rights) {
            Some(needs) => Err(self.lacks(needs)),
            None => Ok(()),
        }
    }

    /// The user, for what only people do with their own account. Refused with `NotSignedIn` if there is none, with
    /// `PeopleOnly` for a program.
    pub fn signed_in(&self) -> Result<UserId, Refusal> {
        match (self.kind, self.user) {
            (ActorKind::ApiKey, _) => Err(Refusal::PeopleOnly),
            (_, user) => user.ok_or(Refusal::NotSignedIn),
        }
    }

    /// The user, for what is done with one's own things. A program needs the right to that: its owner's things are no
    /// more its own than anybody's.
    pub fn on_own(&self, permission: Permission) -> Result<UserId, Refusal> {
        if self.kind == ActorKind::ApiKey {
            self.require(permission)?;
        }
        self.user.ok_or(Refusal::NotSignedIn)
    }

    /// The same for what is done with an order: whoever has shown the private link of one need not be anybody known.
    pub fn on_order(&self, permission: Permission) -> Result<(), Refusal> {
        match self.order {
            Some(_) => Ok(()),
            None => self.on_own(permission).map(drop),
        }
    }

    /// Whether something of this owner's is the actor's own.
    pub fn is_owner(&self, owner: Option<UserId>) -> bool {
        self.kind != ActorKind::ApiKey && self.user.is_some() && self.user == owner
    }
}
