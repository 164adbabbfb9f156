//! Faults of a pair of nodes: a secondary node, an agent who is signed out from the other side, maintenance mode for some.

use crate::config::{Profile, Release};
use crate::desk::Status;
use crate::hub::tests::availability::ask_for;
use crate::hub::tests::faults::seconds;
use crate::hub::tests::*;

const SYSTEM_INFO: &str = "/finesse/api/SystemInfo";

fn info(stage: &Stage) -> String {
    stage.hub.desk().system_info_document(stage.now, "lab")
}

fn between<'t>(text: &'t str, element: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{element}>"))?;
    Some(rest.split_once(&format!("</{element}>"))?.0)
}

#[test]
fn system_info_names_a_secondary_node_in_every_release_as_long_as_a_fault_says_so() {
    for (release, port) in [
        (Release::R11_6, None),
        (Release::R12_5, None),
        (Release::R12_6, Some("8445")),
        (Release::R15, Some("8445")),
    ] {
        let mut stage = Stage::with(|config| config.release = release);
        let before = info(&stage);
        assert!(!before.contains("secondaryNode"));
        stage.fault("kind=secondary-node&host=b.example.org");
        let expected = |port: Option<&str>| {
            let port = port.map(|port| {
                format!("<httpsPort>{port}</httpsPort><xmppPort>5222</xmppPort><xmppSecurePort>5223</xmppSecurePort>")
            });
            format!("<host>b.example.org</host>{}", port.unwrap_or_default())
        };
        assert_eq!(between(&info(&stage), "secondaryNode"), Some(&*expected(port)), "{}", release.name());
        let host = between(&info(&stage), "primaryNode").unwrap_or_default().to_owned();
        assert!(host.starts_with("<host>lab</host>"), "{host}");
        assert!(info(&stage).contains("</primaryNode><secondaryNode>"));
        stage.named_fault("g", "kind=secondary-node&host=b.example.org&port=9&for=1m");
        let port = port.map(|_| "9");
        assert_eq!(between(&info(&stage), "secondaryNode"), Some(&*expected(port)), "the last one counts");
        stage.pass(seconds(60));
        assert!(!info(&stage).contains("<httpsPort>9<"));
        stage.heal();
        assert!(!info(&stage).contains("secondaryNode"));
        assert_eq!(before.len(), info(&stage).len());
    }
}

#[test]
fn an_outage_tells_of_the_secondary_node_to_which_clients_can_go() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    stage.fault("kind=secondary-node");
    assert_eq!(stage.take(id), "", "nobody is told of a node alone");
    stage.named_fault("g", "kind=outage");
    let said = stage.take(id);
    assert!(
        said.contains("OUT_OF_SERVICE") && said.contains("secondaryNode&gt;&lt;host&gt;127.0.0.1"),
        "{said}"
    );
}

/// Agent 1001 signs in, leaves and comes back; returns the session that is there then.
fn come_back(stage: &mut Stage) -> SessionId {
    let first = stage.available("1001", "desktop");
    ask_for(stage, "1001", "LOGIN").expect("it may");
    stage.pass(stage.hub.limits.sign_in);
    assert!(stage.take(first).contains("NOT_READY"));
    stage.hub.closed(stage.now, first, "gone");
    stage.settle();
    stage.pass(seconds(1));
    stage.available("1001", "desktop")
}

#[test]
fn an_agent_who_is_back_is_signed_out_by_the_other_side() {
    for (profile, state, code) in [(Profile::Uccx, "LOGOUT", "255"), (Profile::Ucce, "NOT_READY", "255")] {
        let mut stage = Stage::with(|config| config.profile = profile);
        stage.fault("kind=late-logout&user=1001&delay=3s");
        let first = stage.available("1001", "desktop");
        stage.pass(seconds(60));
        assert_eq!(stage.hub.faults().list()[0].hits, 0, "it came for the first time");
        stage.hub.closed(stage.now, first, "gone");
        let back = come_back(&mut stage);
        stage.take(back);
        stage.pass(seconds(2));
        assert_eq!(stage.take(back), "");
        stage.pass(seconds(1));
        let said = stage.take(back);
        assert!(said.contains(&format!("&lt;state&gt;{state}&lt;")), "{said}");
        assert!(said.contains(&format!("&lt;code&gt;{code}&lt;")), "{said}");
        assert!(stage.is_open(back), "its session goes on");
    }
}

