//! The OpenAPI document of callboard's API and of what is served of Finesse's, and the AsyncAPI document of the nodes: made from the
//! tables of the manual, which tests keep equal to those of the program, and from `operations.txt`. A part of `pack.rs`.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::{fs, io};

const REST: &str = "deploy/manual/rest.md";
const XMPP: &str = "deploy/manual/xmpp.md";
const OPERATIONS: &str = "src/console/operations.txt";

/// The beginning of the addresses of Finesse's API.
const FINESSE: &str = "/finesse/api/";

/// Paths of the first table that no client of REST asks for: streams of XMPP, pages, and what is answered with 501.
const OTHERS: [&str; 4] = ["/ws", "/ws/", "/http-bind", "/http-bind/"];

/// What every request of Finesse's API can be answered with.
const OF_FINESSE: &str = "400 401 403 404 408 412 413 415 500 501 503";

/// The mark of a text that is about one method alone.
const ONLY: &str = "\t";

/// The media by their short names.
const MEDIA: [(&str, &str); 10] = [
    ("csv", "text/csv"),
    ("events", "text/event-stream"),
    ("form", "application/x-www-form-urlencoded"),
    ("har", "application/json"),
    ("html", "text/html"),
    ("json", "application/json"),
    ("pem", "application/pem-certificate-chain"),
    ("text", "text/plain"),
    ("xml", "application/xml"),
    ("yaml", "application/yaml"),
];

/// The reasons of the statuses (RFC 9110 §15).
const REASONS: [(u16, &str); 24] = [
    (200, "OK"),
    (201, "Created"),
    (202, "Accepted"),
    (204, "No Content"),
    (206, "Partial Content"),
    (302, "Found"),
    (303, "See Other"),
    (304, "Not Modified"),
    (307, "Temporary Redirect"),
    (400, "Bad Request"),
    (401, "Unauthorized"),
    (403, "Forbidden"),
    (404, "Not Found"),
    (405, "Method Not Allowed"),
    (408, "Request Timeout"),
    (409, "Conflict"),
    (412, "Precondition Failed"),
    (413, "Content Too Large"),
    (415, "Unsupported Media Type"),
    (421, "Misdirected Request"),
    (429, "Too Many Requests"),
    (500, "Internal Server Error"),
    (501, "Not Implemented"),
    (503, "Service Unavailable"),
];

/// A status with the short names of its media.
type Status = (u16, Vec<String>);

/// The sentences and statuses of an operation.
struct Operation {
    summary: String,
    text: String,
    statuses: Vec<Status>,
    /// Parameters and body as `operations.txt` has them.
    takes: Vec<String>,
    is_public: bool,
}

/// The operations of each path by their methods.
type Paths = BTreeMap<String, Vec<(String, Operation)>>;

/// Makes both documents. Returns path below `/console/` and content of each.
pub fn files() -> io::Result<Vec<(String, Vec<u8>)>> {
    for file in ["src/console/openapi.rs", OPERATIONS] {
        println!("cargo::rerun-if-changed={file}");
    }
    let (rest, xmpp) = (fs::read_to_string(REST)?, fs::read_to_string(XMPP)?);
    let paths = paths(&rest, &fs::read_to_string(OPERATIONS)?)?;
    Ok(vec![
        ("api/openapi.yaml".to_owned(), openapi(&paths).into_bytes()),
        ("api/asyncapi.yaml".to_owned(), asyncapi(&xmpp).into_bytes()),
    ])
}

/// The rows of the first table behind a line, without its head.
fn rows<'t>(text: &'t str, line: &str) -> impl Iterator<Item = Vec<&'t str>> {
    let behind = text.split_once(line).map(|(_, behind)| behind).unwrap_or_default();
    let table =
        behind.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    table.skip(2).map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
}

/// What stands in backquotes.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Markdown without links and quotes.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("](") {
        match before.rsplit_once('[') {
            Some((before, name)) => out.extend([before, name]),
            None => out.push_str(before),
        }
        rest = behind.split_once(')').map(|(_, rest)| rest).unwrap_or_default();
    }
    out.push_str(rest);
    out.replace('`', "")
}

/// The first clause of a text.
fn clause(text: &str) -> String {
    let end = [". ", "; ", ": ", ", "].iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    let (first, rest) = text[..end].split_at(text.chars().next().map_or(0, char::len_utf8));
    format!("{}{}", first.to_uppercase(), rest)
}

