//! Closed sets of states and kinds: each member has a public name and the small number it is stored as.

/// Declares an enum whose members have a number (in the file) and a name (in the API).
macro_rules! named {
    ($(#[$doc:meta])* $kind:ident { $($(#[$member_doc:meta])* $member:ident = $number:literal $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the public name says it")]
        pub enum $kind { $($(#[$member_doc])* $member),+ }

        impl $kind {
            /// Every member.
            pub const ALL: &[Self] = &[$(Self::$member),+];

            /// The public name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$member => $name),+ }
            }

            /// The number it is stored as.
            pub const fn number(self) -> i64 {
                match self { $(Self::$member => $number),+ }
            }

            /// The member stored as `number`.
            pub const fn from_number(number: i64) -> Option<Self> {
                match number { $($number => Some(Self::$member),)+ _ => None }
            }

            /// Reads the public name, in any case.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|member| member.name().eq_ignore_ascii_case(text))
            }
        }

        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        $crate::domain::schema::text_schema!($kind, enum_values(Self::ALL.iter().map(|member| member.name())));
    };
}

pub(crate) use named;
