//! Whether a file is sent, and how much of it: conditional requests (RFC 9110 §13) and ranges (§14).

use std::fs::Metadata;
use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt as _;
use std::time::{SystemTime, UNIX_EPOCH};

use http_range_header::{RangeUnsatisfiableError, parse_range_header};
use httpdate::HttpDate;
use hyper::Method;
use hyper::header::{
    HeaderMap, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE,
};

use crate::http::headers::entity_tag::lists;

/// By what one version of a file is told from another (RFC 9110 §8.8).
pub struct Validators {
    /// A strong entity tag: the system notes the time of every change, and nobody can set that time.
    pub tag: String,
    /// When the content was changed; `None` for a time that is still to come, which must not be said (§8.8.2.1).
    pub modified: Option<HttpDate>,
}

/// The part of a file that is sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Whole,
    /// The first and the last byte.
    Part(RangeInclusive<u64>),
    /// 304
    NotModified,
    /// 412
    Failed,
    /// 416
    Unsatisfiable,
}

impl Validators {
    /// The validators of a file.
    pub fn of(metadata: &Metadata, now: SystemTime) -> Self {
        let tag = format!("\"{:x}-{:x}-{:x}\"", metadata.ctime(), metadata.ctime_nsec(), metadata.len());
        let modified = metadata.modified().ok().filter(|time| (UNIX_EPOCH..=now).contains(time));
        Self { tag, modified: modified.map(HttpDate::from) }
    }
}

