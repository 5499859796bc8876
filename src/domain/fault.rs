//! What can be wrong with one value that a client sent: the kinds are the four
//! 2xxx codes of the API that stand beside a field name.

use std::borrow::Cow;
use std::fmt;

/// What is wrong with one value, before a field name is put on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Absent or empty where something must stand: 2003.
    Missing,
    /// Of the wrong shape, length or range: 2001.
    Invalid,
    /// A parameter such as `limit` or `sort` outside what it may say: 2002.
    Input,
    /// An amount or a time that cannot be read: 2004.
    Format,
}

impl FaultKind {
    /// The code of the API's table of errors.
    pub const fn code(self) -> u16 {
        match self {
            FaultKind::Invalid => 2001,
            FaultKind::Input => 2002,
            FaultKind::Missing => 2003,
            FaultKind::Format => 2004,
        }
    }
}

/// A field and what is wrong with it, as the error body lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The path of the field in the request, such as `items.3.sku`.
    pub field: String,
    /// What kind of mistake it is.
    pub kind: FaultKind,
    /// A sentence without the field's name in it: "must have at least 3 characters".
    pub message: String,
}

/// Why one value could not be read; the caller knows which field it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// What kind of mistake it is.
    pub kind: FaultKind,
    /// A sentence without the field's name in it.
    pub message: Cow<'static, str>,
}

impl Bad {
    /// A value that had to be there.
    pub const fn missing() -> Bad {
        Bad {
            kind: FaultKind::Missing,
            message: Cow::Borrowed("is required"),
        }
    }

    /// A value of the wrong shape, length or range.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Bad {
        Bad {
            kind: FaultKind::Invalid,
            message: message.into(),
        }
    }

    /// A parameter outside what it may say.
    pub fn input(message: impl Into<Cow<'static, str>>) -> Bad {
        Bad {
            kind: FaultKind::Input,
            message: message.into(),
        }
    }

    /// An amount or a time that cannot be read.
    pub fn format(message: impl Into<Cow<'static, str>>) -> Bad {
        Bad {
            kind: FaultKind::Format,
            message: message.into(),
        }
    }

    /// Puts the field's name on it.
    pub fn at(self, field: impl Into<String>) -> Fault {
        Fault {
            field: field.into(),
            kind: self.kind,
            message: self.message.into_owned(),
        }
    }
}

/// What was read; what could not be is a fault.
pub fn keep<T>(read: Result<T, Bad>, field: &str, faults: &mut Vec<Fault>) -> Option<T> {
    read.map_err(|bad| faults.push(bad.at(field))).ok()
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Bad {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_the_codes_of_the_api() {
        let codes = [
            (FaultKind::Invalid, 2001),
            (FaultKind::Input, 2002),
            (FaultKind::Missing, 2003),
            (FaultKind::Format, 2004),
        ];
        for (kind, code) in codes {
            assert_eq!(kind.code(), code);
        }
    }

    #[test]
    fn a_field_name_is_put_on_it() {
        let fault = Bad::missing().at("items.0.sku");
        assert_eq!(fault.field, "items.0.sku");
        assert_eq!(fault.kind, FaultKind::Missing);
        assert_eq!(fault.message, "is required");
    }
}
