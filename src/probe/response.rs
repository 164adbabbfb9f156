//! Reads the response to a request over a connection of its own (RFC 9112).

use super::header;

/// How long a head and a body may be.
const HEAD_MAX: usize = 64 << 10;
const BODY_MAX: usize = 1 << 20;

/// How long all of it may be: with announcements of a response before it, and with what is between the chunks of a body.
const RESPONSE_MAX: usize = HEAD_MAX + 2 * BODY_MAX;

/// How many announcements may stand before a response, and how many chunks its body may have: all of them are read again when more
/// has come.
const ANNOUNCED_MAX: usize = 16;
const CHUNKS_MAX: usize = 4096;

/// How many headers a response may have.
const HEADERS_MAX: usize = 100;

/// The response to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub location: Option<String>,
    pub server: Option<String>,
    pub body: String,
}

impl Response {
    /// Reads what has come so far; `None`: there is more to come. `is_over`: the other side has ended the connection.
    ///
    /// # Errors
    ///
    /// Returns a sentence when it is no response, or is too long.
    pub fn read(bytes: &[u8], is_over: bool) -> Result<Option<Self>, String> {
        if bytes.len() > RESPONSE_MAX {
            return Err("the response is too long".to_owned());
        }
        if std::str::from_utf8(&bytes[..bytes.len().min(64)]).is_ok_and(header::is_header) {
            return Err(header::NO_HTTP.to_owned());
        }
        let mut rest = bytes;
        let mut announced = 0;
        let Head { mut response, chunked, length, .. } = loop {
            let Some(found) = head(rest)? else {
                return match (is_over, rest.len() > HEAD_MAX) {
                    (_, true) => Err("the head of the response is too long".to_owned()),
                    (true, _) => Err("the connection ended before the response did".to_owned()),
                    _ => Ok(None),
                };
            };
            rest = &rest[found.end..];
            // Another response follows those that only say that it will (RFC 9110 §15.2).
            if !(100..200).contains(&found.response.status) || found.response.status == 101 {
                break found;
            }
            announced += 1;
            if announced > ANNOUNCED_MAX {
                return Err("the response is announced again and again".to_owned());
            }
        };
        let body = match (chunked, length) {
            _ if matches!(response.status, 101 | 204 | 304) => Some(Vec::new()),
            (true, _) => unchunked(rest)?,
            (_, Some(length)) if length > BODY_MAX => return Err(too_long()),
            (_, Some(length)) => rest.get(..length).map(<[u8]>::to_vec),
            (_, None) if rest.len() > BODY_MAX => return Err(too_long()),
            (_, None) => is_over.then(|| rest.to_vec()),
        };
        match body {
            Some(body) => {
                response.body = String::from_utf8_lossy(&body).into_owned();
                Ok(Some(response))
            }
            None if is_over => Err("the connection ended before the response did".to_owned()),
            None => Ok(None),
        }
    }
}

fn too_long() -> String {
    "the body of the response is too long".to_owned()
}

/// A head: the response without its body, whether that is in chunks, its length, and where it begins.
struct Head {
    response: Response,
    chunked: bool,
    length: Option<usize>,
    end: usize,
}

fn head(bytes: &[u8]) -> Result<Option<Head>, String> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut head = httparse::Response::new(&mut headers);
    let end = match head.parse(bytes).map_err(|error| error.to_string())? {
        httparse::Status::Complete(end) => end,
        httparse::Status::Partial => return Ok(None),
    };
    let header = |name: &str| {
        let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        Some(String::from_utf8_lossy(found.value).trim().to_owned())
    };
    let chunked =
        header("transfer-encoding").is_some_and(|coding| coding.to_ascii_lowercase().ends_with("chunked"));
    let length = match header("content-length") {
        Some(length) => Some(length.parse().map_err(|_| "the length of the body is no number".to_owned())?),
        None => None,
    };
    let response = Response {
        status: head.code.unwrap_or_default(),
        location: header("location"),
        server: header("server"),
        body: String::new(),
    };
    Ok(Some(Head { response, chunked, length, end }))
}

/// A body that came in chunks (RFC 9112 §7.1); `None`: there are more.
fn unchunked(mut bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut body = Vec::new();
    for _ in 0..CHUNKS_MAX {
        let (start, size) = match httparse::parse_chunk_size(bytes) {
            Ok(httparse::Status::Complete(found)) => found,
            // What is between chunks is short.
            Ok(httparse::Status::Partial) if bytes.len() < HEAD_MAX => return Ok(None),
            _ => return Err("the body has a chunk without a size".to_owned()),
        };
        let size =
            usize::try_from(size).ok().filter(|size| *size <= BODY_MAX - body.len()).ok_or_else(too_long)?;
        if size == 0 {
            return Ok(Some(body));
        }
        let Some(chunk) = bytes.get(start..start + size) else { return Ok(None) };
        body.extend_from_slice(chunk);
        match bytes.get(start + size..start + size + 2) {
            Some(b"\r\n") => bytes = &bytes[start + size + 2..],
            Some(_) => return Err("a chunk of the body has another size".to_owned()),
            None => return Ok(None),
        }
    }
    Err("the body has too many chunks".to_owned())
}
