//! Text messages that are not exactly one well-formed, harmless element within the bounds.

use crate::support::{Client, Server, ns};

fn next_client_works(server: &Server) {
    Client::online(server, "1002", "desktop").leave();
}

/// Each message ends its stream with the condition, before the login and after it; no other session notices.
fn are_refused(messages: &[&str], condition: &str) {
    let server = Server::demo();
    let mut online = Client::online(&server, "1003", "desktop");
    for message in messages {
        println!("{message}");
        let mut unopened = Client::connect(&server);
        unopened.send(message);
        unopened.expect_open_and_stream_error(condition, 1000);
        let mut opened = Client::connect(&server);
        opened.open();
        let mut bound = Client::bound(&server, "1001", "desktop");
        for client in [&mut opened, &mut bound] {
            client.send(message);
            client.expect_stream_error(condition, 1000);
        }
    }
    online.expect_nothing_more();
    next_client_works(&server);
}

#[test]
fn what_is_not_xml_is_not_well_formed() {
    are_refused(&["hello", "{\"jsonrpc\":\"2.0\"}", "<", ">", "<>", "</a>", "\u{0}"], "not-well-formed");
}

#[test]
fn whitespace_and_nothing_are_not_well_formed() {
    are_refused(&["", " ", "\n", "\u{feff}"], "not-well-formed");
}

#[test]
fn half_a_stanza_is_not_well_formed() {
    are_refused(
        &[
            "<iq type='get' id='1' xmlns='jabber:client'>",
            "<iq type='get' id='1' xmlns='jabber:cli",
            "<iq type='get' id='1' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/>",
            "<ping xmlns='urn:xmpp:ping'/></iq>",
        ],
        "not-well-formed",
    );
}

#[test]
fn two_stanzas_in_one_message_are_not_well_formed() {
    let ping = "<iq type='get' id='1' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>";
    let messages = [format!("{ping}{ping}"), format!("{ping} {ping}"), format!("{ping}more")];
    are_refused(&messages.each_ref().map(String::as_str), "not-well-formed");
}

#[test]
fn wrong_nesting_attributes_and_characters_are_not_well_formed() {
    are_refused(
        &[
            "<a xmlns='jabber:client'></b>",
            "<a xmlns='jabber:client'><b></a></b>",
            "<a xmlns='jabber:client' b='1' b='2'/>",
            "<a xmlns='jabber:client' b=1/>",
            "<a xmlns='jabber:client' b='<'/>",
            "<a xmlns='jabber:client' b/>",
            "<a xmlns='jabber:client'>&</a>",
            "<a xmlns='jabber:client'>\u{1b}</a>",
            "<a xmlns='jabber:client'>\u{ffff}</a>",
        ],
        "not-well-formed",
    );
}

#[test]
fn a_reference_to_what_is_no_character_is_not_well_formed() {
    // XML 1.0 §4.1: it has to be one that could stand there itself.
    let messages = ["&#0;", "&#27;", "&#xFFFF;", "&#xD800;", "&#x110000;", "&#99999999;", "&#x;", "&#a;"]
        .map(|reference| format!("<a xmlns='jabber:client'>{reference}</a>"));
    are_refused(&messages.each_ref().map(String::as_str), "not-well-formed");
    let messages = messages.map(|message| message.replace("client'>", "client' b='").replace("</a>", "'/>"));
    are_refused(&messages.each_ref().map(String::as_str), "not-well-formed");
}

#[test]
fn a_prefix_that_is_not_declared_is_bad() {
    are_refused(
        &["<stream:error/>", "<a xmlns='jabber:client' x:b='1'/>", "<a xmlns='jabber:client'><x:b/></a>"],
        "not-well-formed|bad-namespace-prefix",
    );
}