/// A path of the manual with its ids as parameters.
fn template(path: &str) -> String {
    let is_id = |name: &str| name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_uppercase());
    let part = |part: &str| {
        let (name, end) =
            part.split_once('.').map_or((part, String::new()), |(name, end)| (name, format!(".{end}")));
        if is_id(name) { format!("{{{}}}{end}", name.to_lowercase()) } else { part.to_owned() }
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Statuses as a line has them: each with its media behind it.
fn statuses(text: &str) -> Vec<Status> {
    let mut found: Vec<Status> = Vec::new();
    for word in text.split_whitespace() {
        match (word.parse(), found.last_mut()) {
            (Ok(status), _) => found.push((status, Vec::new())),
            (Err(_), Some((_, media))) => media.extend(word.split(',').map(str::to_owned)),
            (Err(_), None) => {}
        }
    }
    found
}

/// The statuses that a text names.
fn named(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let is_status =
        |word: &&str| word.parse().is_ok_and(|status: u16| REASONS.iter().any(|(known, _)| *known == status));
    words.filter(is_status).collect::<Vec<_>>().join(" ")
}

/// The operations of the two tables, with what the lines say of them.
fn paths(rest: &str, lines: &str) -> io::Result<Paths> {
    let mut told: HashMap<(String, String), (Vec<Status>, Vec<String>)> = HashMap::new();
    for line in lines.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut parts = line.split('|').map(str::trim);
        let operation = parts.next().and_then(|words| words.split_once(' '));
        let (method, path) = operation.ok_or_else(|| io::Error::other(format!("{OPERATIONS}: {line}")))?;
        let statuses = statuses(parts.next().unwrap_or_default());
        let takes = parts.next().unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        told.insert((method.to_owned(), path.to_owned()), (statuses, takes));
    }
    let mut paths = Paths::new();
    let mut add = |path: String, method: &str, mut operation: Operation| {
        if let Some((statuses, takes)) = told.remove(&(method.to_owned(), path.clone())) {
            operation.takes.extend(takes);
            if !statuses.is_empty() {
                operation.statuses = statuses;
            }
        }
        let methods = paths.entry(path).or_default();
        match methods.iter_mut().find(|(known, _)| known == method) {
            // The rows of a path are those of products and releases.
            Some((_, known)) => {
                known.text = format!("{} {}", known.text, operation.text.trim_start()).trim_end().to_owned()
            }
            None => methods.push((method.to_owned(), operation)),
        }
    };
    for row in rows(rest, "<!-- paths: ") {
        let [shown, methods, what] = row[..] else { continue };
        for path in quoted(shown).filter(|path| !path.contains('…') && !OTHERS.contains(path)) {
            for method in methods.split(", ") {
                let (text, mut statuses) = (plain(what), statuses(&named(what)));
                if !statuses.iter().any(|(status, _)| *status < 400) {
                    statuses.insert(0, (200, Vec::new()));
                }
                let is_public = !what.contains("Basic") && !what.contains("As above");
                let summary = clause(&text);
                add(
                    template(path),
                    method,
                    Operation { summary, text, statuses, takes: Vec::new(), is_public },
                );
            }
        }
    }
    for row in rows(rest, "<!-- api: ") {
        let [shown, methods, _, product, release, ..] = row[..] else { continue };
        for path in quoted(shown) {
            for method in methods.split(", ").filter(|method| !method.is_empty()) {
                let takes = match method {
                    "POST" if path.ends_with("csvFileContent") => "body=csv",
                    "POST" | "PUT" => "body=xml",
                    _ => "",
                };
                let success = match method {
                    "GET" if path.ends_with("csvFileContent") => "200 csv",
                    "GET" => "200 xml,json 206 xml 304",
                    _ => "200 xml,text 202",
                };
                let of = match (product, release) {
                    ("both", "all") => String::new(),
                    ("both", release) => format!("In releases {release}."),
                    (product, "all") => format!("In {} only.", product.to_uppercase()),
                    (product, release) => format!("In {} {release}.", product.to_uppercase()),
                };
                let operation = Operation {
                    summary: format!("{method} {path}"),
                    text: format!("{ONLY}{of}"),
                    statuses: statuses(&format!("{success} {OF_FINESSE}")),
                    takes: takes.split_whitespace().map(str::to_owned).collect(),
                    is_public: path == "SystemInfo" || path.starts_with("UserAuthMode/"),
                };
                add(format!("{FINESSE}{}", template(path)), method, operation);
            }
        }
    }
    match told.keys().next() {
        Some((method, path)) => Err(io::Error::other(format!("{OPERATIONS}: {REST} has no {method} {path}"))),
        None => Ok(paths),
    }
}

