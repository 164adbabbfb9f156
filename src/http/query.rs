//! The parameters of a query, written as those of a form (WHATWG URL §5.1).
//!
//! A parameter that a resource reads stands once, or the request is refused: a client that sends two may mean either. Only
//! `node` of `/events` may stand several times. Parameters that a resource does not know are left alone, but not by `status`
//! and `calls`. `run`, `close` and `keep`, by which the page has its requests counted, belong to no resource: a request with several
//! of one is not counted.

use std::borrow::Cow;

use hyper::{StatusCode, Uri};

use crate::http::response::HttpRefusal;

/// The query of a request.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a>(&'a str);

/// A parameter of this name stands in a query more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated(pub &'static str);

impl<'a> Query<'a> {
    /// The query of an address, empty if there is none.
    pub fn of(uri: &'a Uri) -> Self {
        Self::new(uri.query().unwrap_or_default())
    }

    /// What stands behind the `?`, or in the body of a form.
    pub fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// All parameters with their values, in order.
    pub fn pairs(self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        form_urlencoded::parse(self.0.as_bytes())
    }

    /// The values of a parameter that may stand several times.
    pub fn all(self, name: &'static str) -> impl Iterator<Item = Cow<'a, str>> {
        self.pairs().filter(move |(other, _)| other == name).map(|(_, value)| value)
    }

    /// The value of a parameter, if it is there.
    ///
    /// # Errors
    ///
    /// The parameter stands more than once.
    pub fn one(self, name: &'static str) -> Result<Option<Cow<'a, str>>, Repeated> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Repeated(name)),
        }
    }
}

impl From<Repeated> for HttpRefusal {
    fn from(Repeated(name): Repeated) -> Self {
        // A sentence for each parameter: a refusal has no room for text of its own.
        macro_rules! sentence {
            ($($known:literal)*) => {
                match name {
                    $($known => concat!("The parameter ", $known, " stands more than once in the query."),)*
                    _ => "A parameter stands more than once in the query.",
                }
            };
        }
        let sentence = sentence!("after" "format" "jid" "lastEventId" "lastEventID" "Last-Event-ID" "node" "rule" "session" "ticket" "user");
        Self { status: StatusCode::BAD_REQUEST, sentence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_names_the_parameter_that_stands_twice() {
        let refused = Query::new("node=/a&node=/b").one("node").map_err(HttpRefusal::from);
        let sentence = "The parameter node stands more than once in the query.";
        assert_eq!(refused, Err(HttpRefusal { status: StatusCode::BAD_REQUEST, sentence }));
    }

    #[test]
    fn a_parameter_is_decoded_and_stands_once() {
        for (query, value) in [
            ("", Ok(None)),
            ("b=1", Ok(None)),
            ("a", Ok(Some(""))),
            ("a=x%20y+z&b=1&b=2", Ok(Some("x y z"))),
            ("%61=x", Ok(Some("x"))),
            ("a=x&a=x", Err(Repeated("a"))),
            ("a=&%61", Err(Repeated("a"))),
        ] {
            let found = Query::new(query).one("a");
            assert_eq!(found.as_ref().map(Option::as_deref), value.as_ref().copied(), "{query}");
        }
        assert_eq!(Query::new("a=1&b=2&a=3").all("a").collect::<Vec<_>>(), ["1", "3"]);
    }
}
