//! What may be a secret, and stands in no report.

/// An address as reports show it: what stands behind the path may be a token, and a name before the host has a password beside it.
pub fn shown_url(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (start, rest) = url.split_at(end);
    let (scheme, place) = start.split_once("://").map_or(("", start), |(scheme, place)| (scheme, place));
    let authority = &place[..place.find('/').unwrap_or(place.len())];
    let mut out = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    match authority.rfind('@') {
        Some(at) => out.extend(["…", &place[at..]]),
        None => out.push_str(place),
    }
    if !rest.is_empty() {
        out.extend([&rest[..1], "…"]);
    }
    out
}

/// A text without the key of a BOSH session, which no report has. It may be no XML.
pub fn without_key(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(place) = rest.find("sid") {
        let (before, after) = rest.split_at(place + 3);
        out.push_str(before);
        rest = after;
        let value = after.trim_start().strip_prefix('=').map(str::trim_start);
        let quote = value.and_then(|value| value.chars().next()).filter(|quote| matches!(quote, '\'' | '"'));
        if let (Some(value), Some(quote), true) =
            (value, quote, before[..place].ends_with(|before: char| before.is_ascii_whitespace()))
        {
            let end = value[1..].find(quote).map_or(value.len(), |end| end + 1);
            out.push_str("='(masked)");
            rest = &value[end..];
            if rest.is_empty() {
                break;
            }
            out.push('\'');
            rest = &rest[1..];
        }
    }
    out + rest
}
