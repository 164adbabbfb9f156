//! A session as HTTP Archive 1.2, which the developer tools of browsers read. The frames of a WebSocket are its `_webSocketMessages`, as
//! Chromium writes them; over BOSH each envelope is a request, and the events of a stream are one response.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::json::{self, Object};
use crate::record::entry::{Entry, Key, Kind};
use crate::record::export::{About, Conversation};
use crate::record::wire::Wire;

/// A request with its response, if that is there.
struct Exchange<'a> {
    start: SystemTime,
    end: SystemTime,
    method: &'a str,
    url: String,
    status: u16,
    /// The content type and the text of the request.
    posted: Option<String>,
    kind: &'a str,
    answered: String,
    size: usize,
}

pub(super) fn write(conversation: &Conversation<'_>, wire: &Wire, about: &About<'_>) -> String {
    let About { version, profile, release, domain } = about;
    json::document(|file| {
        file.object("log", |log| {
            log.string("version", "1.2");
            log.object("creator", |creator| {
                creator.string("name", "callboard");
                creator.string("version", version);
                creator.string("comment", &format!("profile {profile}, release {release}"));
            });
            log.array("pages", [(); 0], |_, ()| {});
            let session = conversation.entries.iter().filter(|entry| entry.session.is_some());
            let stream = session.copied().collect::<Vec<_>>();
            let requests = exchanges(conversation, wire, domain);
            let transport = conversation.transport.unwrap_or("ws");
            log.with("entries", |out| {
                out.push('[');
                match transport {
                    "bosh" => {}
                    "sse" => {
                        let exchange = whole(&stream, wire, domain);
                        json::object(out, |entry| write_exchange(entry, &exchange, |_| {}));
                    }
                    _ => write_web_socket(out, &stream, wire, transport, domain),
                }
                for exchange in &requests {
                    if !out.ends_with('[') {
                        out.push(',');
                    }
                    json::object(out, |entry| write_exchange(entry, exchange, |_| {}));
                }
                out.push(']');
            });
        });
    })
}

fn write_web_socket(out: &mut String, stream: &[&Entry], wire: &Wire, transport: &str, domain: &str) {
    let (start, end) = ends(stream);
    let exchange = Exchange {
        start,
        end,
        method: "GET",
        // Over TCP there is no request; the two names tell TLS from none (RFC 6120 §3.2, XEP-0368).
        url: match transport {
            "tcp" => format!("xmpp-client://{domain}"),
            "tls" => format!("xmpps-client://{domain}"),
            _ => format!("{transport}://{domain}/ws/"),
        },
        status: 101,
        posted: None,
        kind: "",
        answered: String::new(),
        size: 0,
    };
    json::object(out, |entry| {
        write_exchange(entry, &exchange, |entry| {
            entry.string("_resourceType", "websocket");
            let frames = stream.iter().filter(|entry| matches!(entry.kind, Kind::FrameIn | Kind::FrameOut));
            entry.array("_webSocketMessages", frames, |out, frame| {
                json::object(out, |message| {
                    message.string("type", if frame.kind == Kind::FrameIn { "send" } else { "receive" });
                    let time = frame.since_epoch().as_micros();
                    message.plain("time", format_args!("{}.{:06}", time / 1_000_000, time % 1_000_000));
                    message.plain("opcode", 1);
                    message.string("data", &frame.text.shown(wire));
                });
            });
        });
    });
}

/// The events of a stream as one response.
fn whole(stream: &[&Entry], wire: &Wire, domain: &str) -> Exchange<'static> {
    let (start, end) = ends(stream);
    let mut answered = String::new();
    for entry in stream.iter().filter(|entry| entry.kind == Kind::FrameOut) {
        if let Some((node, item)) = entry.text.item() {
            answered.push_str(&format!("event: {node}\nid: {}\n", item.id));
        }
        for line in entry.text.shown(wire).split('\n') {
            answered.push_str(&format!("data: {line}\n"));
        }
        answered.push('\n');
    }
    Exchange {
        start,
        end,
        method: "GET",
        url: format!("https://{domain}/events"),
        status: 200,
        posted: None,
        kind: "text/event-stream",
        size: answered.len(),
        answered,
    }
}