/// Goes through the conditions in the order of RFC 9110 §13.2.2.
pub fn judge(method: &Method, headers: &HeaderMap, validators: &Validators, length: u64) -> Outcome {
    let Validators { tag, modified } = validators;
    // A header that stands twice where it may stand once counts as none.
    let one = |name| {
        let mut values = headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok())
    };
    let date = |name| one(name).and_then(|value| value.parse::<HttpDate>().ok());
    if headers.contains_key(IF_MATCH) {
        if !lists(headers, IF_MATCH, Some(tag)) {
            return Outcome::Failed;
        }
    } else if let (Some(date), Some(modified)) = (date(IF_UNMODIFIED_SINCE), modified)
        && *modified > date
    {
        return Outcome::Failed;
    }
    if headers.contains_key(IF_NONE_MATCH) {
        if lists(headers, IF_NONE_MATCH, Some(tag)) {
            return Outcome::NotModified;
        }
    } else if let (Some(date), Some(modified)) = (date(IF_MODIFIED_SINCE), modified)
        && *modified <= date
    {
        return Outcome::NotModified;
    }
    let Some(range) = one(RANGE).filter(|_| method == Method::GET) else {
        return Outcome::Whole;
    };
    // A date never fits: that a file did not change twice in one second cannot be known (§13.1.5, §8.8.2.2).
    if headers.contains_key(IF_RANGE) && one(IF_RANGE).is_none_or(|other| other != tag) {
        return Outcome::Whole;
    }
    match parse_range_header(range).and_then(|ranges| ranges.validate(length)) {
        // Several may be answered with the whole, and so may what is no range (§14.2).
        Ok(ranges) => match &ranges[..] {
            [range] => Outcome::Part(range.clone()),
            _ => Outcome::Whole,
        },
        Err(RangeUnsatisfiableError::Unsatisfiable) => Outcome::Unsatisfiable,
        Err(_) => Outcome::Whole,
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;

    use super::*;

    const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    fn outcome(method: &Method, headers: &[(HeaderName, &str)], length: u64) -> Outcome {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.parse().expect("a good header")))
            .collect();
        let validators = Validators { tag: "\"a\"".to_owned(), modified: MODIFIED.parse().ok() };
        judge(method, &headers, &validators, length)
    }

    #[test]
    fn conditions_are_taken_in_their_order() {
        use Outcome::{Failed, NotModified, Whole};
        for (headers, expected) in [
            (&[][..], Whole),
            (&[(IF_NONE_MATCH, "\"a\"")], NotModified),
            (&[(IF_NONE_MATCH, "W/\"a\"")], NotModified),
            (&[(IF_NONE_MATCH, "\"b\" , \"a\"")], NotModified),
            (&[(IF_NONE_MATCH, "*")], NotModified),
            (&[(IF_NONE_MATCH, "\"b\"")], Whole),
            (&[(IF_NONE_MATCH, "a")], Whole),
            (&[(IF_MODIFIED_SINCE, MODIFIED)], NotModified),
            (&[(IF_MODIFIED_SINCE, AFTER)], NotModified),
            (&[(IF_MODIFIED_SINCE, BEFORE)], Whole),
            (&[(IF_MODIFIED_SINCE, "yesterday")], Whole),
            (&[(IF_MODIFIED_SINCE, AFTER), (IF_NONE_MATCH, "\"b\"")], Whole),
            (&[(IF_MODIFIED_SINCE, BEFORE), (IF_NONE_MATCH, "\"a\"")], NotModified),
            (&[(IF_MATCH, "\"a\"")], Whole),
            (&[(IF_MATCH, "*")], Whole),
            (&[(IF_MATCH, "W/\"a\"")], Failed),
            (&[(IF_MATCH, "\"b\"")], Failed),
            (&[(IF_MATCH, "\"a\""), (IF_NONE_MATCH, "\"a\"")], NotModified),
            (&[(IF_MATCH, "\"a\""), (IF_UNMODIFIED_SINCE, BEFORE)], Whole),
            (&[(IF_UNMODIFIED_SINCE, MODIFIED)], Whole),
            (&[(IF_UNMODIFIED_SINCE, BEFORE)], Failed),
            (&[(IF_UNMODIFIED_SINCE, "yesterday")], Whole),
        ] {
            for method in [Method::GET, Method::HEAD] {
                assert_eq!(outcome(&method, headers, 10), expected, "{method} {headers:?}");
            }
        }
    }

    #[test]
    fn a_range_is_a_part_of_the_file_or_is_ignored() {
        use Outcome::{Part, Unsatisfiable, Whole};
        for (range, length, expected) in [
            ("bytes=0-0", 10, Part(0..=0)),
            ("bytes=2-5", 10, Part(2..=5)),
            ("bytes=2-", 10, Part(2..=9)),
            ("bytes=2-99", 10, Part(2..=9)),
            ("bytes=-3", 10, Part(7..=9)),
            ("bytes=-99", 10, Part(0..=9)),
            ("bytes=0-18446744073709551616", 10, Part(0..=9)),
            ("Bytes=9-9", 10, Part(9..=9)),
            ("bytes=10-", 10, Unsatisfiable),
            ("bytes=18446744073709551615-", 10, Unsatisfiable),
            ("bytes=-0", 10, Unsatisfiable),
            ("bytes=0-", 0, Unsatisfiable),
            ("bytes=-1", 0, Whole),
            ("bytes=5-2", 10, Whole),
            ("bytes=0-1,4-5", 10, Whole),
            ("bytes=", 10, Whole),
            ("bytes=a-b", 10, Whole),
            ("bytes=+1-2", 10, Whole),
            ("bytes 0-1", 10, Whole),
            ("lines=0-1", 10, Whole),
        ] {
            assert_eq!(outcome(&Method::GET, &[(RANGE, range)], length), expected, "{range} of {length}");
            assert_eq!(outcome(&Method::HEAD, &[(RANGE, range)], length), Whole, "{range} of {length}");
        }
        let range = (RANGE, "bytes=2-5");
        for (if_range, expected) in
            [("\"a\"", Part(2..=5)), ("\"b\"", Whole), ("W/\"a\"", Whole), (MODIFIED, Whole), ("a", Whole)]
        {
            assert_eq!(
                outcome(&Method::GET, &[range.clone(), (IF_RANGE, if_range)], 10),
                expected,
                "{if_range}"
            );
        }
        let not_modified = outcome(&Method::GET, &[range, (IF_NONE_MATCH, "\"a\"")], 10);
        assert_eq!(not_modified, Outcome::NotModified, "conditions come first");
    }

    #[test]
    fn a_time_that_is_still_to_come_is_not_said() {
        let metadata = std::fs::metadata(file!()).expect("the tests run where the sources are");
        let changed = metadata.modified().expect("the system notes it");
        let modified = |now| Validators::of(&metadata, now).modified.is_some();
        assert!(modified(changed) && !modified(changed - std::time::Duration::from_secs(1)));
    }
}
