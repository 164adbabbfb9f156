//! A stream over TCP divided into its header, its stanzas and its end (RFC 6120 §4.2, §4.4, §11).
//!
//! Nothing is judged here but where each of them ends, so that every one goes through the same reader as a message of any other
//! transport. Where a text is well-formed, the reader and the splitter agree about its end; where it is not, the reader refuses
//! it, and the stream is over.

use crate::xml::XmlError;
use crate::xmpp::ns;

/// A piece of a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The start tag of the stream, as an empty element, with an XML declaration if it had one (RFC 6120 §4.7).
    Header(&'a str),
    /// An element of the first level, with the namespaces that the header declares for it (RFC 6120 §4.8).
    Stanza(&'a str),
    /// White space between stanzas: the client lives (RFC 6120 §4.6.1).
    Space,
    /// The end tag of the stream (RFC 6120 §4.4).
    End,
}

/// A text of a larger capacity, in bytes, is not kept for the next piece.
const LARGE: usize = 1024;

/// The start of a section of CDATA, behind its `<!` (XML 1.0 §2.7).
const CDATA: &[u8] = b"[CDATA[";

const OUTSIDE: XmlError = XmlError::NotWellFormed("Between stanzas there is nothing but white space.");
const BEHIND: XmlError = XmlError::NotWellFormed("Nothing follows the end of the stream.");
const TAG: XmlError = XmlError::NotWellFormed("A tag has a < in it.");
const END: XmlError = XmlError::NotWellFormed("The end tag of a stream is </stream:stream>.");

/// The part of the stream to which the next byte belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first level: a stanza or the end comes, or the header.
    Between,
    /// A `<` has come.
    Markup,
    /// An XML declaration.
    Declaration,
    /// A start tag, outside of values.
    Tag,
    /// A value of an attribute, in these quotes.
    Value(u8),
    /// The content of an element.
    Content,
    /// `<!`, and so many bytes of [`CDATA`].
    Bang(usize),
    /// A section of CDATA.
    Cdata,
    /// An end tag of an element.
    EndTag,
    /// The end tag of the stream.
    StreamEnd,
    /// The header was an empty element: its end has still to be told.
    Empty,
    /// The stream is over.
    Over,
}

/// Divides a stream. It holds no more than the bytes of a piece that is not complete.
#[derive(Debug)]
pub struct Splitter {
    state: State,
    /// The piece up to now.
    text: Vec<u8>,
    /// The text was handed out.
    is_done: bool,
    limit: usize,
    /// Elements that are open on the first level and below.
    depth: usize,
    /// A header comes next.
    awaits_header: bool,
    /// The element of the first level that came last is a header.
    is_header: bool,
    /// The header declares a default namespace.
    has_default: bool,
    /// Where in the first start tag of a stanza another attribute can stand; `None`: none is needed for the prefix of streams.
    gap: Option<usize>,
}

