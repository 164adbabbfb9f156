//! What a request for a token says: the parameters that the guide names, and cookies.

use form_urlencoded::Serializer;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::http::query::{Query, Repeated};
use crate::http::response::{Response, set};

/// The path of the tokens.
pub const TOKEN: &str = "/desktop/sso/token";

/// The path of the test.
pub const TEST: &str = "/desktop/sso/test";

/// The parameter by which the identity page knows that a client came from the test.
const TESTS: &str = "test";

/// The cookie by which a browser comes back from the identity page.
pub const CODE: &str = "callboard_code";

/// The parameter, or the cookie, that names the user.
pub const USERNAME: &str = "cc_username";

/// Nothing runs or loads in an answer, and forms go to this server. A desktop reads the tokens in a window or frame of its own with a
/// script, so there is no sandbox.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
);

/// What a form may have, in bytes.
pub const FORM_MAX: usize = 8 * 1024;

/// The parameters of a request for a token, in its query or in the form of a refresh.
#[derive(Default)]
pub struct Parameters {
    pub username: Option<String>,
    pub refresh_token: Option<String>,
    pub return_refresh_token: bool,
    pub return_user: bool,
    /// Whether a client tries single sign-on only.
    pub tests: bool,
}

impl Parameters {
    pub fn read(query: &str, form: &str, headers: &HeaderMap) -> Result<Self, Repeated> {
        let one = |name| match Query::new(form).one(name)? {
            Some(value) => Ok(Some(value.into_owned())),
            None => Ok(Query::new(query).one(name)?.map(|value| value.into_owned())),
        };
        let username = one(USERNAME)?.or_else(|| cookie(headers, USERNAME).map(|value| decoded(&value)));
        Ok(Self {
            username: username.filter(|name| !name.is_empty()),
            refresh_token: one("refresh-token")?,
            return_refresh_token: one("return_refresh_token")?.is_some_and(|value| value == "true"),
            return_user: one("return_user")?.is_none_or(|value| value != "no"),
            tests: one(TESTS)?.is_some_and(|value| value == "true"),
        })
    }

    /// The query of a request for the same, without what is secret or unknown.
    pub fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        if let Some(name) = &self.username {
            query.append_pair(USERNAME, name);
        }
        if self.return_refresh_token {
            query.append_pair("return_refresh_token", "true");
        }
        if !self.return_user {
            query.append_pair("return_user", "no");
        }
        if self.tests {
            query.append_pair(TESTS, "true");
        }
        query.finish()
    }

    /// The address from which a client was led to the identity page.
    pub fn origin(&self) -> String {
        format!("{}?{}", if self.tests { TEST } else { TOKEN }, self.query())
    }
}

/// Closes an answer as far as a window of a desktop bears it: nobody keeps it, and no other page has it in itself.
pub fn close(answer: &mut Response) {
    set(answer, header::CACHE_CONTROL, "no-store");
    set(answer, header::CONTENT_SECURITY_POLICY, POLICY);
    // Without a referrer a browser would not say either whose page sends the form (Fetch §3.2).
    set(answer, header::REFERRER_POLICY, "same-origin");
    set(answer, HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
}

/// The cookie that takes the one of the identity page away.
pub fn code_gone() -> String {
    format!("{CODE}=; Path=/desktop/sso/; Max-Age=0")
}

/// The value of a cookie (RFC 6265 §4.2.1).
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(other, _)| *other == name).map(|(_, value)| value.trim_matches('"').to_owned())
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn a_request_is_asked_again_without_what_is_secret() {
        let mut headers = HeaderMap::new();
        let read = |query: &str, headers: &HeaderMap| {
            Parameters::read(query, "", headers).ok().map(|parameters| parameters.query())
        };
        for (query, again) in [
            ("", Some("")),
            (
                "cc_username=a%26b&return_refresh_token=true",
                Some("cc_username=a%26b&return_refresh_token=true"),
            ),
            ("cc_username=1001&refresh-token=secret&x=y", Some("cc_username=1001")),
            ("return_refresh_token=false&return_user=yes", Some("")),
            ("return_user=no", Some("return_user=no")),
            ("test=true", Some("test=true")),
            ("test=1", Some("")),
            ("cc_username=1&cc_username=2", None),
        ] {
            assert_eq!(read(query, &headers).as_deref(), again, "{query}");
        }
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; cc_username=ada%40lab; c=\"d\""));
        assert_eq!(read("", &headers).as_deref(), Some("cc_username=ada%40lab"));
        assert_eq!(read("cc_username=1001", &headers).as_deref(), Some("cc_username=1001"));
        assert_eq!(cookie(&headers, "c").as_deref(), Some("d"));
        assert_eq!(cookie(&headers, "b"), None);
    }
}
