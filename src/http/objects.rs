//! An object is written as an object. serde's derived types would also take their fields' values one by one, as an array,
//! and a client that relied on that would break when a field is added; here they do not, at any depth.

use std::fmt;

use serde::Deserializer;
use serde::de::DeserializeSeed;
use serde::de::EnumAccess;
use serde::de::Error;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Unexpected;
use serde::de::VariantAccess;
use serde::de::Visitor;

/// Reads as what it wraps does, but no array where a struct is wanted.
pub struct Objects<D>(pub D);

/// Takes what is read, and passes the rule on to what is inside.
struct Watched<V> {
    visitor: V,
    is_object: bool,
}

impl<V> Watched<V> {
    fn any(visitor: V) -> Self {
        Self {
            visitor,
            is_object: false,
        }
    }

    fn object(visitor: V) -> Self {
        Self {
            visitor,
            is_object: true,
        }
    }
}

/// The things inside.
struct Inside<A>(A);

macro_rules! read {
    ($($name:ident($($with:ident: $kind:ty),*) as $watched:ident;)+) => {
        $(fn $name<V: Visitor<'de>>(self, $($with: $kind,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$name($($with,)* Watched::$watched(visitor))
        })+
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Objects<D> {
    type Error = D::Error;

    read! {
        deserialize_any() as any;
        deserialize_bool() as any;
        deserialize_i8() as any;
        deserialize_i16() as any;
        deserialize_i32() as any;
        deserialize_i64() as any;
        deserialize_i128() as any;
        deserialize_u8() as any;
        deserialize_u16() as any;
        deserialize_u32() as any;
        deserialize_u64() as any;
        deserialize_u128() as any;
        deserialize_f32() as any;
        deserialize_f64() as any;
        deserialize_char() as any;
        deserialize_str() as any;
        deserialize_string() as any;
        deserialize_bytes() as any;
        deserialize_byte_buf() as any;
        deserialize_option() as any;
        deserialize_unit() as any;
        deserialize_unit_struct(name: &'static str) as any;
        deserialize_newtype_struct(name: &'static str) as any;
        deserialize_seq() as any;
        deserialize_tuple(len: usize) as any;
        deserialize_tuple_struct(name: &'static str, len: usize) as any;
        deserialize_map() as any;
        deserialize_struct(name: &'static str, fields: &'static [&'static str]) as object;
        deserialize_enum(name: &'static str, variants: &'static [&'static str]) as any;
        deserialize_identifier() as any;
        deserialize_ignored_any() as any;
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! take {
    ($($name:ident($kind:ty);)+) => {
        $(fn $name<E: Error>(self, value: $kind) -> Result<V::Value, E> {
            self.visitor.$name(value)
        })+
    };
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watched<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    take! {
        visit_bool(bool);
        visit_i8(i8);
        visit_i16(i16);
        visit_i32(i32);
        visit_i64(i64);
        visit_i128(i128);
        visit_u8(u8);
        visit_u16(u16);
        visit_u32(u32);
        visit_u64(u64);
        visit_u128(u128);
        visit_f32(f32);
        visit_f64(f64);
        visit_char(char);
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, reader: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Objects(reader))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, reader: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Objects(reader))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        match self.is_object {
            true => Err(A::Error::invalid_type(Unexpected::Seq, &"an object")),
            false => self.visitor.visit_seq(Inside(items)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Inside(members))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Inside(variant))
    }
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Inside<T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<T::Value, D::Error> {
        self.0.deserialize(Objects(reader))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Inside<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.0.next_element_seed(Inside(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Inside<A> {
    type Error = A::Error;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.0.next_key_seed(Inside(seed))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.0.next_value_seed(Inside(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Inside<A> {
    type Error = A::Error;
    type Variant = Inside<A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self::Variant), A::Error> {
        let (name, content) = self.0.variant_seed(Inside(seed))?;
        Ok((name, Inside(content)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Inside<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.0.newtype_variant_seed(Inside(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, Watched::any(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Watched::object(visitor))
    }
}