#[test]
fn healing_a_late_logout_signs_nobody_out() {
    let mut stage = Stage::new();
    stage.fault("kind=late-logout&delay=3s");
    let back = come_back(&mut stage);
    stage.take(back);
    stage.heal();
    stage.pass(seconds(3));
    assert!(!stage.take(back).contains("LOGOUT"));
    stage.fault("kind=late-logout&user=1002");
    stage.hub.closed(stage.now, back, "gone");
    let back = stage.available("1001", "desktop");
    stage.take(back);
    stage.pass(seconds(10));
    assert_eq!(stage.take(back), "", "it is for somebody else");
}

fn mode(said: &str) -> Option<&str> {
    let (_, rest) = said.split_once("&lt;finesseMMode&gt;")?;
    Some(rest.split_once("&lt;/finesseMMode")?.0)
}

#[test]
fn maintenance_mode_lets_some_go_and_is_over_when_it_heals() {
    let mut stage = Stage::with(|config| config.release = Release::R12_6);
    let [target, other] = ["1001", "1002"].map(|user| stage.available(user, "desktop"));
    stage.fault("kind=maintenance&user=1001");
    assert_eq!(mode(&stage.take(target)), Some("IN_PROGRESS"));
    stage.pass(seconds(14));
    assert!(stage.is_open(target));
    stage.heal();
    assert_eq!(mode(&stage.take(target)), Some(""), "it is over");
    stage.pass(seconds(60));
    assert!(stage.is_open(target), "healing ends no connection");
    stage.take(target);

    stage.fault("kind=maintenance&user=1001&notice=5s");
    assert_eq!(mode(&stage.take(target)), Some("IN_PROGRESS"));
    stage.pass(seconds(5));
    let said = stage.take(target);
    assert!(said.contains("<system-shutdown") && said.ends_with("close 1001"), "{said}");
    let back = stage.available("1001", "phone");
    stage.pass(seconds(5));
    assert!(stage.take(back).contains("<system-shutdown"), "as long as it lasts");
    assert_eq!(mode(&stage.take(other)), None);
    assert!(stage.is_open(other));
    assert_eq!(stage.hub.availability(), Availability { status: Status::InService, finesse: true });
    assert!(info(&stage).contains("<finesseMMode></finesseMMode>"), "for nobody else");
}

#[test]
fn maintenance_mode_waits_for_calls_and_says_nothing_before_release_12_6() {
    use crate::desk::{CallData, Command, Inbound};
    let mut stage = Stage::with(|config| config.release = Release::R12_5);
    let id = stage.available("1001", "desktop");
    ask_for(&mut stage, "1001", "LOGIN").expect("it may");
    stage.pass(stage.hub.limits.sign_in);
    let call = Inbound { to: "1001".into(), from: "5550001".into(), data: CallData::default() };
    let command = Command::PlaceCall(call);
    let call = stage.hub.apply(Entry { now: stage.now, by: None, command }).expect("1001 is there");
    stage.take(id);
    stage.fault("kind=maintenance&notice=2s");
    assert_eq!(stage.take(id), "");
    for _ in 0..5 {
        stage.pass(seconds(1));
        assert!(stage.is_open(id), "its user has a call");
    }
    let command = Command::EndCall(call.expect("an id"));
    stage.hub.apply(Entry { now: stage.now, by: None, command }).expect("it is there");
    stage.pass(seconds(1));
    assert!(stage.take(id).contains("<system-shutdown"));
}

#[test]
fn a_maintenance_fault_reaches_streams_of_events_and_those_that_come_later() {
    let mut stage = Stage::with(|config| config.release = Release::R12_6);
    stage.fault("kind=maintenance&notice=5s&transport=sse");
    let stream = stage.watch("1001", SYSTEM_INFO);
    let other = stage.available("1001", "desktop");
    stage.settle();
    assert_eq!(mode(&stage.take(stream).replace('<', "&lt;").replace('>', "&gt;")), Some("IN_PROGRESS"));
    stage.pass(seconds(5));
    assert!(stage.take(stream).ends_with("end"));
    assert!(stage.is_open(other));
}
