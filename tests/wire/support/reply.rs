//! What an answer to an iq has to be.

use super::ns;
use super::xml::compare;

/// The answer to a question.
#[must_use]
pub struct Reply {
    /// What follows `<iq type='…'` in every answer.
    pub start: String,
    pub text: String,
}

impl Reply {
    /// Expects a result with this payload.
    #[track_caller]
    pub fn is_result(&self, payload: &str) {
        let pattern = format!("<iq type='result'{}{payload}</iq>", self.start);
        if let Err(difference) = compare(&pattern, &self.text) {
            panic!("{difference}\n expected: {pattern}\n got:      {}", self.text);
        }
    }

    /// Expects a result that has these parts.
    #[track_caller]
    pub fn is_result_with(&self, parts: &[&str]) {
        assert!(self.text.starts_with("<iq type=\"result\""), "{}", self.text);
        for part in parts {
            assert!(self.text.contains(part), "{part} is not in {}", self.text);
        }
    }

    /// Expects an error. `what` is the code of XEP-0086, the type, the condition, and, where pubsub has one of its own,
    /// that, with `=` and the feature it names: `400 modify bad-request nodeid-required`.
    ///
    /// What the request contained may be repeated before the error (RFC 6120 §8.3.1).
    #[track_caller]
    pub fn is_error(&self, what: &str) {
        let words: Vec<&str> = what.split(' ').collect();
        let [code, kind, condition] = words[..3] else {
            panic!("{what} has too few words");
        };
        let pubsub = words.get(3).map_or_else(String::new, |word| {
            let (name, feature) = word.split_once('=').unwrap_or((word, ""));
            let feature = match feature {
                "" => String::new(),
                feature => format!(" feature='{feature}'"),
            };
            format!("<{name} xmlns='{}'{feature}/>", ns::PUBSUB_ERRORS)
        });
        let pattern = format!(
            "<iq type='error'{}<error code='{code}' type='{kind}'><{condition} xmlns='{}'/>{pubsub}</error></iq>",
            self.start,
            ns::STANZAS
        );
        let got = match (self.text.find('>'), self.text.rfind("<error ")) {
            (Some(head), Some(error)) => format!("{}{}", &self.text[..=head], &self.text[error..]),
            _ => self.text.clone(),
        };
        if let Err(difference) = compare(&pattern, &got) {
            panic!("{difference}\n expected: {pattern}\n got:      {}", self.text);
        }
    }
}
