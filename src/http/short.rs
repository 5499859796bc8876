//! Texts that are held to a length as they are read, and tell it in the documents: one number for both.

use std::borrow::Cow;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error as _;
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::schema::Type;

/// A text of at most so many characters.
#[derive(Debug, Clone, Default)]
pub struct Short<const MOST: usize>(pub String);

/// An address, or a name in its place.
pub type ShortAddress = Short<254>;
/// A password that is to be held against the one that is known.
pub type ShortPassword = Short<1024>;
/// A code, a token or a link's secret.
pub type ShortSecret = Short<64>;

impl<'de, const MOST: usize> Deserialize<'de> for Short<MOST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        match text.chars().count() <= MOST {
            true => Ok(Self(text)),
            false => Err(D::Error::custom(format_args!("has more than {MOST} characters"))),
        }
    }
}

impl<const MOST: usize> PartialSchema for Short<MOST> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(MOST))
            .into()
    }
}

impl<const MOST: usize> ToSchema for Short<MOST> {
    fn name() -> Cow<'static, str> {
        format!("TextOf{MOST}").into()
    }
}
