//! Bytes of enums with fields, beside those of [`crate::replica::codec`].

/// Makes enums coded: the place of the variant among these, then its fields in this order. The first is that to read into. Variants that
/// are not among these are never coded.
macro_rules! coded_variants {
    ($($name:ident { $(
        $variant:ident $({ $($field:ident),+ })? $(( $($place:ident),+ ))?
    ),+ })+) => {$(
        impl $crate::replica::codec::Coded for $name {
            fn blank(_now: $crate::clock::Now) -> Self {
                const KINDS: &[fn($crate::clock::Now) -> $name] = $name::KINDS;
                KINDS[0](_now)
            }

            #[allow(unreachable_patterns, reason = "some enums have variants that are not coded")]
            fn code(&mut self, codec: &mut $crate::replica::codec::Codec<'_>) {
                let name = match self {
                    $(Self::$variant { .. } => stringify!($variant),)+
                    _ => "",
                };
                let place = Self::NAMES.iter().position(|one| *one == name).unwrap_or(Self::NAMES.len());
                let place = codec.place(place, Self::NAMES.len());
                if let Some(now) = codec.reads_at() {
                    *self = Self::KINDS.get(place).unwrap_or(&Self::KINDS[0])(now);
                }
                match self {
                    $(
                        Self::$variant $({ $($field),+ })? $(( $($place),+ ))? => {
                            $($($crate::replica::codec::Coded::code($field, codec);)+)?
                            $($($crate::replica::codec::Coded::code($place, codec);)+)?
                        }
                    )+
                    _ => {}
                }
            }
        }

        impl $name {
            /// The names of the variants, by their places.
            const NAMES: &[&str] = &[$(stringify!($variant)),+];
            /// Makes the variant at a place, to read into.
            const KINDS: &[fn($crate::clock::Now) -> Self] = &[
                $(|_now| Self::$variant
                    $({ $($field: $crate::replica::codec::Coded::blank(_now)),+ })?
                    $(( $({
                        const _: &str = stringify!($place);
                        $crate::replica::codec::Coded::blank(_now)
                    }),+ ))?
                ),+
            ];
        }
    )+};
}

pub(crate) use coded_variants;
