//! A request as a log may show it: no secret of its URL stands there, and it has a bound.

use std::borrow::Cow;
use std::fmt::Write as _;

use hyper::{Method, Uri};
use percent_encoding::percent_decode_str;

use crate::text;

/// The most bytes of a URI that are shown.
const URI_MAX: usize = 256;

/// The most bytes of an unknown method that are shown.
const METHOD_MAX: usize = 16;

/// The text in place of a secret.
const MASK: &str = "(masked)";

/// The parameters whose values are shown, all of them callboard's or Finesse's own. Any other could be a password, a token or
/// a ticket, whatever its name is.
const OPEN: [&str; 17] = [
    "node",
    "after",
    "run",
    "close",
    "keep",
    "session",
    "category",
    "includeLoggedOutAgents",
    "status",
    "finesse",
    "to",
    "kind",
    "count",
    "for",
    "delay",
    "do",
    "how",
];

/// Method and URI of a request.
pub fn request(method: &Method, uri: &Uri) -> String {
    let method = method.as_str();
    match method.get(..METHOD_MAX).filter(|start| start.len() < method.len()) {
        Some(start) => format!("{start}… {}", self::uri(uri)),
        None => format!("{method} {}", self::uri(uri)),
    }
}

/// A URI without the authority, in which a user and a password may stand.
pub fn uri(uri: &Uri) -> String {
    let mut shown = String::new();
    for (nth, segment) in uri.path().split('/').enumerate() {
        if nth > 0 {
            shown.push('/');
        }
        self::segment(&mut shown, segment);
        if shown.len() > URI_MAX {
            break;
        }
    }
    if let Some(query) = uri.query() {
        let mut before = '?';
        for pair in query.split('&') {
            if shown.len() > URI_MAX {
                break;
            }
            shown.push(before);
            self::pair(&mut shown, pair);
            before = '&';
        }
    }
    if shown.len() > URI_MAX {
        let whole = uri.path().len() + uri.query().map_or(0, |query| 1 + query.len());
        shown.truncate(text::start(&shown, URI_MAX).len());
        // A mask may be longer than what it hides.
        let left_out = whole.saturating_sub(shown.len());
        let _ = write!(shown, "… ({left_out} bytes more)");
    }
    shown
}

/// A part of a path. Behind a `;` or a `=`, or what stands for one or for the query's own marks, stands a parameter; before an
/// `@` may stand a user with a password.
fn segment(shown: &mut String, segment: &str) {
    if decoded(segment).rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
        shown.push_str(MASK);
        if let Some((_, rest)) = segment.rsplit_once('@').filter(|(_, rest)| !rest.contains([';', '=', '%']))
        {
            shown.push('@');
            shown.push_str(text::start(rest, URI_MAX + 1));
        }
        return;
    }
    // A longer segment is cut off before secrets are looked for.
    let segment = text::start(segment, URI_MAX + 1);
    let encoded = |at: usize| decoded(segment.get(at..at + 3).unwrap_or_default());
    let parameter = segment.char_indices().find_map(|(at, c)| match c {
        ';' | '=' => Some(at + 1),
        '%' if encoded(at).contains([';', '=', '?', '&', '%']) => Some(at),
        _ => None,
    });
    shown.push_str(parameter.map_or(segment, |end| &segment[..end]));
    if parameter.is_some() {
        shown.push_str(MASK);
    }
}

/// A parameter of a query.
fn pair(shown: &mut String, pair: &str) {
    let Some((name, value)) = pair.split_once('=') else {
        // It could be anything.
        shown.push_str(if pair.is_empty() || is_open(pair) { pair } else { MASK });
        return;
    };
    if !is_open(name) {
        // The name is a help to who looks for a mistake, if it is one: base64 ends like a name without a value.
        let is_name = !value.trim_matches('=').is_empty()
            && name.len() <= 32
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let _ = write!(shown, "{}={MASK}", if is_name { name } else { MASK });
    } else if decoded(value).contains(['=', ';', '&', '?', '%']) {
        // Parameters of a client that encodes them all as one, perhaps twice, or separates them otherwise.
        let _ = write!(shown, "{name}={MASK}");
    } else {
        let _ = write!(shown, "{name}={value}");
    }
}

