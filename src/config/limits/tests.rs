//! The table of limits: its defaults, ranges and spellings.

use super::*;

#[test]
fn one_address_cannot_have_everything() {
    let limits = Limits::default();
    assert!(limits.connections_per_address < limits.connections);
    assert!(limits.connections_per_address < limits.bosh_sessions);
}

#[test]
fn every_default_lies_in_its_range_and_survives_its_own_spelling() {
    let defaults = Limits::default();
    for limit in TABLE {
        let value = limit.get(&defaults);
        let mut limits = defaults;
        assert_eq!(limit.set(&mut limits, value), Ok(()), "{}", limit.key);
        assert_eq!(limits, defaults, "{}", limit.key);
        assert!(u32::try_from(limit.maximum).is_ok(), "{} fits 32 bits", limit.key);
        assert!(!limit.meaning.is_empty() && !limit.meaning.starts_with(' '));
        for value in [limit.minimum, value, limit.maximum] {
            let shown = limit.kind.show(value);
            let read = match limit.kind {
                Kind::Count => shown.parse().ok(),
                kind => kind.parse(shown.trim_matches('"')),
            };
            assert_eq!(read, Some(value), "{} as {shown}", limit.key);
        }
    }
}

#[test]
fn a_value_outside_the_range_is_not_set_and_the_range_is_said() {
    let ping = TABLE.iter().find(|limit| limit.key == "ping").expect("ping is a limit");
    let mut limits = Limits::default();
    let error = ping.set(&mut limits, 2 * HOUR).expect_err("two hours are too long");
    assert_eq!(error, "must be from \"1s\" to \"1h\"");
    assert!(ping.set(&mut limits, 999).is_err());
    assert_eq!(limits, Limits::default());
    ping.set(&mut limits, HOUR).expect("one hour is the maximum");
    assert_eq!(limits.ping, Duration::from_secs(3600));
}

#[test]
fn sizes_and_durations_are_read_by_their_units_only() {
    for (kind, text, value) in [
        (Kind::Size, "512B", Some(512)),
        (Kind::Size, "64KiB", Some(65_536)),
        (Kind::Size, "1MiB", Some(1_048_576)),
        (Kind::Size, "99999999999999999999MiB", Some(u64::MAX)),
        (Kind::Size, "64kb", None),
        (Kind::Size, "64 KiB", None),
        (Kind::Size, "64", None),
        (Kind::Size, "KiB", None),
        (Kind::Size, "", None),
        (Kind::Size, "-1B", None),
        (Kind::Duration, "500ms", Some(500)),
        (Kind::Duration, "60s", Some(60_000)),
        (Kind::Duration, "5m", Some(300_000)),
        (Kind::Duration, "1h", Some(3_600_000)),
        (Kind::Duration, "1d", None),
        (Kind::Duration, "1.5s", None),
        (Kind::Duration, "64KiB", None),
        (Kind::Count, "64", None),
    ] {
        assert_eq!(kind.parse(text), value, "{kind:?} {text:?}");
    }
}

#[test]
fn values_are_shown_as_one_would_write_them() {
    for (kind, value, text) in [
        (Kind::Count, 4096, "4096"),
        (Kind::Size, 10_000, "\"10000B\""),
        (Kind::Size, 65_536, "\"64KiB\""),
        (Kind::Size, MIB, "\"1MiB\""),
        (Kind::Duration, 100, "\"100ms\""),
        (Kind::Duration, MINUTE, "\"60s\""),
        (Kind::Duration, 90 * SECOND, "\"90s\""),
        (Kind::Duration, 10 * MINUTE, "\"10m\""),
        (Kind::Duration, HOUR, "\"1h\""),
    ] {
        assert_eq!(kind.show(value), text);
    }
}