/// A text in quotes, as YAML and JSON have it.
fn text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn openapi(paths: &Paths) -> String {
    let mut out = format!(
        "openapi: 3.1.0
info:
  title: callboard
  version: {}
  license: {{name: MIT, identifier: MIT}}
  description: >-
    The API of callboard, and what it serves of the Cisco Finesse Web Services API. An administrator runs each request of Finesse's as
    another user below /callboard/api/as/ID. Refusals of callboard's API are a sentence, those of Finesse's ApiErrors.
servers: [{{url: /}}]
security: [{{basic: []}}]
tags: [{{name: callboard}}, {{name: Finesse}}]
paths:
",
        env!("CARGO_PKG_VERSION")
    );
    let mut used = Vec::new();
    for (path, methods) in paths {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "  {path}:");
        let ids: Vec<_> = path.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
        if !ids.is_empty() {
            out.push_str("    parameters:\n");
            for id in ids {
                let _ = writeln!(
                    out,
                    "      - {{name: {id}, in: path, required: true, schema: {{type: string, minLength: 1}}}}"
                );
            }
        }
        // The row of the manual is about all methods.
        if let Some((_, Operation { text: of_all, .. })) =
            methods.first().filter(|(_, operation)| !operation.text.starts_with(ONLY))
        {
            let _ = writeln!(out, "    description: {}", text(of_all));
        }
        for (method, operation) in methods {
            write_operation(&mut out, path, method, operation, &mut used);
        }
    }
    out.push_str("components:\n  securitySchemes:\n    basic: {type: http, scheme: basic}\n  responses:\n");
    used.sort_unstable();
    used.dedup();
    for status in used {
        let refusals = "content: {text/plain: {schema: {type: string}}, application/xml: {}, application/json: {}, text/html: {}}";
        let _ = writeln!(out, "    '{status}': {{description: {}, {refusals}}}", reason(status));
    }
    out
}

fn reason(status: u16) -> &'static str {
    REASONS.iter().find(|(known, _)| *known == status).map_or("", |(_, reason)| reason)
}

fn write_operation(out: &mut String, path: &str, method: &str, operation: &Operation, used: &mut Vec<u16>) {
    let Operation { summary, text: description, statuses, takes, is_public } = operation;
    let tag = if path.starts_with(FINESSE) { "Finesse" } else { "callboard" };
    let name: String =
        path.split(['/', '{', '}', '.']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let method = method.to_lowercase();
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "    {method}:\n      operationId: {method}-{name}\n      tags: [{tag}]\n      summary: {}\n",
        text(summary)
    );
    if let Some(only) = description.strip_prefix(ONLY).filter(|only| !only.is_empty()) {
        let _ = writeln!(out, "      description: {}", text(only));
    }
    if *is_public {
        out.push_str("      security: []\n");
    }
    let parameters: Vec<_> =
        takes.iter().filter(|word| !word.starts_with("body=")).map(|word| parameter(word)).collect();
    if !parameters.is_empty() {
        let _ = writeln!(out, "      parameters:\n        - {}", parameters.join("\n        - "));
    }
    if let Some(body) = takes.iter().find_map(|word| word.strip_prefix("body=")) {
        let content = match body {
            "form" => {
                "application/x-www-form-urlencoded: {schema: {type: object, additionalProperties: {type: string}}}"
            }
            "csv" => "text/csv: {schema: {type: string}}, multipart/form-data: {schema: {type: object}}",
            "text" => "text/plain: {schema: {type: string}}",
            _ => "application/xml: {schema: {type: object}}",
        };
        let _ = writeln!(out, "      requestBody: {{content: {{{content}}}}}");
    }
    out.push_str("      responses:\n");
    // What every listener can answer: to a host that is not its own, without TLS where it is spoken, to a user who is kept out.
    let mut others = vec![307, 400, 421];
    if !is_public {
        others.extend([401, 429, 503]);
    }
    others.retain(|status| !statuses.iter().any(|(known, _)| known == status));
    for (status, media) in statuses {
        if *status >= 300 {
            others.push(*status);
            continue;
        }
        let media: Vec<_> = media
            .iter()
            .filter_map(|short| MEDIA.iter().find(|(known, _)| known == short))
            .map(|(short, media)| {
                let schema = match *short {
                    "text" | "pem" | "events" => "{schema: {type: string}}",
                    _ => "{}",
                };
                format!("{media}: {schema}")
            })
            .collect();
        let content =
            if media.is_empty() { String::new() } else { format!(", content: {{{}}}", media.join(", ")) };
        let _ = writeln!(out, "        '{status}': {{description: {}{content}}}", reason(*status));
    }
    others.sort_unstable();
    for status in others {
        let _ = writeln!(out, "        '{status}': {{$ref: '#/components/responses/{status}'}}");
        used.push(status);
    }
}

