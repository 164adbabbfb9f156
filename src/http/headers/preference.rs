//! The preferences of a client, by the weights in its request (RFC 9110 §12.4.2).

use hyper::header::{HeaderMap, HeaderName};

/// The largest weight, which a choice without a weight has, too.
const MOST: u16 = 1000;

/// The choices in all headers of that name, in their order, each with its weight in thousandths. A choice whose weight cannot be
/// read does not count.
pub fn choices(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = (&str, u16)> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(|choice| {
        let mut parts = choice.split(';').map(str::trim);
        let name = parts.next()?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some((name, weight.map_or(Some(MOST), thousandths)?))
    })
}

/// Reads a weight: 0 or 1, and what is behind its point. More digits than three are cut off.
fn thousandths(weight: &str) -> Option<u16> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    let is_number = decimals.bytes().all(|byte| byte.is_ascii_digit());
    let decimals = is_number.then(|| format!("{decimals:0<3.3}"))?.parse().ok()?;
    match (whole, decimals) {
        ("0", decimals) => Some(decimals),
        ("1", 0) => Some(MOST),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_thousandths() {
        for (weight, expected) in [
            ("1", Some(1000)),
            ("1.000", Some(1000)),
            ("0", Some(0)),
            ("0.", Some(0)),
            ("0.8", Some(800)),
            ("0.01", Some(10)),
            ("0.123", Some(123)),
            ("0.3333333", Some(333)),
            ("1.1", None),
            ("2", None),
            ("-0.5", None),
            ("0.+5", None),
            ("0.5 x", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(thousandths(weight), expected, "{weight}");
        }
    }
}
