//! Requests to Finesse's REST API, and the events that follow.

use super::http::{Answer, Http, basic};
use super::{Client, Server};

/// A request with the password of a user of the demo.
pub fn ask(server: &Server, user: &str, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let mut http = Http::connect(server.plain);
    let password = if user == "administrator" { "1234" } else { user };
    http.ask(format!(
        "{method} /finesse/api/{path} HTTP/1.1\r\nHost: localhost:8445\r\nAuthorization: {}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        basic(user, password),
        body.len()
    ))
}

/// Asks for another state of a user.
pub fn put_state(server: &Server, user: &str, of: &str, body: &str) -> Answer {
    let headers = "Content-Type: application/xml\r\nrequestId: r-1\r\n";
    ask(server, user, "PUT", &format!("User/{of}"), headers, &format!("<User>{body}</User>"))
}

/// Asks for a document.
pub fn get(server: &Server, user: &str, path: &str) -> Answer {
    ask(server, user, "GET", path, "", "")
}

/// The text of the first element of that name.
pub fn field<'a>(document: &'a str, name: &str) -> &'a str {
    let start = document.find(&format!("<{name}>")).unwrap_or_else(|| panic!("{name} in {document}"));
    let rest = &document[start + name.len() + 2..];
    &rest[..rest.find("</").expect("it ends")]
}

/// The payload of the next event, which has to be on that node.
pub fn event(client: &mut Client, node: &str) -> String {
    let message = client.text();
    let document = roxmltree::Document::parse(&message).expect("XML");
    let items = document
        .descendants()
        .find(|element| element.has_tag_name(("http://jabber.org/protocol/pubsub#event", "items")));
    assert_eq!(items.and_then(|items| items.attribute("node")), Some(node), "{message}");
    document.descendants().filter(|node| node.is_text()).filter_map(|text| text.text()).collect()
}
