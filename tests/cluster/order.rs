//! All sides see the same entries in the same order, each once.

use std::collections::HashMap;
use std::rc::Rc;

use smol::LocalExecutor;

use crate::redis_server::Redis;
use crate::relay::Relay;
use crate::side::{Side, Taken, run, settings};

/// Appends entries `NAME 0`, `NAME 1` … and takes events until all sides have appended so many. Returns what it has seen.
async fn write(mut side: Side, name: &str, each: usize, all: usize) -> Side {
    let mut next = 0;
    loop {
        while next < each && side.append(&format!("{name} {next}")) {
            next += 1;
        }
        if side.entries.len() == all {
            return side;
        }
        let before = (side.entries.len(), side.is_up);
        // As many as it takes until there may be room again.
        side.until("entries come", |side| {
            (side.entries.len(), side.is_up) != before && (side.is_up || side.entries.len() == all)
        })
        .await;
    }
}

/// Every writer's entries are there, each once, in its order.
pub fn check(entries: &[Taken], writers: &[&str], each: usize) {
    assert!(entries.is_sorted_by(|(one, _), (next, _)| one < next), "the ids go up");
    let mut next: HashMap<&str, usize> = HashMap::new();
    for (_, text) in entries {
        let (name, number) = text.split_once(' ').expect("a name and a number");
        let expected = next.entry(name).or_default();
        assert_eq!(number, expected.to_string(), "of {name}");
        *expected += 1;
    }
    for writer in writers {
        assert_eq!(next.get(writer), Some(&each), "{writer}");
    }
    assert_eq!(next.len(), writers.len());
}

/// Runs writers that have their own ways to the engine, and readers beside them.
fn all_agree(ports: &[u16], readers: usize, direct: u16, each: usize, meanwhile: impl AsyncFnOnce()) {
    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    let names = &NAMES[..ports.len()];
    let all = each * names.len();
    run(async |executor: &Rc<LocalExecutor<'static>>| {
        let mut tasks = Vec::new();
        for (port, name) in ports.iter().zip(names) {
            let side = Side::new(executor, settings(*port));
            tasks.push(executor.spawn(write(side, name, each, all)));
        }
        for _ in 0..readers {
            let side = Side::new(executor, settings(direct));
            tasks.push(executor.spawn(write(side, "", 0, all)));
        }
        meanwhile().await;
        let mut expected: Option<Vec<Taken>> = None;
        for task in tasks {
            let side = task.await;
            match &expected {
                None => {
                    check(&side.entries, names, each);
                    expected = Some(side.entries);
                }
                Some(expected) => assert!(*expected == side.entries, "the order is another one"),
            }
        }
    });
}

#[test]
fn three_readers_see_20_000_entries_of_four_writers_in_one_order() {
    let redis = Redis::start("");
    all_agree(&[redis.port; 4], 3, redis.port, 5_000, async || {});
}

#[test]
fn connections_that_are_cut_reset_and_stalled_lose_nothing_and_double_nothing() {
    let redis = Redis::start("");
    for seed in [1, 2] {
        redis.ask(&["FLUSHALL"]);
        let relays = [Relay::start(redis.port), Relay::start(redis.port)];
        let ports = [relays[0].port, relays[1].port];
        all_agree(&ports, 1, redis.port, 1_500, async || Relay::disturb(&relays, seed).await);
    }
}

#[test]
fn an_engine_that_is_killed_loses_nothing_that_was_acknowledged_and_doubles_nothing() {
    let mut redis = Redis::start("--appendonly yes --appendfsync always");
    let port = redis.port;
    all_agree(&[port, port], 1, port, 3_000, async || {
        for _ in 0..3 {
            smol::Timer::after(std::time::Duration::from_millis(300)).await;
            redis.kill();
            redis.start_again();
        }
    });
}
