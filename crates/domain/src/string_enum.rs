//! Enums that are stored, sent and shown by name.

/// Declares an enum whose variants have names in snake case: in JSON, in the database, as `Display`, `FromStr` and
/// `&'static str`. It lists its variants and their names. More traits can be derived on it.
#[macro_export]
macro_rules! string_enum {
    ($(#[$attribute:meta])* $visibility:vis enum $name:ident { $($variants:tt)* }) => {
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash,
            ::serde::Serialize, ::serde::Deserialize,
            ::strum::Display, ::strum::EnumString, ::strum::IntoStaticStr, ::strum::EnumIter, ::strum::VariantNames,
        )]
        #[serde(rename_all = "snake_case")]
        #[strum(serialize_all = "snake_case")]
        $(#[$attribute])*
        $visibility enum $name { $($variants)* }
    };
}