fn is_open(name: &str) -> bool {
    OPEN.contains(&decoded(name).as_ref())
}

fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        uri(&text.parse().expect("a good URI"))
    }

    #[test]
    fn a_secret_never_stands_in_a_log_however_it_is_written() {
        for (uri, expected) in [
            ("/events?node=/a&ticket=secret&after=1", "/events?node=/a&ticket=(masked)&after=1"),
            ("/events?ticket=secret", "/events?ticket=(masked)"),
            ("/events?%74icke%74=secret&ticket=secret", "/events?(masked)=(masked)&ticket=(masked)"),
            ("/events?ticket", "/events?(masked)"),
            ("/events?secret", "/events?(masked)"),
            ("/events?node=ticket&node=ticket%3Dsecret", "/events?node=ticket&node=(masked)"),
            ("/events?node=/a;ticket=secret", "/events?node=(masked)"),
            ("/events?no%64e=/a", "/events?no%64e=/a"),
            ("/events?", "/events?"),
            ("/x%20y", "/x%20y"),
            ("http://host/events?ticket=secret", "/events?ticket=(masked)"),
            ("http://user:secret@host/a", "/a"),
            ("//user:secret@host/a", "//(masked)@host/a"),
            ("/a@b/c", "/a@b/c"),
            ("/a;jsessionid=secret/b", "/a;(masked)/b"),
            ("/a&password=secret", "/a&password=(masked)"),
            ("/events%3Fticket%3Dsecret", "/events(masked)"),
            ("/events%3bsecret/b", "/events(masked)/b"),
            ("/events%253Fticket%253Dsecret", "/events(masked)"),
            ("/events?node=/a%253Bticket%253Dsecret", "/events?node=(masked)"),
            ("//user%3Asecret@host/a", "//(masked)@host/a"),
            ("//user%3Asecret%40host/a", "//(masked)/a"),
            ("//a@user:secret%40host/a", "//(masked)/a"),
            ("/events?c2VjcmV0=", "/events?(masked)=(masked)"),
            ("/events?c2VjcmV0Cg==", "/events?(masked)=(masked)"),
            ("/a?user:secret@host", "/a?(masked)"),
            (
                "/a?password=secret&Password=secret&pwd=secret",
                "/a?password=(masked)&Password=(masked)&pwd=(masked)",
            ),
            ("/a?access_token=secret&api-key=secret", "/a?access_token=(masked)&api-key=(masked)"),
            ("/a?callVariable1=4111111111111111", "/a?callVariable1=(masked)"),
            (
                "/desktop/sso/token?cc_username=1001&refresh-token=secret&token=secret",
                "/desktop/sso/token?cc_username=(masked)&refresh-token=(masked)&token=(masked)",
            ),
            ("*", "*"),
        ] {
            assert_eq!(shown(uri), expected, "{uri}");
        }
    }

    #[test]
    fn a_long_request_is_cut_off_and_says_how_much_is_missing() {
        let path = format!("/{}", "a".repeat(299));
        assert_eq!(shown(&path), format!("{}… (44 bytes more)", &path[..256]));
        assert_eq!(shown(&path[..256]), path[..256]);
        for uri in [
            format!("//user:{}@host", "a".repeat(4000)),
            format!("//user:a@{}", "a".repeat(4000)),
            format!("/{}", "a/".repeat(4000)),
            format!("/?{}", "a&".repeat(4000)),
            format!("/?node={}", "é".repeat(4000)),
            format!("/?{}=1", "a".repeat(4000)),
        ] {
            let uri: Uri = uri.parse().expect("a good URI");
            let shown = self::uri(&uri);
            assert!(shown.len() < URI_MAX + 32 && !shown.contains("user"), "{shown}");
        }
        let method = Method::from_bytes(&[b'M'; 1000]).expect("a method is a token");
        assert_eq!(request(&method, &Uri::from_static("/")), "MMMMMMMMMMMMMMMM… /");
        assert_eq!(request(&Method::GET, &Uri::from_static("/")), "GET /");
    }
}
