//! What an appliance finds when it starts: each that will not pass by itself is refused with a sentence.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use callboard::cluster::{Settings, tls};
use rcgen::{CertificateParams, KeyPair};

use crate::redis_server::{Redis, free_port};
use crate::side::{KEY, SNAPSHOT, Side, run, sentence, settings};

fn refused(settings: Settings, words: &str) {
    let (is_refused, why) = sentence(settings);
    assert!(is_refused && why.contains(words), "{words}: {why}");
    assert!(!why.contains("secret"), "{why}");
}

fn down(settings: Settings, words: &str) {
    let (is_refused, why) = sentence(settings);
    assert!(!is_refused && why.contains(words), "{words}: {why}");
}

#[test]
fn a_password_that_is_wrong_missing_or_not_wanted_is_refused() {
    let redis = Redis::start("--requirepass secret1");
    let with = |password: Option<&str>, user: Option<&str>| Settings {
        password: password.map(|text| text.to_owned().into()),
        user: user.map(str::to_owned),
        ..settings(redis.port)
    };
    refused(with(None, None), "wants a password");
    refused(with(Some("secret2"), None), "does not take this password");
    refused(with(Some("secret1"), Some("nobody")), "does not take this password");
    run(async |executor| {
        let mut side = Side::new(executor, with(Some("secret1"), None));
        side.until("it is up", |side| side.is_up).await;
    });
    let open = Redis::start("");
    refused(
        Settings { password: Some("secret".to_owned().into()), ..settings(open.port) },
        "has no password",
    );
}

#[test]
fn keys_of_others_are_refused_and_left_alone() {
    let redis = Redis::start("");
    redis.ask(&["SET", KEY, "theirs"]);
    refused(settings(redis.port), "is a string and no stream");
    assert_eq!(redis.ask(&["GET", KEY]), "theirs");

    redis.ask(&["DEL", KEY]);
    redis.ask(&["SET", SNAPSHOT, "theirs"]);
    refused(settings(redis.port), "is a string and no hash");

    redis.ask(&["DEL", SNAPSHOT]);
    redis.ask(&["XADD", KEY, "*", "temperature", "21"]);
    refused(settings(redis.port), "without a header of callboard");
    assert_eq!(redis.ask(&["XLEN", KEY]), "1");

    redis.ask(&["DEL", KEY]);
    redis.ask(&["XADD", KEY, "0-1", "version", "2", "domain", "localhost"]);
    refused(settings(redis.port), "form \"2\"");
    refused(Settings { database: 99, ..settings(redis.port) }, "no database of that number");
}

#[test]
fn a_stream_of_another_domain_is_refused_also_by_its_snapshot() {
    let redis = Redis::start("");
    let other = || Settings { domain: "other.example".to_owned(), ..settings(redis.port) };
    run(async |executor| {
        let mut side = Side::up(executor, &redis).await;
        refused_in_thread(other(), "the stream callboard:localhost is that of domain \"localhost\"");
        side.engine.store(b"state".to_vec()).expect("it is up");
        side.until("it is stored", |_| redis.ask(&["EXISTS", SNAPSHOT]) == "1").await;
    });
    refused(other(), "the snapshot callboard:localhost:snapshot is that of domain \"localhost\"");
}

fn refused_in_thread(settings: Settings, words: &'static str) {
    thread::spawn(move || refused(settings, words)).join().expect("it is refused");
}

#[test]
fn an_entry_of_others_is_named_and_read_over_when_it_is_gone() {
    let redis = Redis::start("");
    run(async |executor| {
        let mut side = Side::up(executor, &redis).await;
        side.append("before");
        side.until("its own", |side| side.entries.len() == 1).await;
        let id = redis.ask(&["XADD", KEY, "*", "temperature", "21"]);
        side.until("it is down", |side| !side.is_up).await;
        let why = &side.downs[0];
        assert!(why.contains(&format!("XDEL {KEY} {id}")), "{why}");
        let mut late = Side::new(executor, settings(redis.port));
        late.until("it is down, too", |side| side.downs.iter().any(|why| why.contains(&id))).await;
        assert_eq!(late.texts(), ["before"]);
        redis.ask(&["XDEL", KEY, &id]);
        side.until("it is up", |side| side.is_up).await;
        side.append("after");
        side.until("its own", |side| side.entries.len() == 2).await;
        assert_eq!(side.texts(), ["before", "after"]);
    });
}