impl Splitter {
    /// A splitter of a stream that is not open, for pieces of `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            state: State::Between,
            text: Vec::new(),
            is_done: false,
            limit,
            depth: 0,
            awaits_header: true,
            is_header: false,
            has_default: false,
            gap: None,
        }
    }

    /// Expects a new header, as after a login, and from then on pieces of `limit` bytes (RFC 6120 §6.4.6).
    pub fn restart(&mut self, limit: usize) {
        self.limit = limit;
        self.awaits_header = true;
    }

    /// Takes bytes from `input` up to the end of the next piece; `None`: it has not come yet.
    ///
    /// # Errors
    ///
    /// This can be no stream of XMPP, or a piece is too long. There is no reading on after that.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Piece<'_>>, XmlError> {
        if std::mem::take(&mut self.is_done) {
            // An idle session keeps no text.
            match input.is_empty() || self.text.capacity() > LARGE {
                true => self.text = Vec::new(),
                false => self.text.clear(),
            }
        }
        loop {
            match self.state {
                State::Empty => {
                    self.state = State::Over;
                    return Ok(Some(Piece::End));
                }
                State::Between if self.text.is_empty() && input.first().is_some_and(is_space) => {
                    skip_space(input);
                    return Ok(Some(Piece::Space));
                }
                // Behind an XML declaration.
                State::Between | State::Over => skip_space(input),
                _ => self.take_dull(input),
            }
            let Some((byte, rest)) = input.split_first() else { break };
            if self.text.capacity() == 0 {
                self.text.reserve(input.len().min(LARGE).min(self.limit));
            }
            *input = rest;
            self.text.push(*byte);
            let is_complete = self.step(*byte)?;
            self.check_length()?;
            if is_complete {
                return self.piece().map(Some);
            }
        }
        self.check_length()?;
        Ok(None)
    }

    fn check_length(&self) -> Result<(), XmlError> {
        if self.text.len() > self.limit { Err(XmlError::TooMuch("message too large")) } else { Ok(()) }
    }

    /// Takes the bytes of which none ends what the state is about, up to one more than there may be.
    fn take_dull(&mut self, input: &mut &[u8]) {
        let state = self.state;
        let is_dull = |byte: &u8| match state {
            State::Tag => !matches!(byte, b'>' | b'<' | b'"' | b'\''),
            State::Value(quote) => *byte != quote && *byte != b'<',
            State::Content => *byte != b'<',
            State::Declaration | State::Cdata => *byte != b'>',
            State::EndTag | State::StreamEnd => !matches!(byte, b'>' | b'<'),
            _ => false,
        };
        let most = input.len().min(self.limit + 1);
        let end = input[..most].iter().position(|byte| !is_dull(byte)).unwrap_or(most);
        let (dull, rest) = input.split_at(end);
        self.text.extend_from_slice(dull);
        *input = rest;
    }

    /// Goes on by one byte, which the text has already. Returns true if the piece is complete with it.
    fn step(&mut self, byte: u8) -> Result<bool, XmlError> {
        let is_first = self.depth == 0;
        self.state = match (self.state, byte) {
            (State::Between, b'<') => State::Markup,
            (State::Between | State::Empty, _) => return Err(OUTSIDE),
            (State::Over, _) => return Err(BEHIND),
            (State::Markup, b'?') if self.awaits_header && self.text.len() == 2 => State::Declaration,
            (State::Markup, b'!') if !is_first => State::Bang(0),
            (State::Markup, b'?' | b'!') => return Err(XmlError::Restricted),
            (State::Markup, b'/') if !is_first => State::EndTag,
            (State::Markup, b'/') => match self.awaits_header {
                true => return Err(XmlError::NO_ELEMENT),
                false => State::StreamEnd,
            },
            (State::Markup | State::Tag | State::EndTag | State::StreamEnd | State::Value(_), b'<') => {
                return Err(TAG);
            }
            (State::Markup | State::Tag, b'>') => return Ok(self.end_start_tag()),
            (State::Markup | State::Tag, b'"' | b'\'') => State::Value(byte),
            (State::Markup, _) => State::Tag,
            (State::Value(quote), byte) if byte == quote => State::Tag,
            (State::Content, b'<') => State::Markup,
            (State::Declaration, b'>') if self.text.ends_with(b"?>") => State::Between,
            (State::Bang(nth), _) if CDATA.get(nth) == Some(&byte) => match nth + 1 {
                nth if nth == CDATA.len() => State::Cdata,
                nth => State::Bang(nth),
            },
            // A comment or a DTD.
            (State::Bang(_), _) => return Err(XmlError::Restricted),
            (State::Cdata, b'>') if self.text.ends_with(b"]]>") => State::Content,
            (State::EndTag, b'>') => {
                self.depth -= 1;
                match self.depth {
                    0 => State::Between,
                    _ => State::Content,
                }
            }
            (State::StreamEnd, b'>') => State::Over,
            (state, _) => state,
        };
        let is_end = matches!(self.state, State::Over) || byte == b'>' && self.state == State::Between;
        Ok(is_end && !self.text.starts_with(b"<?"))
    }

    /// A start tag is complete. Returns true if the piece is.
    fn end_start_tag(&mut self) -> bool {
        let is_empty = self.text.ends_with(b"/>");
        if self.depth > 0 {
            self.depth += usize::from(!is_empty);
            self.state = State::Content;
            return false;
        }
        // A declaration stands before the tag of a header; in a value `?>` ends nothing.
        let is_declared = self.text.starts_with(b"<?");
        let end = if is_declared { self.text.windows(2).position(|two| two == b"?>") } else { None };
        let tag = &self.text[end.map_or(0, |at| at + 2)..];
        // A second header is no stanza, and nobody waits for its end.
        self.is_header = self.awaits_header || is_header(tag);
        if self.is_header {
            self.has_default = declares(tag, b"xmlns");
            self.awaits_header = false;
            self.state = if is_empty { State::Empty } else { State::Between };
            if !is_empty {
                self.text.insert(self.text.len() - 1, b'/');
            }
            return true;
        }
        let lacks_default = self.has_default && !declares(tag, b"xmlns");
        let lacks_prefix = !declares(tag, b"xmlns:stream");
        let gap = self.text.len() - if is_empty { 2 } else { 1 };
        self.gap = lacks_prefix.then_some(gap);
        if lacks_default {
            self.declare(gap, "xmlns", ns::CLIENT);
        }
        self.depth = usize::from(!is_empty);
        self.state = if is_empty { State::Between } else { State::Content };
        is_empty
    }

    fn declare(&mut self, at: usize, name: &str, uri: &str) {
        let declaration = format!(" {name}='{uri}'");
        drop(self.text.splice(at..at, declaration.bytes()));
    }

    /// The piece that is complete.
    fn piece(&mut self) -> Result<Piece<'_>, XmlError> {
        self.is_done = true;
        if self.state == State::Over {
            let name = self.text.strip_prefix(b"</stream:stream").and_then(|rest| rest.strip_suffix(b">"));
            return match name {
                Some(rest) if rest.iter().all(is_space) => Ok(Piece::End),
                _ => Err(END),
            };
        }
        if let Some(gap) = self.gap.take().filter(|_| self.text.windows(7).any(|seven| seven == b"stream:")) {
            self.declare(gap, "xmlns:stream", ns::STREAM);
        }
        // The reader would say of no text that it is not UTF-8 (RFC 6120 §4.9.3.22).
        let text = std::str::from_utf8(&self.text).map_err(|_| XmlError::Encoding)?;
        Ok(if self.is_header { Piece::Header(text) } else { Piece::Stanza(text) })
    }
}

fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn skip_space(input: &mut &[u8]) {
    let end = input.iter().position(|byte| !is_space(byte)).unwrap_or(input.len());
    *input = &input[end..];
}

/// Tells whether a start tag is that of a stream.
fn is_header(tag: &[u8]) -> bool {
    let rest = tag.strip_prefix(b"<stream:stream");
    rest.and_then(<[u8]>::first).is_some_and(|byte| is_space(byte) || matches!(byte, b'/' | b'>'))
}

/// Tells whether a start tag has an attribute of this name.
fn declares(tag: &[u8], name: &[u8]) -> bool {
    let mut quote = None;
    tag.iter().enumerate().any(|(at, byte)| {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'=') => {
                let before = tag[..at].trim_ascii_end().strip_suffix(name);
                return before.and_then(<[u8]>::last).is_some_and(is_space);
            }
            _ => {}
        }
        false
    })
}

#[cfg(test)]
mod tests;