/// A client that was handed these would have to end its own stream (RFC 6120 §11.3).
#[test]
fn what_a_parser_with_namespaces_refuses_is_not_well_formed() {
    let iq = |content: &str| {
        format!("<iq type='get' id='1' to='1003@localhost/desktop' xmlns='jabber:client'>{content}</iq>")
    };
    let messages = [
        "<x xmlns='u' xmlns:a='' a:c='1'/>",
        "<x xmlns='u' xmlns:xmlns='u'/>",
        "<x xmlns='u' xmlns:xml='u'/>",
        "<x xmlns='http://www.w3.org/XML/1998/namespace'/>",
        "<x xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<:x xmlns='u'/>",
        "<x xmlns='u' :a='1'/>",
        "<x xmlns='u' xmlns:b='u' b:xmlns='1'/>",
        "<b:x:y xmlns:b='u'/>",
        "<x xmlns='u' xmlns='u'/>",
        "<x xmlns='u' xmlns:a='u' xmlns:b='u' a:c='1' b:c='2'/>",
        "<x xmlns='a b'/>",
        "<\u{221} xmlns='u'/>",
    ]
    .map(iq);
    are_refused(&messages.each_ref().map(String::as_str), "not-well-formed");
}

#[test]
fn another_encoding_is_unsupported() {
    are_refused(
        &["<?xml version='1.0' encoding='ISO-8859-1'?><a xmlns='jabber:client'/>"],
        "unsupported-encoding",
    );
}

#[test]
fn a_doctype_is_restricted_xml() {
    are_refused(
        &[
            "<!DOCTYPE a>",
            "<!DOCTYPE a><a xmlns='jabber:client'/>",
            "<!DOCTYPE a [<!ENTITY x 'y'>]><a xmlns='jabber:client'>&x;</a>",
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a xmlns='jabber:client'>&x;</a>",
        ],
        "restricted-xml",
    );
}

#[test]
fn an_entity_is_restricted_xml() {
    are_refused(
        &["<a xmlns='jabber:client'>&x;</a>", "<a xmlns='jabber:client' b='&nbsp;'/>"],
        "restricted-xml",
    );
}

#[test]
fn a_comment_is_restricted_xml() {
    are_refused(
        &[
            "<!-- x --><a xmlns='jabber:client'/>",
            "<a xmlns='jabber:client'><!-- x --></a>",
            "<a xmlns='jabber:client'/><!-- x -->",
        ],
        "restricted-xml",
    );
}

#[test]
fn a_processing_instruction_is_restricted_xml() {
    are_refused(
        &[
            "<?xml-stylesheet href='x'?><a xmlns='jabber:client'/>",
            "<a xmlns='jabber:client'><?php x ?></a>",
            "<a xmlns='jabber:client'/><?x?>",
        ],
        "restricted-xml",
    );
}

#[test]
fn an_xml_declaration_is_allowed_though_not_recommended() {
    // RFC 7395 §3.3.3: a message is a document of its own, so it may start with one.
    let server = Server::demo();
    let mut client = Client::connect(&server);
    client.send(&format!(
        "<?xml version='1.0' encoding='UTF-8'?><open xmlns='{}' to='localhost' version='1.0'/>",
        ns::FRAMING
    ));
    client.expect_opened();
}

#[test]
fn cdata_and_the_predefined_entities_are_text() {
    let server = Server::demo();
    let mut client = Client::connect(&server);
    client.open();
    client.send_auth("PLAIN", "<![CDATA[ADEwMDEA]]>&#77;&#x54;AwMQ==");
    client.expect_success();
    client.open();
    client.bind("1001", "desktop");
    client
        .get("localhost", "<a xmlns='&#117;&amp;&apos;' b='&lt;&amp;&gt;&quot;&apos;'/>")
        .is_error("503 cancel service-unavailable");
}

/// `start`, then so many `x` that the whole has `length` bytes, then `end`.
fn padded(start: &str, end: &str, length: usize) -> String {
    format!("{start}{}{end}", "x".repeat(length - start.len() - end.len()))
}

#[test]
fn before_the_login_a_message_has_at_most_8_kib() {
    let server = Server::demo();
    let open = |length: usize| {
        let start = format!("<open xmlns='{}' to='localhost' version='1.0' a='", ns::FRAMING);
        padded(&start, "'/>", length)
    };
    let mut client = Client::connect(&server);
    client.send(&open(8 * 1024));
    client.expect_opened();
    for length in [8 * 1024 + 1, 60 * 1024, 1024 * 1024] {
        let mut client = crate::support::Raw::connect(&server);
        client.open();
        client.send(&open(length));
        assert!(client.text().contains("<policy-violation "), "{length}");
    }
    next_client_works(&server);
}

