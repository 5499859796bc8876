//! Goods that come back: announced, received, given back for; or turned down, or called off.

use crate::domain::id::LineId;
use crate::domain::id::OrderId;
use crate::domain::id::RefundId;
use crate::domain::id::ReturnId;
use crate::domain::named::named;
use crate::domain::order::ReturnStatus;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;

named! {
    /// How far a return has come.
    ReturnState {
        Requested = 0 "requested",
        Received = 1 "received",
        Refunded = 2 "refunded",
        Rejected = 3 "rejected",
        Canceled = 4 "canceled",
    }
}

impl ReturnState {
    /// The states that it may go to from here.
    pub const fn next_states(self) -> &'static [Self] {
        match self {
            Self::Requested => &[Self::Received, Self::Rejected, Self::Canceled],
            Self::Received => &[Self::Refunded],
            Self::Refunded | Self::Rejected | Self::Canceled => &[],
        }
    }

    /// Refused with `InvalidState` where no step leads to that state.
    pub fn go(self, to: Self) -> Result<(), Refusal> {
        let allowed = self.next_states();
        match allowed.contains(&to) {
            true => Ok(()),
            false => Err(Refusal::ReturnNotNow { state: self, allowed }),
        }
    }

    /// What an order shows of it; nothing of one that came to nothing.
    const fn shown(self) -> Option<ReturnStatus> {
        match self {
            Self::Requested => Some(ReturnStatus::Requested),
            Self::Received => Some(ReturnStatus::Received),
            Self::Refunded => Some(ReturnStatus::Refunded),
            Self::Rejected | Self::Canceled => None,
        }
    }
}

impl ReturnStatus {
    /// What an order shows of its returns: how far the one is that has come least far.
    pub fn of(states: impl IntoIterator<Item = ReturnState>) -> Self {
        let shown = states.into_iter().filter_map(ReturnState::shown);
        shown.min().unwrap_or(Self::None)
    }
}

/// A return.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns")]
pub struct Return {
    pub id: ReturnId,
    pub order: OrderId,
    pub state: ReturnState,
    pub reason: String,
    /// What was given back for it.
    pub refund: Option<RefundId>,
    pub created_at: Timestamp,
    pub received_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    pub version: i64,
    pub lines: Vec<ReturnLine>,
}

/// What of one line comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReturnLine {
    /// The line.
    pub line: LineId,
    /// How many pieces were announced.
    pub quantity: i64,
    /// How many came.
    pub received: i64,
    /// Whether those went back on the shelf.
    pub is_restocked: bool,
}

/// A return that is asked for.
#[derive(Debug, Clone)]
pub struct NewReturn {
    /// So many pieces of each line.
    pub lines: Vec<(LineId, i64)>,
    /// Why.
    pub reason: String,
    /// The version of the order that was seen.
    pub version: Option<i64>,
}

/// What is to become of a return.
#[derive(Debug, Clone)]
pub struct ReturnStep {
    /// Where to.
    pub to: ReturnState,
    /// What has come; where nothing is named, all that was announced, and none of it for the shelf.
    pub lines: Option<Vec<CameBack>>,
    /// The version that was seen.
    pub version: Option<i64>,
}

/// What has come of one line.
#[derive(Debug, Clone, Copy)]
pub struct CameBack {
    /// The line.
    pub line: LineId,
    /// How many pieces.
    pub received: i64,
    /// Whether they go back on the shelf.
    pub restock: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MONEY, returns
    #[test]
    fn the_life_of_a_return() {
        let mut life = String::new();
        for state in ReturnState::ALL {
            for next in state.next_states() {
                state.go(*next).unwrap();
                life += &format!("{state:?} -> {next:?}\n");
            }
            assert!(state.go(*state).is_err());
        }
        assert_eq!(
            life,
            "\
Requested -> Received
Requested -> Rejected
Requested -> Canceled
Received -> Refunded
"
        );
    }

    /// MONEY, returns: the least advanced that is open.
    #[test]
    fn what_an_order_shows_of_its_returns() {
        use ReturnState as Is;
        for (states, shown) in [
            (&[][..], ReturnStatus::None),
            (&[Is::Rejected, Is::Canceled], ReturnStatus::None),
            (&[Is::Refunded, Is::Rejected], ReturnStatus::Refunded),
            (&[Is::Refunded, Is::Received], ReturnStatus::Received),
            (
                &[Is::Received, Is::Requested, Is::Refunded],
                ReturnStatus::Requested,
            ),
        ] {
            assert_eq!(ReturnStatus::of(states.iter().copied()), shown, "{states:?}");
        }
    }
}
