//! The way of an event to its receivers: order, addresses, and those who do not read.

use std::time::Duration;

use crate::support::http::{Http, basic, publish};
use crate::support::{Client, Raw, Received, Server, ns};

const ALARMS: &str = "/lab/alarms";

#[test]
fn events_arrive_in_the_order_of_their_publishing() {
    let server = Server::demo();
    let mut administrator = Client::bound(&server, "administrator", "desktop");
    let mut receivers = ["1001", "1002", "1003"].map(|user| Client::online(&server, user, "desktop"));
    for receiver in &mut receivers {
        receiver.subscribe(ALARMS);
    }
    for n in 0..200 {
        administrator.send(&format!(
            "<iq type='set' id='{n}' to='pubsub.localhost' xmlns='jabber:client'><pubsub xmlns='{}'>\
             <publish node='{ALARMS}'><item id='i{n}'><notification xmlns='{}'>{n}</notification></item></publish>\
             </pubsub></iq>",
            ns::PUBSUB,
            ns::PUSH
        ));
    }
    for receiver in &mut receivers {
        let to = receiver.jid.clone();
        for n in 0..200 {
            assert_eq!(receiver.expect_event(&to, ALARMS, &n.to_string()).1, format!("i{n}"));
        }
        receiver.expect_nothing_more();
    }
}

#[test]
fn each_matching_subscription_brings_the_event_once() {
    let server = Server::demo();
    let mut desktop = Client::online(&server, "1001", "desktop");
    let mut phone = Client::bound(&server, "1001", "phone");
    phone.become_available_beside(&mut desktop);
    let mut other = Client::online(&server, "1002", "desktop");
    desktop.subscribe(ALARMS);
    phone.subscribe_as(ALARMS, "1001@localhost");
    publish(&server, ALARMS, "x");
    // The bare JID means both sessions, the full one only its own.
    phone.expect_event("1001@localhost", ALARMS, "x");
    let mut addresses = [(); 2].map(|()| {
        let event = desktop.text();
        let (_, to) = event.split_once(" to=\"").expect("an event has an address");
        to.split('"').next().expect("it ends").to_owned()
    });
    addresses.sort();
    assert_eq!(addresses, ["1001@localhost", "1001@localhost/desktop"]);
    for client in [&mut desktop, &mut phone, &mut other] {
        client.expect_nothing_more();
    }
}

#[test]
fn a_publisher_that_is_subscribed_gets_its_own_event_too() {
    let server = Server::demo();
    let mut administrator = Client::online(&server, "administrator", "desktop");
    administrator.subscribe(ALARMS);
    administrator.send(&format!(
        "<iq type='set' id='1' to='pubsub.localhost' xmlns='jabber:client'><pubsub xmlns='{}'>\
         <publish node='{ALARMS}'><item id='2'><x xmlns='u'/></item></publish></pubsub></iq>",
        ns::PUBSUB
    ));
    let result = format!(
        "<iq type='result' id='1' from='pubsub.localhost' to='administrator@localhost/desktop' xmlns='jabber:client'>\
         <pubsub xmlns='{}'><publish node='{ALARMS}'><item id='2'/></publish></pubsub></iq>",
        ns::PUBSUB
    );
    let event = format!(
        "<message from='pubsub.localhost' to='administrator@localhost/desktop' id='{{any}}' xmlns='jabber:client'>\
         <event xmlns='{}'><items node='{ALARMS}'><item id='2'><x xmlns='u'/></item></items></event></message>",
        ns::PUBSUB_EVENT
    );
    administrator.expect_all(&[&result, &event]);
}

#[test]
fn an_event_of_the_largest_size_arrives_whole() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "desktop");
    client.subscribe(ALARMS);
    // Each of them becomes five bytes, and more than one read and one write.
    let payload = "&".repeat(32 * 1024);
    for _ in 0..3 {
        publish(&server, ALARMS, &payload);
    }
    for _ in 0..3 {
        client.expect_event("1001@localhost/desktop", ALARMS, &payload);
    }
}

#[test]
fn a_resource_with_every_character_gets_its_events() {
    let server = Server::demo();
    let mut client = Client::online(&server, "1001", "a<\"'&>漢/@b");
    client.subscribe(ALARMS);
    publish(&server, ALARMS, "x");
    let jid = client.jid.clone();
    client.expect_event(&jid, ALARMS, "x");
}

#[test]
fn a_session_that_does_not_read_is_closed_and_the_others_get_everything() {
    // The queue is small, as small as it may be with messages of 64 KiB; the time to finish the close is long, so that what
    // comes in the end can be looked at.
    let limits = "[limits]\nqueue = \"512KiB\"\nclose = \"1m\"\n";
    let server = Server::with_log("info", limits);
    let mut slow = Raw::connect(&server);
    slow.log_in("1001", "desktop");
    slow.become_available();
    slow.subscribe(ALARMS);
    let mut reader = Client::online(&server, "1002", "desktop");
    reader.subscribe(ALARMS);

    let authorization = basic("administrator", "1234");
    let mut http = Http::connect(server.plain);
    let filler = "x".repeat(30_000);
    let mut published = 0;
    while !server.log().contains("does not read") {
        assert!(published < 5_000, "150 MB are more than all buffers in between hold");
        let body = format!("{published} {filler}");
        let answer = http.ask(format!(
            "POST /callboard/api/publish?node={ALARMS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        assert_eq!(answer.status(), 202);
        reader.expect_event("1002@localhost/desktop", ALARMS, &body);
        published += 1;
    }
    let line = server.wait_for_log(&["does not read"]);
    assert!(line.contains("1001@localhost/desktop") && line.contains("dropped"), "{line}");
    publish(&server, ALARMS, "after");
    reader.expect_event("1002@localhost/desktop", ALARMS, "after");
    reader.expect_nothing_more();

    // What the network had taken arrives, in order and whole; then the reason.
    let mut received = 0;
    let error = loop {
        let text = slow.text();
        if !text.starts_with("<message ") {
            break text;
        }
        assert!(text.contains(&format!("push:0\">{received} x")), "{}", &text[..300]);
        received += 1;
    };
    assert!(received < published, "something was dropped");
    assert!(error.contains("<policy-violation "), "{error}");
    slow.expect_close(1000);
    let mut again = Client::online(&server, "1001", "desktop");
    again.expect_nothing_more();
}

#[test]
fn a_client_that_sends_pings_and_does_not_read_is_not_read_from_either() {
    use crate::support::raw::{PING, frame};
    use std::io::Write as _;
    let server = Server::demo();
    let mut online = Client::online(&server, "1002", "desktop");
    let mut flood = Raw::connect(&server);
    flood.log_in("1001", "desktop");
    flood.wire.stream.set_nonblocking(true).expect("a socket can be so");
    let pings = frame(PING, &[b'x'; 125]).repeat(500);
    // Until nothing more is taken: both directions are full, or else the server buffers without a bound.
    let mut sent = 0;
    let mut idle = 0;
    while idle < 20 {
        assert!(sent < 64 * 1024 * 1024, "more than all buffers in between hold");
        match flood.wire.stream.write(&pings[sent % 131..]) {
            Ok(length) => (sent, idle) = (sent + length, 0),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                idle += 1;
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => panic!("{error}"),
        }
        online.expect_nothing_more();
    }
    // It reads again, and everything is answered.
    flood.wire.stream.set_nonblocking(false).expect("a socket can be so");
    for _ in 0..sent / 131 {
        assert_eq!(flood.receive(), Received::Pong(vec![b'x'; 125]));
    }
}
