//! What public Finesse clients send that the RFCs do not allow, and Finesse understands.

use crate::support::{Bosh, Client, Server, ns};

/// A Go library never declares the namespace of a stanza (RFC 7395 §3.3.3 demands it).
#[test]
fn a_stanza_without_a_namespace_counts_as_one_of_jabber_client() {
    let server = Server::demo();
    let mut other = Client::online(&server, "1002", "desktop");
    let mut client = Client::connect(&server);
    client.authenticate("1001");
    client.send(&format!(
        "<iq type=\"set\" id=\"1\"><bind xmlns=\"{}\"><resource>agent</resource></bind></iq>",
        ns::BIND
    ));
    client.expect(&format!(
        "<iq type='result' id='1' to='localhost/{{any}}' xmlns='jabber:client'><bind xmlns='{}'>\
         <jid>1001@localhost/agent</jid></bind></iq>",
        ns::BIND
    ));
    // What stands in it counts as such, too.
    client.send("<presence id='p'><priority>high</priority></presence>");
    let refused = client.text();
    assert!(refused.contains("<bad-request "), "{refused}");
    client.send("<presence><priority>5</priority></presence>");
    for _finesse in 0..2 {
        let available = client.text();
        assert!(available.starts_with("<presence from=\"finesse@localhost/"), "{available}");
    }
    client.expect(
        "<presence from='1001@localhost/agent' to='1001@localhost/agent' xmlns='jabber:client'><priority>5</priority></presence>",
    );
    client.send("<message to='1002@localhost'><body>a <b xmlns='urn:x'>b</b></body></message>");
    other.expect(
        "<message to='1002@localhost' from='1001@localhost/agent' xmlns='jabber:client'>\
         <body>a <b xmlns='urn:x'>b</b></body></message>",
    );
    // An answer repeats the question in the namespace that it counts as.
    client.send("<iq type='get' id='2' to='localhost'><a xmlns='urn:example'/></iq>");
    client.expect(&format!(
        "<iq type='error' id='2' from='localhost' to='1001@localhost/agent' xmlns='jabber:client'><a xmlns='urn:example'/>\
         <error code='503' type='cancel'><service-unavailable xmlns='{}'/></error></iq>",
        ns::STANZAS
    ));
}

/// The stanzas of such a library have the namespace of `<body/>` over BOSH.
#[test]
fn a_stanza_in_the_namespace_of_a_bosh_body_counts_as_one_of_jabber_client() {
    let server = Server::demo();
    let mut other = Client::online(&server, "1002", "desktop");
    let mut client = Bosh::online(&server, "1001", "desktop");
    client.send("<message to='1002@localhost'><body>Good morning</body></message>");
    other.expect(
        "<message to='1002@localhost' from='1001@localhost/desktop' xmlns='jabber:client'><body>Good morning</body></message>",
    );
    client.send("<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>");
    client.expect("<iq type='result' id='1' to='1001@localhost/desktop' xmlns='jabber:client'/>");
}

/// A namespace that is there, and is another one, is no omission.
#[test]
fn a_stanza_of_another_namespace_ends_the_stream() {
    let server = Server::demo();
    for element in [
        "<iq type='get' id='1' xmlns='jabber:server'><ping xmlns='urn:xmpp:ping'/></iq>",
        "<iq type='get' id='1' xmlns=''><ping xmlns='urn:xmpp:ping'/></iq>",
        "<x:iq type='get' id='1' xmlns:x='http://jabber.org/protocol/httpbind'><ping xmlns='urn:xmpp:ping'/></x:iq>",
        "<query/>",
    ] {
        println!("{element}");
        let mut client = Client::bound(&server, "1001", "desktop");
        client.send(element);
        client.expect_stream_error("invalid-namespace", 1000);
    }
}

/// Clients that connect by an address put it into `from`. Nothing of it reaches anybody (RFC 6120 §8.1.2.1).
#[test]
fn whatever_a_client_says_it_is_its_stanzas_come_from_its_own_address() {
    let server = Server::demo();
    let mut other = Client::online(&server, "1002", "desktop");
    let mut client = Client::bound(&server, "1001", "desktop");
    for from in [
        "1001@127.0.0.1/pidgin",
        "1002@localhost/desktop",
        "1002@localhost",
        "1001@localhost/phone",
        "administrator@localhost",
        "localhost",
        "pubsub.localhost",
        "finesse@localhost",
        "",
        "@",
    ] {
        println!("{from}");
        client.send(&format!(
            "<message to='1002@localhost' from='{from}' xmlns='jabber:client'><body>x</body></message>"
        ));
        other.expect(
            "<message to='1002@localhost' from='1001@localhost/desktop' xmlns='jabber:client'><body>x</body></message>",
        );
        client.send(&format!(
            "<iq type='get' id='1' from='{from}' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>"
        ));
        client.expect("<iq type='result' id='1' to='1001@localhost/desktop' xmlns='jabber:client'/>");
        client.send(&format!(
            "<iq type='set' id='2' from='{from}' to='pubsub.localhost' xmlns='jabber:client'><pubsub xmlns='{}'>\
             <subscribe node='/finesse/api/User/1002' jid='1002@localhost'/></pubsub></iq>",
            ns::PUBSUB
        ));
        let refused = client.text();
        assert!(refused.contains("<invalid-jid "), "{refused}");
    }
    other.expect_nothing_more();
}
