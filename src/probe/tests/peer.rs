use std::time::Duration;

use crate::probe::peer::{got, upgraded};
use crate::probe::secret::without_key;
use crate::probe::{Got, Outcomes, Refusal, Step, Symptom, Upgrade, shown_url};

#[test]
fn each_status_in_place_of_a_stream_has_its_cause() {
    for (status, of_websocket, of_bosh) in [
        (200, Symptom::NotUpgraded, Symptom::BoshRefused),
        (301, Symptom::Redirected, Symptom::Redirected),
        (400, Symptom::NotUpgraded, Symptom::BoshRefused),
        (401, Symptom::Forbidden, Symptom::Forbidden),
        (404, Symptom::NotFound, Symptom::NotFound),
        (405, Symptom::UpgradeRefused, Symptom::BoshRefused),
        (407, Symptom::Forbidden, Symptom::Forbidden),
        (413, Symptom::TooLarge, Symptom::TooLarge),
        (426, Symptom::NotUpgraded, Symptom::BoshRefused),
        (500, Symptom::UpgradeRefused, Symptom::BoshRefused),
        (502, Symptom::ServiceDown, Symptom::ServiceDown),
    ] {
        for (bosh, symptom) in [(false, of_websocket), (true, of_bosh)] {
            let mut outcomes = Outcomes::default();
            let page = Some("502 Bad Gateway".to_owned());
            let refusal = Refusal { status, page, ..Refusal::default() };
            assert!(!upgraded(&mut outcomes, Duration::ZERO, &Upgrade::Status(refusal), bosh));
            let outcome = outcomes.of(Step::Upgrade);
            assert_eq!(outcome.symptom, Some(symptom), "{status} {bosh}");
            assert!(outcome.facts.contains(&("page", "502 Bad Gateway".to_owned())), "{outcome:?}");
        }
    }
}

#[test]
fn a_rest_api_that_is_none_of_finesse_is_told_from_one_that_is_not_well() {
    let info = |status: &str| {
        format!("<SystemInfo><status>{status}</status><xmppDomain>Host</xmppDomain></SystemInfo>")
    };
    for (step, status, body, expected) in [
        (Step::SystemInfo, 200, info("IN_SERVICE"), None),
        (Step::SystemInfo, 200, info("OUT_OF_SERVICE"), Some(Symptom::OutOfService)),
        (Step::SystemInfo, 200, "<html><title> Welcome </title></html>".to_owned(), Some(Symptom::NoRest)),
        (Step::SystemInfo, 200, "{}".to_owned(), Some(Symptom::NoRest)),
        (Step::SystemInfo, 301, String::new(), Some(Symptom::Redirected)),
        (Step::SystemInfo, 401, String::new(), Some(Symptom::Forbidden)),
        (Step::User, 401, String::new(), Some(Symptom::NotAuthorized)),
        (Step::SystemInfo, 404, String::new(), Some(Symptom::NoRest)),
        (Step::SystemInfo, 502, String::new(), Some(Symptom::ServiceDown)),
        (Step::User, 200, "<User><state>READY</state></User>".to_owned(), None),
        (Step::User, 200, info("IN_SERVICE"), Some(Symptom::NoRest)),
        (Step::User, 404, String::new(), Some(Symptom::RestRefused)),
    ] {
        let mut outcomes = Outcomes::default();
        let answer = Got { status, location: Some("/elsewhere".to_owned()), body: body.clone() };
        got(&mut outcomes, step, Duration::ZERO, &answer, "host");
        assert_eq!(outcomes.of(step).symptom, expected, "{step:?} {status} {body}");
        assert!(outcomes.of(step).facts.contains(&("location", "/elsewhere".to_owned())));
        let page = outcomes.of(step).facts.iter().find(|(name, _)| *name == "page");
        assert_eq!(page.map(|(_, title)| &**title), body.contains("title").then_some("Welcome"));
    }
}

#[test]
fn an_upgrade_that_fails_has_its_cause() {
    for (words, symptom) in [
        ("the connection was reset", Symptom::BadHandshake),
        ("the answer is a stream of XMPP over TCP", Symptom::SpeaksXmpp),
        ("received fatal alert: CertificateRequired", Symptom::Forbidden),
        ("anything else", Symptom::BadHandshake),
    ] {
        let mut outcomes = Outcomes::default();
        upgraded(&mut outcomes, Duration::ZERO, &Upgrade::Broken(words.to_owned()), false);
        assert_eq!(outcomes.of(Step::Upgrade).symptom, Some(symptom), "{words}");
    }
}

#[test]
fn an_address_is_shown_without_what_may_be_a_secret() {
    for (url, shown) in [
        ("wss://host:8445/ws/", "wss://host:8445/ws/"),
        ("wss://host/ws/?token=secret", "wss://host/ws/?…"),
        ("wss://host?token=secret", "wss://host?…"),
        ("https://host/a#access_token=secret", "https://host/a#…"),
        ("https://user:secret@host/a", "https://…@host/a"),
        ("https://a@b:secret@host/a@b", "https://…@host/a@b"),
        ("/relative?code=secret", "/relative?…"),
        ("xmpp://host:5222", "xmpp://host:5222"),
        ("", ""),
    ] {
        assert_eq!(shown_url(url), shown);
    }
    let refusal =
        Refusal { status: 302, location: Some("/login?code=secret".to_owned()), ..Refusal::default() };
    let mut outcomes = Outcomes::default();
    upgraded(&mut outcomes, Duration::ZERO, &Upgrade::Status(refusal), false);
    let answer = Got { status: 302, location: Some("https://u:secret@h/?a".to_owned()), body: String::new() };
    got(&mut outcomes, Step::User, Duration::ZERO, &answer, "host");
    assert!(!format!("{outcomes:?}").contains("secret"), "{outcomes:?}");
}

#[test]
fn the_key_of_a_bosh_session_is_shown_in_no_form() {
    for (text, shown) in [
        ("<body sid='k3y' rid='1'>", "<body sid='(masked)' rid='1'>"),
        ("<body rid=\"1\"\nsid = \"k3y\"/>", "<body rid=\"1\"\nsid='(masked)'/>"),
        ("<body sid='k3y", "<body sid='(masked)"),
        ("<body sid='k3y'><a sid='k3y'/>", "<body sid='(masked)'><a sid='(masked)'/>"),
        ("<body authsid='x' sid=x side='y'>sid", "<body authsid='x' sid=x side='y'>sid"),
        ("", ""),
        (" sid", " sid"),
        (" sid=", " sid="),
        (" sid='", " sid='(masked)"),
    ] {
        assert_eq!(without_key(text), shown, "{text}");
    }
}
