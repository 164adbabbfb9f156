//! Reads what was recorded of a connection, and judges it as if it went on now: a HAR of a browser, a file that the page or the record
//! of callboard has saved, or one of `probe --save`.

use std::time::Duration;

use serde_json::Value;

use super::browser;
use super::dialogue::{Dialogue, Side};
use super::header;
use super::outcome::{rfc3339, seconds};
use super::peer::{self, Refusal, Upgrade};
use super::plain::{self, Plain};
use super::plan::{Frame, Judged};
use super::secret::{shown_url, without_key};
use super::step::Step;
use super::symptom::Symptom;
use crate::xmpp::sasl;

/// How many frames of a file are read.
const FRAMES_MAX: usize = 100_000;

/// How much memory the values of a file may take, in bytes, as it is estimated: few bytes of JSON can make values a hundred times as large.
const VALUES_MAX: usize = 512 << 20;

/// How many connections of a file are explained.
const CONNECTIONS_MAX: usize = 64;

/// A connection as a file has it.
#[derive(Debug, Default)]
struct Recorded {
    name: String,
    /// Its requests were posted.
    bosh: bool,
    upgrade: Option<Upgrade>,
    frames: Vec<Frame>,
    /// What the browser says of its failure.
    error: Option<String>,
}

/// Explains every connection in a file.
///
/// # Errors
///
/// Returns a sentence when the file is none of those that can be read, or has no frame.
pub fn explain(text: &str) -> Result<Vec<Judged>, String> {
    let text = text.trim_start_matches('\u{feff}');
    let (recorded, left_out) = if text.trim_start().starts_with(['{', '[']) {
        of_json(text)?
    } else {
        let Plain { frames, reports, left_out } = plain::read(text, FRAMES_MAX);
        if !reports.is_empty() {
            let judged =
                reports.into_iter().map(|(name, outcomes)| Judged { name, outcomes, ..Judged::default() });
            return Ok(judged.take(CONNECTIONS_MAX).collect());
        }
        if frames.is_empty() {
            return Err("it is no recording; what can be read are a HAR, and JSON and text of callboard's page, record and probe".to_owned());
        }
        (by_session(frames.into_iter()), left_out)
    };
    if recorded.is_empty() {
        return Err("it has no frame of XMPP, neither over WebSocket nor over BOSH".to_owned());
    }
    let judge = |recorded| Judged { left_out, ..judge(recorded) };
    Ok(recorded.into_iter().take(CONNECTIONS_MAX).map(judge).collect())
}

/// How much memory the values of a text in JSON take at most beside their strings, in bytes.
fn weight(text: &str) -> usize {
    let (mut weight, mut is_string, mut is_escaped) = (0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_string,
            b'"' => is_string = !is_string,
            // A node of a map has places for eleven members.
            b'{' if !is_string => weight += 640,
            b'[' | b',' if !is_string => weight += 64,
            _ => {}
        }
    }
    weight
}

/// The connections of a file in JSON, and how many frames it says that it leaves out.
fn of_json(text: &str) -> Result<(Vec<Recorded>, usize), String> {
    if weight(text) > VALUES_MAX {
        return Err("it has more values than 512 MiB of memory can hold; record less, or save only the connection that fails".to_owned());
    }
    let file: Value = serde_json::from_str(text).map_err(|error| {
        format!(
            "line {}, column {}: not JSON; what can be read are a HAR, and JSON and text of callboard's page, record and probe",
            error.line(),
            error.column()
        )
    })?;
    let recorded = if let Some(entries) = file["log"]["entries"].as_array() {
        from_har(entries)
    } else if let Some(frames) = file["frames"].as_array() {
        by_session(frames.iter().filter_map(of_frame))
    } else if let Some(entries) = file["entries"].as_array() {
        by_session(entries.iter().filter_map(of_entry))
    } else {
        return Err("it is JSON, but neither a HAR nor a file of callboard".to_owned());
    };
    // The page says it in a HAR, too.
    let left_out = |about: &Value| {
        let count =
            |name: &str| about[name].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
        count("framesDropped").saturating_add(count("framesHidden"))
    };
    Ok((recorded, left_out(&file).saturating_add(left_out(&file["log"]["_about"]))))
}

