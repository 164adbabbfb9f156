//! How entries, the header and snapshots stand in the engine.
//!
//! The stream begins with the header, whose id is [`EntryId::FIRST`]: fields `version`, `domain` and `sections`. Each entry after it
//! has the one field `entry`: a byte of version, the writer (16 bytes), the number of the request (8 bytes, the lowest first), and
//! the bytes that were to be appended. A snapshot is a hash under a second key, with the fields of the header and `id`, `seen` and
//! `state`.

use std::fmt;

/// The form of all records. Another form is another number.
const VERSION: u8 = 1;
/// The form of all records as a text, for the header and snapshots.
pub(super) const VERSION_TEXT: &str = "1";
/// The field of an entry.
pub(super) const FIELD: &str = "entry";
/// How many bytes an entry has beside those that were to be appended.
pub(super) const HEAD: usize = 1 + 16 + 8;

/// A process that appends, by a random number: after a restart it is another one.
pub(super) type Writer = [u8; 16];

/// The place of an entry in the stream (Redis, "Entry IDs"); a later one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryId {
    /// The time of the engine's clock, in milliseconds since 1970.
    pub ms: u64,
    /// The place among the entries of one millisecond.
    pub seq: u64,
}

impl EntryId {
    /// The place of the header, below which no entry can stand.
    pub const FIRST: Self = Self { ms: 0, seq: 1 };

    /// Reads what the engine writes: `1526919030474-55`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (ms, seq) = str::from_utf8(text).ok()?.split_once('-')?;
        Some(Self { ms: ms.parse().ok()?, seq: seq.parse().ok()? })
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// An entry as the stream has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub id: EntryId,
    pub writer: Writer,
    /// The number of the request, counted from 1 by each writer.
    pub number: u64,
    pub bytes: Vec<u8>,
}

/// The bytes of a record, which XADD appends.
pub(super) fn written(writer: &Writer, number: u64, bytes: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEAD + bytes.len());
    record.push(VERSION);
    record.extend_from_slice(writer);
    record.extend_from_slice(&number.to_le_bytes());
    record.extend_from_slice(bytes);
    record
}

/// Reads an entry.
///
/// # Errors
///
/// Returns what it is instead, as the end of a sentence that begins with the entry.
pub(super) fn read(id: EntryId, fields: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Record, String> {
    let [(name, mut record)] = <[_; 1]>::try_from(fields)
        .map_err(|fields| format!("has {} fields, and not the one of callboard", fields.len()))?;
    if name != FIELD.as_bytes() {
        return Err("has a field that is not callboard's".to_owned());
    }
    match record.first() {
        Some(&VERSION) => {}
        Some(other) => return Err(format!("is of form {other}, and this program knows form {VERSION}")),
        None => return Err("is empty".to_owned()),
    }
    let (Some(writer), Some(number)) = (
        record.get(1..17).and_then(|at| at.try_into().ok()),
        record.get(17..HEAD).and_then(|at| at.try_into().ok()),
    ) else {
        return Err(format!("has {} bytes, too few for one of callboard", record.len()));
    };
    record.drain(..HEAD);
    Ok(Record { id, writer, number: u64::from_le_bytes(number), bytes: record })
}

/// The terms of a stream, in its header and in each snapshot: the domain and the configuration that a reader has to have.
pub(super) struct Kind<'a> {
    pub version: &'a [u8],
    pub domain: &'a [u8],
}

impl Kind<'_> {
    /// Tells why an appliance of `domain` cannot take part, as the end of a sentence that begins with what it has read.
    pub fn misfit(&self, domain: &str) -> Option<String> {
        let shown = |text| String::from_utf8_lossy(text).chars().take(60).collect::<String>();
        if self.version != VERSION_TEXT.as_bytes() {
            let found = shown(self.version);
            return Some(format!(
                "is of form \"{found}\", and this program knows form {VERSION}; run the same program everywhere, or name another key"
            ));
        }
        (self.domain != domain.as_bytes()).then(|| {
            let found = shown(self.domain);
            format!(
                "is that of domain \"{found}\", and here it is \"{domain}\"; name another key, or set domain"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: EntryId = EntryId { ms: 1_526_919_030_474, seq: 55 };

    #[test]
    fn ids_are_read_as_they_are_written_and_have_an_order() {
        assert_eq!(EntryId::parse(ID.to_string().as_bytes()), Some(ID));
        for wrong in ["", "1", "1-", "-1", "1-2-3", "x-1", "18446744073709551616-0", "\u{ff}-1"] {
            assert_eq!(EntryId::parse(wrong.as_bytes()), None, "{wrong}");
        }
        assert!(EntryId { ms: 9, seq: 9 } < EntryId { ms: 10, seq: 0 });
        assert!(EntryId { ms: 10, seq: 9 } < EntryId { ms: 10, seq: 10 });
    }

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let record = written(&[7; 16], 42, b"bytes");
        let read = read(ID, vec![(b"entry".to_vec(), record)]);
        let expected = Record { id: ID, writer: [7; 16], number: 42, bytes: b"bytes".to_vec() };
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn what_is_no_entry_of_ours_is_told_in_words() {
        let entry = |name: &str, value: &[u8]| (name.as_bytes().to_vec(), value.to_vec());
        for (fields, words) in [
            (vec![], "0 fields"),
            (vec![entry("entry", b""), entry("more", b"")], "2 fields"),
            (vec![entry("temperature", b"21")], "not callboard's"),
            (vec![entry("entry", b"")], "empty"),
            (vec![entry("entry", b"\x02and so on")], "form 2"),
            (vec![entry("entry", &[1; HEAD - 1])], "24 bytes"),
        ] {
            let error = read(ID, fields).expect_err(words);
            assert!(error.contains(words), "{error}");
        }
        assert!(read(ID, vec![entry("entry", &[1; HEAD])]).is_ok());
    }

    #[test]
    fn another_form_and_another_domain_are_told() {
        let misfit = |version: &str, domain: &str| {
            Kind { version: version.as_bytes(), domain: domain.as_bytes() }.misfit("localhost")
        };
        assert_eq!(misfit("1", "localhost"), None);
        assert!(misfit("2", "localhost").is_some_and(|end| end.contains("form \"2\"")));
        assert!(misfit("1", "a.example").is_some_and(|end| end.contains("\"a.example\"")));
    }
}