#[test]
fn after_the_login_a_message_has_at_most_64_kib() {
    let server = Server::demo();
    let iq = |length: usize| {
        let start = "<iq type='get' id='1' to='localhost' xmlns='jabber:client'><x xmlns='urn:example'>";
        padded(start, "</x></iq>", length)
    };
    let mut raw = crate::support::Raw::connect(&server);
    raw.log_in("1001", "desktop");
    raw.send(&iq(64 * 1024));
    assert!(raw.text().contains("<service-unavailable "));
    raw.send(&iq(64 * 1024 + 1));
    assert!(raw.text().contains("<policy-violation "));
    raw.expect_bytes(crate::support::client::CLOSE);
    assert_eq!(raw.receive(), crate::support::Received::Close(1009));
    next_client_works(&server);
}

/// A message that is answered, and one that is more of the same than may be.
struct Bound {
    name: &'static str,
    enough: String,
    too_much: String,
}

fn bounds() -> Vec<Bound> {
    let iq = |attributes: &str, content: &str| {
        format!(
            "<iq type='get' id='1' to='localhost' xmlns='jabber:client'><x xmlns='u'{attributes}>{content}</x></iq>"
        )
    };
    let nested = |depth: usize| iq("", &format!("{}{}", "<a>".repeat(depth - 2), "</a>".repeat(depth - 2)));
    let numbered = |count: usize, form: &dyn Fn(usize) -> String| (0..count).map(form).collect::<String>();
    let attributes = |count| iq(&numbered(count, &|n| format!(" a{n}=''")), "");
    let prefixes = |count| iq(&numbered(count, &|n| format!(" xmlns:p{n}='u'")), "");
    // On elements of their own, so that no single tag has many.
    let spread = |count| iq("", &numbered(count, &|n| format!("<p{n}:a xmlns:p{n}='u'/>")));
    let elements = |count: usize| iq("", &"<a/>".repeat(count - 2));
    let bound = |name, enough, too_much| Bound { name, enough, too_much };
    vec![
        bound("depth", nested(32), nested(33)),
        bound("attributes", attributes(60), attributes(65)),
        bound("prefixes", prefixes(16), prefixes(17)),
        bound("prefixes on several elements", spread(16), spread(17)),
        bound("elements", elements(1024), elements(1025)),
    ]
}

#[test]
fn too_many_prefixes_attributes_elements_and_levels_are_a_policy_violation() {
    let server = Server::demo();
    for Bound { name, enough, too_much } in bounds() {
        let mut client = Client::bound(&server, "1001", "desktop");
        client.send(&enough);
        let answer = client.text();
        assert!(answer.contains("<service-unavailable "), "{name}: {answer}");
        client.send(&too_much);
        client.expect_stream_error("policy-violation", 1009);
    }
    next_client_works(&server);
}

#[test]
fn before_the_login_a_message_has_at_most_32_elements() {
    let server = Server::demo();
    let mut client = Client::connect(&server);
    client.open();
    client.send_auth("NONE", &"<a/>".repeat(31));
    client.expect_failure("invalid-mechanism");
    client.send_auth("NONE", &"<a/>".repeat(32));
    client.expect_stream_error("policy-violation", 1009);
    next_client_works(&server);
}

#[test]
fn the_worst_messages_that_are_allowed_do_not_keep_others_waiting_for_ever() {
    let server = Server::demo();
    let mut online = Client::online(&server, "1003", "desktop");
    let mut client = Client::bound(&server, "1001", "desktop");
    for _ in 0..20 {
        for Bound { enough, .. } in bounds() {
            client.send(&enough);
        }
        online.expect_nothing_more();
    }
    for _ in 0..20 * bounds().len() {
        client.text();
    }
    client.expect_nothing_more();
}
