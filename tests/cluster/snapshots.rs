//! Snapshots go forward only, and take the place of entries that are not there any more.

use callboard::cluster::EntryId;

use crate::redis_server::Redis;
use crate::relay::Relay;
use crate::side::{KEY, SNAPSHOT, Side, run, settings};

/// Two sides that have the same entries.
async fn filled(side: &mut Side, from: usize, to: usize) {
    for n in from..to {
        side.append(&n.to_string());
    }
    side.until("its own", |side| side.texts().last() == Some(&(to - 1).to_string().as_str())).await;
}

async fn store(side: &mut Side, redis: &Redis, state: &str) {
    side.engine.store(state.as_bytes().to_vec()).expect("it is up");
    side.until("it is stored", |_| redis.ask(&["HGET", SNAPSHOT, "state"]) == state).await;
}

#[test]
fn who_comes_later_loads_the_snapshot_and_reads_on() {
    let redis = Redis::start("");
    run(async |executor| {
        let mut side = Side::up(executor, &redis).await;
        filled(&mut side, 0, 10).await;
        store(&mut side, &redis, "ten").await;
        filled(&mut side, 10, 12).await;
        let mut late = Side::up(executor, &redis).await;
        late.until("the rest", |side| side.entries.len() == 2).await;
        let (id, state) = late.state.clone().expect("it has loaded it");
        assert_eq!((id, state.as_slice()), (side.entries[9].0, b"ten".as_slice()));
        assert_eq!(late.texts(), ["10", "11"]);
    });
}

#[test]
fn of_two_that_store_at_the_same_time_the_later_state_stays() {
    let redis = Redis::start("");
    run(async |executor| {
        let mut early = Side::up(executor, &redis).await;
        filled(&mut early, 0, 5).await;
        let mut late = Side::up(executor, &redis).await;
        late.until("all", |side| side.entries.len() == 5).await;
        filled(&mut late, 5, 7).await;
        // The early one has not taken the last two.
        late.engine.store(b"seven".to_vec()).expect("it is up");
        early.engine.store(b"five".to_vec()).expect("it is up");
        for (side, expected) in [(&mut late, true), (&mut early, false)] {
            loop {
                match side.engine.next().await {
                    callboard::cluster::Event::Stored { is_new, .. } => {
                        // Whichever came first, the early one is never on top.
                        assert!(is_new == expected || !expected);
                        break;
                    }
                    event => side.take(event),
                }
            }
        }
        assert_eq!(redis.ask(&["HGET", SNAPSHOT, "state"]), "seven");
        assert_eq!(redis.ask(&["HGET", SNAPSHOT, "id"]), late.entries[6].0.to_string());
    });
}

#[test]
fn a_snapshot_shortens_the_stream_below_what_others_may_still_read() {
    let redis = Redis::start("");
    run(async |executor| {
        let mut side = Side::up(executor, &redis).await;
        filled(&mut side, 0, 10).await;
        store(&mut side, &redis, "ten").await;
        // The header only: what is younger than ten seconds stays.
        assert_eq!(redis.ask(&["XLEN", KEY]), "10");
        let first = redis.ask(&["XRANGE", KEY, "-", "+", "COUNT", "1"]);
        assert!(first.starts_with(&side.entries[0].0.to_string()), "{first}");
        filled(&mut side, 10, 20).await;
        assert_eq!((side.ups, side.downs.len()), (1, 0));
    });
}

#[test]
fn a_side_that_was_away_while_the_stream_was_trimmed_loads_the_snapshot() {
    let redis = Redis::start("");
    let relay = Relay::start(redis.port);
    run(async |executor| {
        let mut side = Side::up(executor, &redis).await;
        let mut away = Side::new(executor, settings(relay.port));
        away.until("it is up", |side| side.is_up).await;
        filled(&mut side, 0, 5).await;
        away.until("all", |side| side.entries.len() == 5).await;
        relay.stall(true);
        away.until("it is down", |side| !side.is_up).await;
        filled(&mut side, 5, 10).await;
        store(&mut side, &redis, "ten").await;
        let up_to = side.entries[9].0;
        redis.ask(&["XTRIM", KEY, "MINID", &up_to.to_string()]);
        filled(&mut side, 10, 12).await;
        relay.stall(false);
        relay.cut(true);
        away.until("the rest", |side| side.texts() == ["10", "11"]).await;
        assert_eq!(away.state, Some((up_to, b"ten".to_vec())));
    });
}

#[test]
fn a_stream_that_was_trimmed_beyond_its_snapshot_is_told() {
    let redis = Redis::start("");
    run(async |executor| {
        let mut side = Side::up(executor, &redis).await;
        filled(&mut side, 0, 5).await;
        store(&mut side, &redis, "five").await;
        filled(&mut side, 5, 10).await;
        redis.ask(&["XTRIM", KEY, "MAXLEN", "2"]);
        // Its last entry is there still.
        filled(&mut side, 10, 11).await;
        assert!(side.downs.is_empty());
        drop(side);
    });
    let (is_refused, why) = crate::side::sentence(settings(redis.port));
    assert!(is_refused && why.contains("it was trimmed by somebody else"), "{why}");
}

#[test]
fn an_append_that_was_sent_twice_counts_once_also_for_who_has_loaded_a_snapshot_between() {
    let redis = Redis::start("");
    run(async |executor| {
        let mut side = Side::up(executor, &redis).await;
        filled(&mut side, 0, 3).await;
        let record = redis.ask(&["--no-raw", "XREVRANGE", KEY, "+", "-", "COUNT", "1"]);
        assert!(record.contains("entry"), "{record}");
        store(&mut side, &redis, "three").await;
        // As the engine would have it if the answer had been lost.
        let script = "local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
                      return redis.call('XADD', KEYS[1], '*', unpack(last[2]))";
        let again = EntryId::parse(redis.ask(&["EVAL", script, "1", KEY]).as_bytes());
        filled(&mut side, 3, 4).await;
        let mut late = Side::up(executor, &redis).await;
        late.until("the rest", |side| !side.entries.is_empty()).await;
        assert_eq!(late.texts(), ["3"]);
        assert_eq!(side.texts(), ["0", "1", "2", "3"]);
        assert!(again.is_some_and(|again| again > side.entries[2].0 && again < side.entries[3].0));
    });
}

#[test]
fn a_damaged_snapshot_is_refused() {
    let redis = Redis::start("");
    run(async |executor| {
        let mut side = Side::up(executor, &redis).await;
        filled(&mut side, 0, 3).await;
        store(&mut side, &redis, "three").await;
    });
    for (field, value) in [("seen", "x"), ("id", "x")] {
        let before = redis.ask(&["HGET", SNAPSHOT, "id"]);
        redis.ask(&["HSET", SNAPSHOT, field, value]);
        let (is_refused, why) = crate::side::sentence(settings(redis.port));
        assert!(is_refused && why.contains("is damaged"), "{field}: {why}");
        redis.ask(&["HSET", SNAPSHOT, "id", &before]);
    }
}
