//! The rights that the manual gives to a user of the engine suffice.

use std::path::Path;

use callboard::cluster::Settings;

use crate::redis_server::Redis;
use crate::side::{KEY, SNAPSHOT, Side, run, settings};

/// The rights, as the manual has them.
fn rights() -> Vec<String> {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/manual/cluster.md");
    let manual = std::fs::read_to_string(manual).expect("the page of the manual");
    let line = manual.lines().find(|line| line.starts_with("ACL SETUSER callboard "));
    line.expect("the manual has the command").split_whitespace().map(str::to_owned).collect()
}

fn named(redis: &Redis) -> Settings {
    Settings {
        user: Some("callboard".to_owned()),
        password: Some("PASSWORD".to_owned().into()),
        ..settings(redis.port)
    }
}

#[test]
fn the_rights_of_the_manual_suffice_for_all_that_is_done() {
    let redis = Redis::start("");
    let rights = rights();
    let command: Vec<&str> = rights.iter().map(String::as_str).collect();
    assert_eq!(redis.ask(&command), "OK");
    run(async |executor| {
        let mut side = Side::new(executor, named(&redis));
        side.until("it is up", |side| side.is_up).await;
        side.append("one");
        side.until("its own", |side| side.entries.len() == 1).await;
        side.engine.store(b"state".to_vec()).expect("it is up");
        side.until("it is stored", |_| redis.ask(&["EXISTS", SNAPSHOT]) == "1").await;
        let mut late = Side::new(executor, named(&redis));
        late.until("the snapshot", |side| side.state.is_some()).await;
        // Long enough for a PING.
        smol::Timer::after(std::time::Duration::from_millis(1_500)).await;
        side.append("two");
        side.until("its own", |side| side.entries.len() == 2).await;
        assert!(side.downs.is_empty() && late.downs.is_empty());
    });
}

#[test]
fn a_user_without_one_of_them_is_told_what_it_may_not_do() {
    let redis = Redis::start("");
    let rights = rights();
    let mut command: Vec<&str> = rights.iter().map(String::as_str).collect();
    command.push("-xadd");
    assert_eq!(redis.ask(&command), "OK");
    let (is_refused, why) = crate::side::sentence(named(&redis));
    assert!(is_refused && why.contains("may not do") && why.contains("xadd"), "{why}");
    let (is_refused, why) = crate::side::sentence(Settings { key: "another".to_owned(), ..named(&redis) });
    assert!(is_refused && why.contains("may not do"), "{why}");
    assert_eq!(redis.ask(&["EXISTS", KEY, "another"]), "0");
}