/// Judges one connection.
fn judge(recorded: Recorded) -> Judged {
    let Recorded { name, bosh, upgrade, mut frames, error } = recorded;
    let mut dialogue = Dialogue::default();
    // The clock of who has recorded it may have been set back meanwhile: what was said is in the order of the file.
    let mut clock = frames.first().map_or(Duration::ZERO, |frame| frame.at);
    let mut last = Duration::ZERO;
    for frame in &mut frames {
        last = last.saturating_add(frame.at.saturating_sub(clock));
        clock = std::mem::replace(&mut frame.at, last);
    }
    if let Some(upgrade) = upgrade {
        dialogue.outcomes.begin(Step::Upgrade, Duration::ZERO);
        peer::upgraded(&mut dialogue.outcomes, Duration::ZERO, &upgrade, bosh);
    }
    if frames.is_empty() && error.is_none() && dialogue.outcomes.failed().is_none() {
        dialogue.outcomes.warn(Step::Open, Duration::ZERO, Symptom::NoMessages);
    }
    for Frame { at, side, text } in &mut frames {
        let is_login = *side == Side::Server && !dialogue.has_logged_in();
        dialogue.frame(*at, *side, text);
        // By what a server says in SCRAM a password can be guessed.
        if is_login {
            *text = sasl::masked_before_login(text);
        }
        // A HAR has the password, and what `--save` writes has not.
        if *side == Side::Client && !header::is_tag(text) {
            *text = sasl::masked(text, dialogue.has_logged_in()).into_owned();
        }
        *text = without_key(text);
    }
    let end_is_unknown = !dialogue.is_closing() && error.is_none();
    let begun = frames.iter().any(|frame| frame.side == Side::Server);
    if let Some(words) = error.filter(|_| begun || dialogue.outcomes.failed().is_none()) {
        browser::failed(&mut dialogue, last, &words, begun, bosh);
    } else if !frames.is_empty() {
        dialogue.recorded(last);
    }
    let name = shown_url(&name);
    Judged { name, outcomes: dialogue.outcomes, frames, is_recording: true, end_is_unknown, left_out: 0 }
}

/// Frames with the name of their session, connection by connection.
fn by_session(frames: impl Iterator<Item = (String, Frame)>) -> Vec<Recorded> {
    let mut recorded: Vec<Recorded> = Vec::new();
    for (name, frame) in frames.take(FRAMES_MAX) {
        match recorded.iter().position(|recorded| recorded.name == name) {
            Some(known) => recorded[known].frames.push(frame),
            None if recorded.len() < CONNECTIONS_MAX => {
                recorded.push(Recorded { name, frames: vec![frame], ..Recorded::default() });
            }
            None => {}
        }
    }
    // A stream of server-sent events is in the record, too: its client says nothing.
    recorded.retain(|recorded| recorded.frames.iter().any(|frame| frame.side == Side::Client));
    recorded
}

/// A frame of the page or of `probe --save`.
fn of_frame(frame: &Value) -> Option<(String, Frame)> {
    let text = frame["text"].as_str()?.to_owned();
    // What belongs to a request of the REST API is no frame, and what was cut off is not one whole element.
    if frame["http"].is_object() || frame["cut"] == true {
        return None;
    }
    let from_client = match (frame["from"].as_str(), frame["direction"].as_str()) {
        (Some(from), _) => from == "client",
        (_, direction) => direction == Some("out"),
    };
    let at = match (frame["ms"].as_f64(), &frame["time"]) {
        (Some(ms), _) => seconds(ms / 1e3),
        (_, Value::String(time)) => rfc3339(time),
        (_, time) => seconds(time.as_f64().unwrap_or_default() / 1e3),
    };
    Some((named(&frame["session"]), Frame { at, side: side(from_client), text }))
}

/// A frame of the record.
fn of_entry(entry: &Value) -> Option<(String, Frame)> {
    let from_client = match entry["kind"].as_str()? {
        "frame-in" => true,
        "frame-out" => false,
        _ => return None,
    };
    // The record keeps the start of a long text.
    if entry["cut"] == true {
        return None;
    }
    let text = entry["text"].as_str()?.to_owned();
    let at = seconds(entry["time"].as_f64().unwrap_or_default() / 1e3);
    Some((named(&entry["session"]), Frame { at, side: side(from_client), text }))
}