/// The requests with their responses: of the API, and the envelopes of BOSH, which are answered in their order.
fn exchanges<'a>(conversation: &Conversation<'a>, wire: &Wire, domain: &str) -> Vec<Exchange<'a>> {
    let mut exchanges: Vec<Exchange<'_>> = Vec::new();
    let mut requests: Vec<(u64, usize)> = Vec::new();
    let mut envelopes: VecDeque<usize> = VecDeque::new();
    let is_bosh = conversation.transport == Some("bosh");
    for entry in &conversation.entries {
        let text = || entry.text.shown(wire).into_owned();
        let is_envelope = is_bosh && entry.kind == Kind::FrameIn;
        if entry.kind == Kind::Request || is_envelope {
            let (method, path) = match is_envelope {
                true => ("POST", "/http-bind/"),
                false => {
                    (entry.get(Key::Method).unwrap_or_default(), entry.get(Key::Path).unwrap_or_default())
                }
            };
            match is_envelope {
                true => envelopes.push_back(exchanges.len()),
                false => requests.push((entry.seq, exchanges.len())),
            }
            exchanges.push(Exchange {
                start: entry.time,
                end: entry.time,
                method,
                url: format!("https://{domain}{path}"),
                // There is no response as yet, as Chromium says it.
                status: 0,
                posted: (entry.size > 0).then(text),
                kind: "",
                answered: String::new(),
                size: 0,
            });
            continue;
        }
        let of = match entry.kind {
            Kind::Response => {
                let known = requests.binary_search_by_key(&entry.of, |(seq, _)| *seq);
                known.ok().map(|at| requests[at].1)
            }
            Kind::FrameOut if is_bosh => envelopes.pop_front(),
            _ => None,
        };
        if let Some(exchange) = of.and_then(|place| exchanges.get_mut(place)) {
            exchange.end = entry.time;
            exchange.status = entry.status.unwrap_or(200);
            exchange.answered = text();
            exchange.size = entry.size;
            exchange.kind = if exchange.answered.starts_with('{') { "application/json" } else { "text/xml" };
        }
    }
    exchanges
}

fn write_exchange(entry: &mut Object<'_>, exchange: &Exchange<'_>, more: impl FnOnce(&mut Object<'_>)) {
    let Exchange { start, end, method, url, status, posted, kind, answered, size } = exchange;
    let time = end.duration_since(*start).unwrap_or(Duration::ZERO).as_micros();
    let milliseconds = format!("{}.{:03}", time / 1000, time % 1000);
    let none = |object: &mut Object<'_>, name: &str| object.array(name, [(); 0], |_, ()| {});
    more(entry);
    entry.string("startedDateTime", &date(*start));
    entry.plain("time", &milliseconds);
    entry.object("request", |request| {
        request.string("method", method);
        request.string("url", url);
        request.string("httpVersion", "HTTP/1.1");
        for name in ["cookies", "headers", "queryString"] {
            none(request, name);
        }
        if let Some(text) = posted {
            request.object("postData", |data| {
                data.string(
                    "mimeType",
                    if text.starts_with('{') { "application/json" } else { "application/xml" },
                );
                none(data, "params");
                data.string("text", text);
            });
        }
        request.plain("headersSize", -1);
        request.plain("bodySize", posted.as_ref().map_or(0, String::len));
    });
    entry.object("response", |response| {
        response.plain("status", status);
        response.string("statusText", phrase(*status));
        response.string("httpVersion", "HTTP/1.1");
        for name in ["cookies", "headers"] {
            none(response, name);
        }
        response.object("content", |content| {
            content.plain("size", size);
            content.string("mimeType", if kind.is_empty() { "x-unknown" } else { kind });
            content.string("text", answered);
        });
        response.string("redirectURL", "");
        response.plain("headersSize", -1);
        response.plain("bodySize", size);
    });
    entry.object("cache", |_| {});
    entry.object("timings", |timings| {
        timings.plain("send", 0);
        timings.plain("wait", &milliseconds);
        timings.plain("receive", 0);
    });
}

fn ends(stream: &[&Entry]) -> (SystemTime, SystemTime) {
    let time = |entry: Option<&&Entry>| entry.map_or(SystemTime::UNIX_EPOCH, |entry| entry.time);
    (time(stream.first()), time(stream.last()))
}

/// A date as HAR has it (ISO 8601).
pub(super) fn date(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let time = time.replace_millisecond(time.millisecond()).unwrap_or(time);
    time.format(&Rfc3339).unwrap_or_default()
}

/// The reason phrase of a status that the API has.
fn phrase(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        503 => "Service Unavailable",
        _ => "",
    }
}
