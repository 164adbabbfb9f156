//! The parameters of a kind: their names, forms and defaults.

use std::borrow::Cow;
use std::time::Duration;

use crate::config::limits::Kind as Unit;
use crate::config::web_origin::Host;

/// How the value of a parameter is written.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// `500ms`, `12s`, `5m`, `1h`; an hour at most.
    Duration,
    /// A number from the first to the second.
    Number(u64, u64),
    /// A word of a list.
    Word(&'static [&'static str]),
    /// An IP address or the name of a host.
    Host,
}

/// A parameter of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The key in a query and in the file.
    pub name: &'static str,
    /// How it is written.
    pub form: Form,
    /// The value of a fault that does not name it.
    pub default: &'static str,
    /// What it sets.
    pub meaning: &'static str,
}

/// The longest time that a parameter takes.
const LONGEST: Duration = Duration::from_secs(3600);

/// A value that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Duration(Duration),
    Number(u64),
    Word(&'static str),
    /// A text that the request or the file has given.
    Given,
}

impl Form {
    /// Says how a value is written, as the end of a sentence.
    pub fn shown(self) -> Cow<'static, str> {
        match self {
            Self::Duration => "a duration up to an hour such as 500ms, 12s or 5m".into(),
            Self::Number(least, most) => format!("a number from {least} to {most}").into(),
            Self::Word(words) => words.join(", ").into(),
            Self::Host => "an IP address or the name of a host".into(),
        }
    }

    /// The words that it can be; none if it is no word.
    pub fn words(self) -> &'static [&'static str] {
        if let Self::Word(words) = self { words } else { &[] }
    }

    /// Reads a value; `None` if it has not this form.
    pub(super) fn read(self, text: &str) -> Option<Value> {
        match self {
            Self::Duration => {
                let time = Duration::from_millis(Unit::Duration.parse(text)?);
                (time <= LONGEST).then_some(Value::Duration(time))
            }
            Self::Number(least, most) => {
                let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let number = text.parse().ok().filter(|_| is_number)?;
                (least..=most).contains(&number).then_some(Value::Number(number))
            }
            Self::Word(words) => words.iter().find(|word| **word == text).map(|word| Value::Word(word)),
            Self::Host => Host::read(text).map(|_| Value::Given),
        }
    }
}

/// The values of all parameters of a row.
#[derive(Debug, Default)]
pub(super) struct Values(Vec<(&'static str, Value)>);

impl Values {
    /// Takes the value of a parameter.
    pub fn add(&mut self, name: &'static str, value: Value) {
        self.0.push((name, value));
    }

    fn of(&self, name: &str) -> Option<Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// The value of a parameter that is a duration.
    pub fn duration(&self, name: &str) -> Duration {
        match self.of(name) {
            Some(Value::Duration(time)) => time,
            other => {
                debug_assert!(false, "{name} is no duration: {other:?}");
                Duration::ZERO
            }
        }
    }

    /// The value of a parameter that is a number. Every range of the table fits.
    pub fn number<T: TryFrom<u64> + Default>(&self, name: &str) -> T {
        match self.of(name) {
            Some(Value::Number(number)) => T::try_from(number).unwrap_or_default(),
            other => {
                debug_assert!(false, "{name} is no number: {other:?}");
                T::default()
            }
        }
    }

    /// The value of a parameter that is a word.
    pub fn word(&self, name: &str) -> &'static str {
        match self.of(name) {
            Some(Value::Word(word)) => word,
            other => {
                debug_assert!(false, "{name} is no word: {other:?}");
                ""
            }
        }
    }
}