fn named(session: &Value) -> String {
    match session {
        Value::String(name) => name.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// The WebSockets of a HAR that speak XMPP, and its requests of BOSH as one connection for each address.
fn from_har(entries: &[Value]) -> Vec<Recorded> {
    let mut recorded: Vec<Recorded> = Vec::new();
    let mut left = FRAMES_MAX;
    for entry in entries {
        let (request, response) = (&entry["request"], &entry["response"]);
        let url = request["url"].as_str().unwrap_or_default();
        let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let header = |side: &Value, name: &str| {
            let headers = side["headers"].as_array()?;
            let found = headers.iter().find(|header| {
                header["name"].as_str().is_some_and(|found| found.eq_ignore_ascii_case(name))
            })?;
            found["value"].as_str().map(str::to_owned)
        };
        let refusal = |status| Refusal {
            status,
            location: header(response, "location"),
            server: header(response, "server"),
            page: response["content"]["text"].as_str().and_then(peer::title),
        };
        let messages = entry["_webSocketMessages"].as_array();
        let offers = header(request, "sec-websocket-protocol");
        let is_web_socket = messages.is_some() || url.starts_with("ws") || offers.is_some();
        if is_web_socket {
            if recorded.len() == CONNECTIONS_MAX {
                continue;
            }
            let upgrade = match status {
                Some(101) => Some(Upgrade::Done {
                    // A browser that took the connection has seen it; not each HAR has the headers.
                    protocol: header(response, "sec-websocket-protocol")
                        .or_else(|| messages.is_some().then(|| "xmpp".to_owned())),
                }),
                Some(status) if status > 0 => Some(Upgrade::Status(refusal(status))),
                _ => None,
            };
            let frames: Vec<_> = messages.into_iter().flatten().filter_map(of_message).take(left).collect();
            let mut errors = messages.into_iter().flatten().filter(|message| message["type"] == "error");
            let error = errors.next().and_then(|error| error["data"].as_str()).map(str::to_owned);
            // Without a request for the upgrade nobody knows what it was to offer.
            let is_unknown = error.is_some() && request["headers"].as_array().is_none_or(Vec::is_empty);
            left -= frames.len();
            // A page may have WebSockets of others, too.
            let offers_xmpp = offers.is_some_and(|offers| {
                offers.split(',').any(|protocol| protocol.trim().eq_ignore_ascii_case("xmpp"))
            });
            if !offers_xmpp
                && !is_unknown
                && !frames.iter().any(|frame| frame.text.trim_start().starts_with('<'))
            {
                continue;
            }
            recorded.push(Recorded { name: url.to_owned(), bosh: false, upgrade, frames, error });
            continue;
        }
        let posted = request["postData"]["text"].as_str().unwrap_or_default();
        if !posted.trim_start().starts_with("<body") || left < 2 {
            continue;
        }
        left -= 2;
        let begun = rfc3339(entry["startedDateTime"].as_str().unwrap_or_default());
        let took = seconds(entry["time"].as_f64().unwrap_or_default() / 1e3);
        let mut frames = vec![Frame { at: begun, side: Side::Client, text: posted.to_owned() }];
        // The page of an error is no body of BOSH, and a request that was given up has no answer.
        let answer = response["content"]["text"].as_str();
        if let Some(answer) = answer.filter(|answer| status == Some(200) && !answer.is_empty()) {
            frames.push(Frame {
                at: begun.saturating_add(took),
                side: Side::Server,
                text: answer.to_owned(),
            });
        }
        let refused = status.filter(|status| !matches!(status, 0 | 200)).map(refusal).map(Upgrade::Status);
        // The error of a request is that of its session, if none comes after it.
        let error = ["_error", "_failureText"].into_iter().find_map(|name| response[name].as_str());
        let error = error.filter(|words| !browser::is_given_up(words)).map(str::to_owned);
        match recorded.iter().position(|recorded| recorded.name == url) {
            Some(known) => {
                recorded[known].frames.extend(frames);
                recorded[known].error = error;
            }
            None if recorded.len() < CONNECTIONS_MAX => {
                recorded.push(Recorded { name: url.to_owned(), bosh: true, upgrade: refused, frames, error });
            }
            None => {}
        }
    }
    // The answer to a request of BOSH may come behind the next request.
    for Recorded { frames, .. } in recorded.iter_mut().filter(|recorded| recorded.bosh) {
        frames.sort_by_key(|frame| frame.at);
    }
    recorded
}

/// A message as Chromium writes it.
fn of_message(message: &Value) -> Option<Frame> {
    let side = side(match message["type"].as_str()? {
        "send" => true,
        "receive" => false,
        _ => return None,
    });
    let text = message["data"].as_str()?.to_owned();
    // Chromium has seconds since 1970, and playwright milliseconds.
    let time = message["time"].as_f64().unwrap_or_default();
    let at = if time > 1e11 { seconds(time / 1e3) } else { seconds(time) };
    Some(Frame { at, side, text })
}

fn side(from_client: bool) -> Side {
    if from_client { Side::Client } else { Side::Server }
}