/// A parameter of the query, as a word of a line says it.
fn parameter(word: &str) -> String {
    if word == "..." {
        let schema = "{type: object, additionalProperties: {type: string}}";
        return format!("{{name: more, in: query, style: form, explode: true, schema: {schema}}}");
    }
    let (name, values) = word.split_once('=').map_or((word, None), |(name, values)| (name, Some(values)));
    let (name, kind) = name.split_once(':').unwrap_or((name, ""));
    let (name, is_many) = name.strip_suffix('*').map_or((name, false), |name| (name, true));
    let (name, is_required) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
    let mut schema = match (kind, values) {
        (_, Some(values)) => format!(
            "{{type: string, enum: [{}]}}",
            values.split(',').map(text).collect::<Vec<_>>().join(", ")
        ),
        ("int", _) => "{type: integer, minimum: 0}".to_owned(),
        ("time", _) => "{type: string, examples: [10s]}".to_owned(),
        _ => "{type: string}".to_owned(),
    };
    if is_many {
        schema = format!("{{type: array, items: {schema}}}");
    }
    let required = if is_required { ", required: true" } else { "" };
    format!("{{name: {name}, in: query{required}, schema: {schema}}}")
}

/// The channels of the nodes, whose messages are events of XEP-0060.
fn asyncapi(xmpp: &str) -> String {
    let mut out = format!(
        "asyncapi: 3.0.0
info:
  title: The nodes of callboard
  version: {}
  license: {{name: MIT}}
  description: >-
    Each channel is a node of XEP-0060 at pubsub.DOMAIN, in XMPP over WebSocket (RFC 7395), BOSH or TCP. A client subscribes by its full JID, and
    gets an event with the payload below for each change. Server-sent events of the same nodes are at /events?node=NODE.
defaultContentType: application/xml
servers:
  websocket: {{host: 'localhost:8445', pathname: /ws/, protocol: wss, description: XMPP with the subprotocol xmpp}}
  events: {{host: 'localhost:8445', pathname: /events, protocol: https, description: server-sent events}}
channels:
",
        env!("CARGO_PKG_VERSION")
    );
    let mut operations = String::from("operations:\n");
    for (of, address) in nodes(xmpp) {
        let address = template(&address);
        let words = address.strip_prefix(FINESSE).unwrap_or(&address).replace(['{', '}'], "");
        let name = words.split('/').map(clause).collect::<String>();
        // Writing to a String cannot fail.
        let _ = writeln!(
            out,
            "  {name}:\n    address: {}\n    description: {}",
            text(&address),
            text(&format!("A node of {of}"))
        );
        if address.contains("{id}") {
            let _ = writeln!(
                out,
                "    parameters: {{id: {{description: {}}}}}",
                text(&of.replace("every ", "the id of the "))
            );
        }
        if address == "{node}" {
            out.push_str("    parameters: {node: {description: the name of a node of the configuration}}\n");
        }
        let message = if address == "{node}" { "any" } else { "update" };
        let _ = writeln!(out, "    messages: {{event: {{$ref: '#/components/messages/{message}'}}}}");
        let _ = writeln!(
            operations,
            "  on{name}: {{action: send, channel: {{$ref: '#/channels/{name}'}}, summary: {}}}",
            text(&format!("Events of {address}"))
        );
    }
    out.push_str(&operations);
    out.push_str(
        "components:
  messages:
    update:
      title: Update
      summary: The text of the notification element in the item, as Finesse writes it
      payload:
        type: object
        required: [data, event, source]
        properties:
          data: {type: object, description: 'the object that has changed, such as user, dialogs or queue'}
          event: {type: string, enum: [PUT, POST, DELETE, put, post, delete]}
          requestId: {type: string, description: of the request that caused it}
          source: {type: string, description: the address of the object in the REST API}
    any:
      title: Any payload
      summary: What a publisher has published
      contentType: text/plain
      payload: {type: string}
",
    );
    out
}

/// Whose each node is, and its address, from the table of the manual.
fn nodes(xmpp: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for row in rows(xmpp, "## Nodes") {
        let [of, cell] = row[..] else { continue };
        let mut names = quoted(cell);
        let first = names.next().unwrap_or_default();
        if !first.starts_with('/') {
            found.push((of.to_owned(), "NODE".to_owned()));
            continue;
        }
        found.push((of.to_owned(), first.to_owned()));
        found.extend(names.map(|below| (of.to_owned(), format!("{first}{below}"))));
    }
    found
}
