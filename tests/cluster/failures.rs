//! What goes wrong later: the engine is down by a sentence, and up again by itself.

use std::time::Instant;

use callboard::cluster::{Bounds, NotAppended, Settings};

use crate::redis_server::Redis;
use crate::relay::Relay;
use crate::side::{KEY, Side, run, settings};

#[test]
fn a_connection_that_says_nothing_is_given_up_and_all_follows_when_it_speaks() {
    let redis = Redis::start("");
    let relay = Relay::start(redis.port);
    run(async |executor| {
        let mut other = Side::up(executor, &redis).await;
        let mut side = Side::new(executor, settings(relay.port));
        side.until("it is up", |side| side.is_up).await;
        relay.stall(true);
        let begun = Instant::now();
        assert!(side.append("waits"), "nobody knows yet");
        side.until("it is down", |side| !side.is_up).await;
        let time = begun.elapsed().as_millis();
        assert!((1_900..4_000).contains(&time), "after {time} ms");
        assert!(side.downs[0].contains("has not answered within"), "{:?}", side.downs);
        assert!(!side.append("is not taken"));
        for text in ["one", "two", "three"] {
            other.append(text);
        }
        other.until("its own", |side| side.entries.len() == 3).await;
        relay.stall(false);
        relay.cut(false);
        side.until("all", |side| side.entries.len() == 4).await;
        other.until("all", |side| side.entries.len() == 4).await;
        assert_eq!(side.entries, other.entries);
        assert_eq!(side.texts().iter().filter(|text| **text == "waits").count(), 1);
    });
}

#[test]
fn a_replica_takes_nothing_until_it_is_the_primary() {
    let primary = Redis::start("");
    let redis = Redis::start("");
    run(async |executor| {
        let mut side = Side::up(executor, &redis).await;
        redis.ask(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]);
        side.append("waits");
        let is_told = |side: &Side| side.downs.iter().any(|why| why.contains("is a replica"));
        side.until("it is told what is wrong", is_told).await;
        redis.ask(&["REPLICAOF", "NO", "ONE"]);
        // What it had may be gone: it has taken over that of the primary, which is nothing.
        let is_gone = |side: &Side| side.downs.iter().any(|why| why.contains("is gone from the engine"));
        side.until("it is up, or told that the stream is gone", |side| side.is_up || is_gone(side)).await;
    });
}

#[test]
fn an_engine_without_memory_takes_nothing_until_it_has_some() {
    let redis = Redis::start("");
    run(async |executor| {
        let mut side = Side::up(executor, &redis).await;
        redis.ask(&["CONFIG", "SET", "maxmemory", "1"]);
        side.append("waits");
        side.until("it is down", |side| !side.is_up).await;
        assert!(side.downs[0].contains("maxmemory"), "{:?}", side.downs);
        redis.ask(&["CONFIG", "SET", "maxmemory", "0"]);
        side.until("its own", |side| side.texts() == ["waits"]).await;
        assert!(side.is_up);
    });
}

#[test]
fn an_engine_that_comes_back_without_the_stream_is_no_beginning() {
    let redis = Redis::start("");
    run(async |executor| {
        let mut side = Side::up(executor, &redis).await;
        side.append("one");
        side.until("its own", |side| side.entries.len() == 1).await;
        redis.ask(&["FLUSHALL"]);
        side.until("it is down", |side| !side.is_up).await;
        assert!(side.downs[0].contains("is gone from the engine"), "{:?}", side.downs);
        assert_eq!(redis.ask(&["EXISTS", KEY]), "0", "none was made");
        // An appliance that starts has nothing to lose.
        Side::up(executor, &redis).await;
        side.until("it begins anew with the others", |side| side.is_up).await;
        side.until("the empty state", |side| side.state.as_ref().is_some_and(|(_, state)| state.is_empty()))
            .await;
        assert!(side.entries.is_empty());
    });
}

#[test]
fn every_bound_refuses_what_is_beyond() {
    let redis = Redis::start("");
    let bounds = Bounds { entry: 10, snapshot: 10, length: 4, ..settings(0).bounds };
    run(async |executor| {
        let mut side = Side::new(executor, Settings { bounds, ..settings(redis.port) });
        let error = side.engine.append(Instant::now(), Vec::new()).expect_err("it is not up");
        assert!(error.to_string().contains("not reached yet"), "{error}");
        side.until("it is up", |side| side.is_up).await;
        let append = |side: &Side, long: usize| side.engine.append(Instant::now(), vec![b'x'; long]);
        assert_eq!(append(&side, 11), Err(NotAppended::TooLong(10)));
        assert_eq!(side.engine.store(vec![0; 11]), Err(NotAppended::TooLong(10)));
        for number in 1..4 {
            assert_eq!(append(&side, 10), Ok(number));
        }
        side.until("they are there", |side| side.entries.len() == 3).await;
        // The header counts.
        side.until("the length is known", |side| side.engine.length() == 4 || side.entries.len() > 3).await;
        assert_eq!(append(&side, 1), Err(NotAppended::NoSnapshot(4)));
        redis.ask(&["XTRIM", KEY, "MAXLEN", "1"]);
    });
}

#[test]
fn what_waits_is_appended_before_the_end() {
    let redis = Redis::start("");
    run(async |executor| {
        let side = Side::up(executor, &redis).await;
        for n in 0..1000 {
            assert!(side.append(&n.to_string()));
        }
        assert!(side.engine.stop().await);
        assert_eq!(redis.ask(&["XLEN", KEY]), "1001");
        let mut side = Side::up(executor, &redis).await;
        side.until("all", |side| side.entries.len() == 1000).await;
    });
}
