//! How types that write themselves stand in the documents of the API.

/// Declares the schema of a type that is written as text: of a pattern, of a format, or one of some words. `or Number`
/// where it may also come as a number.
macro_rules! text_schema {
    ($kind:ident, $told:ident($what:expr)) => {
        $crate::domain::schema::text_schema!($kind: utoipa::openapi::Type::String, $told($what));
    };
    ($kind:ident or $other:ident, $told:ident($what:expr)) => {
        $crate::domain::schema::text_schema!(
            $kind: utoipa::openapi::schema::SchemaType::from_iter([
                utoipa::openapi::Type::String,
                utoipa::openapi::Type::$other,
            ]),
            $told($what)
        );
    };
    ($kind:ident: $type:expr, $told:ident($what:expr)) => {
        impl utoipa::PartialSchema for $kind {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let schema = utoipa::openapi::ObjectBuilder::new().schema_type($type);
                schema.$told(Some($what)).into()
            }
        }

        impl utoipa::ToSchema for $kind {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($kind).into()
            }
        }
    };
}

pub(crate) use text_schema;
