//! How fast it is, beside what the engine can do.

use std::process::Command;
use std::time::Instant;

use callboard::cluster::Event;

use crate::redis_server::Redis;
use crate::side::{KEY, Side, run};

const PAYLOAD: usize = 200;

/// Appends so many entries, at most `window` of them at a time, and returns how many a second, and the times of each from the append to
/// its own entry.
fn appended(redis: &Redis, count: usize, window: usize) -> (f64, Vec<u128>) {
    run(async |executor| {
        let mut side = Side::up(executor, redis).await;
        let (mut begun, mut times, mut next) = (Vec::with_capacity(count), Vec::with_capacity(count), 0);
        let start = Instant::now();
        while times.len() < count {
            while next < count && next - times.len() < window {
                let now = Instant::now();
                side.engine.append(now, vec![b'x'; PAYLOAD]).expect("there is room");
                begun.push(now);
                next += 1;
            }
            match side.engine.next().await {
                Event::Entry { own: Some(number), .. } => {
                    times.push(begun[number as usize - 1].elapsed().as_micros());
                }
                Event::Entry { .. } => {}
                other => side.take(other),
            }
        }
        let rate = count as f64 / start.elapsed().as_secs_f64();
        times.sort_unstable();
        (rate, times)
    })
}

#[test]
#[ignore = "it measures, in a release build"]
fn figures() {
    let redis = Redis::start("");
    for (window, pipeline, count) in [(1, "1", 20_000), (512, "512", 300_000)] {
        redis.ask(&["DEL", KEY]);
        let (rate, times) = appended(&redis, count, window);
        let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        let port = redis.port.to_string();
        let value = "x".repeat(PAYLOAD + 25);
        let clients = "1";
        let count = count.to_string();
        let arguments = [
            "-p", &port, "-n", &count, "-c", clients, "-P", pipeline, "-q", "XADD", "bench", "*", "entry",
            &value,
        ];
        let output = Command::new("redis-benchmark").args(arguments).output().expect("redis-benchmark");
        let output = String::from_utf8_lossy(&output.stdout).replace('\r', "\n");
        let beside =
            output.lines().rev().find(|line| line.contains("requests per second")).unwrap_or("nothing");
        println!(
            "{window} at a time: {rate:.0}/s appended and read, p50 {p50} µs, p99 {p99} µs; redis-benchmark: {beside}"
        );
    }
}
