//! The server goes down.

use crate::hub::tests::availability::ask_for;
use crate::hub::tests::*;

#[test]
fn at_shutdown_everybody_is_told() {
    let mut stage = Stage::new();
    let ids = [stage.connect(), stage.log_in("1001"), stage.available("1002", "desktop")];
    for id in ids {
        stage.hear(id);
    }
    stage.hub.shutdown(stage.now);
    for id in ids {
        assert_eq!(stage.idle, 0, "a session is left");
        let heard = stage.hear(id);
        assert!(heard.concat().contains("<system-shutdown"), "{heard:?}");
        assert_eq!(&heard[heard.len() - 2..], [stream::CLOSE, "close 1001"]);
        stage.hub.closed(stage.now, id, "gone");
        stage.settle();
    }
    assert_eq!((stage.hub.counters().sessions, stage.idle), (0, 1));
    let late = stage.connect();
    assert!(stage.hear(late).concat().contains("<system-shutdown"), "nobody is let in any more");
}

#[test]
fn an_accepted_sign_in_is_told_before_the_server_goes_down() {
    let mut stage = Stage::new();
    let id = stage.available("1001", "desktop");
    ask_for(&mut stage, "1001", "LOGIN").expect("the service is up");
    assert_eq!(stage.hear(id), [""; 0]);
    stage.hub.shutdown(stage.now);
    stage.settle();
    let heard = stage.hear(id).concat();
    let told = heard.find("NOT_READY").expect("what has come of it");
    assert!(told < heard.find("<system-shutdown").expect("the end"), "{heard}");
}