#[test]
fn an_entry_that_is_too_long_is_no_reason_to_use_the_memory_for_it() {
    let redis = Redis::start("");
    run(async |executor| {
        let mut side = Side::up(executor, &redis).await;
        let script = "return redis.call('XADD', KEYS[1], '*', 'entry', string.rep('x', 16 * 1024 * 1024))";
        let id = redis.ask(&["EVAL", script, "1", KEY]);
        side.until("it is down", |side| !side.is_up).await;
        assert!(side.downs[0].contains("has answered with more than"), "{:?}", side.downs);
        redis.ask(&["XDEL", KEY, &id]);
        side.until("it is up", |side| side.is_up).await;
    });
}

#[test]
fn an_engine_that_is_not_there_or_has_no_streams_is_told() {
    down(settings(free_port()), "there is no engine at 127.0.0.1:");
    down(Settings { host: "nowhere.invalid".to_owned(), ..settings(1) }, "the name nowhere.invalid");
    let old = fake("-ERR unknown command `HELLO`, with args beginning with: `2`, \r\n");
    refused(settings(old), "Redis 6.2 or later");
    let pairs = |version: &str, mode: &str, role: &str| {
        let pairs = ["server", "redis", "version", version, "mode", mode, "role", role];
        let texts = pairs.map(|text| format!("${}\r\n{text}\r\n", text.len()));
        fake(&format!("*8\r\n{}", texts.concat()))
    };
    refused(settings(pairs("6.0.16", "standalone", "master")), "of version 6.0.16");
    refused(settings(pairs("7.0.15", "sentinel", "sentinel")), "a Sentinel");
    refused(settings(pairs("7.0.15", "cluster", "master")), "Redis Cluster");
    down(settings(fake("*1\r\n*1\r\n?what\r\n")), "is broken");
    down(settings(fake("")), "has not answered within 2000 ms");
}

/// Listens, and says this to everybody.
fn fake(says: &str) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port of loopback");
    let port = listener.local_addr().expect("it is bound").port();
    let says = says.to_owned();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let _ = client.read(&mut [0; 4096]);
            let _ = client.write_all(says.as_bytes());
            // Until it has gone.
            let _ = client.read(&mut [0; 4096]);
        }
    });
    port
}

#[test]
fn over_tls_the_certificate_has_to_lead_to_ca() {
    let key = KeyPair::generate().expect("a key");
    let names = vec!["localhost".to_owned()];
    let certificate = CertificateParams::new(names).expect("names").self_signed(&key).expect("a certificate");
    let folder = std::env::temp_dir().join(format!("callboard-cluster-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (pem, key_pem) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&pem, certificate.pem()).expect("a file");
    std::fs::write(&key_pem, key.serialize_pem()).expect("a file");
    let port = free_port();
    let (pem, key_pem) = (pem.display(), key_pem.display());
    let redis = Redis::start(&format!(
        "--tls-port {port} --tls-cert-file {pem} --tls-key-file {key_pem} --tls-ca-cert-file {pem} --tls-auth-clients no"
    ));
    let trusting = |pem: String| {
        let tls = Some(tls(pem.as_bytes()).expect("it is PEM"));
        Settings { host: "localhost".to_owned(), tls, ..settings(port) }
    };
    run(async |executor| {
        let mut side = Side::new(executor, trusting(certificate.pem()));
        side.until("it is up", |side| side.is_up).await;
        side.append("over TLS");
        side.until("its own", |side| side.texts() == ["over TLS"]).await;
    });
    let other_key = KeyPair::generate().expect("a key");
    let other = CertificateParams::new(vec!["other".to_owned()]).expect("a name").self_signed(&other_key);
    refused(trusting(other.expect("a certificate").pem()), "cannot be trusted");
    // By an address that it does not have.
    let by_address = Settings { host: "127.0.0.1".to_owned(), ..trusting(certificate.pem()) };
    refused(by_address, "cannot be trusted");
    down(
        Settings { port: redis.port, ..trusting(certificate.pem()) },
        "see whether this is its port for TLS",
    );
    for (pem, words) in
        [("", "no certificate in PEM form"), ("-----BEGIN CERTIFICATE-----\n!\n", "not valid PEM")]
    {
        let error = tls(pem.as_bytes()).expect_err(words);
        assert!(error.contains(words), "{error}");
    }
    let _ = std::fs::remove_dir_all(folder);
}
