//! Passwords in all their forms, and their comparison.

use super::*;

// RFC 7914 §11 has PBKDF2-HMAC-SHA256 of "Password" with the salt "NaCl" of 4 bytes; ours are always 16 bytes
// long. This one was computed by Python: hashlib.pbkdf2_hmac("sha256", b"correct horse", bytes(range(16)), 1000).
const KNOWN: &str =
    "$pbkdf2-sha256$i=1000$AAECAwQFBgcICQoLDA0ODw$yRTMTwbMbo9G0VfjobWqerzuuxe7BETNTErBbKKumGQ";

#[test]
fn a_hash_of_another_implementation_is_understood() {
    let password = Password::parse_hash(KNOWN).expect("a valid hash");
    assert!(password.matches("correct horse"));
    assert!(!password.matches("correct horsf"));
    assert!(!password.matches(""));
    assert!(password.is_slow());
    assert_eq!(password.iterations(), 1000);
}

#[test]
fn a_new_hash_has_its_own_salt_and_matches_its_password_only() {
    let one = Password::hash("1234", 1000).expect("a hash");
    let two = Password::hash("1234", 1000).expect("a hash");
    assert_ne!(one, two);
    assert!(one.starts_with("$pbkdf2-sha256$i=1000$"));
    for hash in [one, two] {
        let password = Password::parse_hash(&hash).expect("our own form");
        assert!(password.matches("1234"));
        assert!(!password.matches("12345"));
    }
}

#[test]
fn a_malformed_hash_is_refused_in_words_that_do_not_quote_it() {
    let good = KNOWN.to_owned();
    let salt = "AAECAwQFBgcICQoLDA0ODw";
    for (text, word) in [
        ("hunter2".to_owned(), "form"),
        (good.replace("sha256", "sha1"), "form"),
        (good.replace("i=1000", "i=+1000"), "form"),
        (good.replace("i=1000", "i="), "form"),
        (good.clone() + "$x", "form"),
        (good.replace("i=1000", "i=999"), "iterations"),
        (good.replace("i=1000", "i=0"), "iterations"),
        (good.replace("i=1000", "i=10000001"), "iterations"),
        (good.replace("i=1000", "i=99999999999"), "iterations"),
        (good.replace(salt, "AAEC"), "salt"),
        (good.replace(salt, &format!("{salt}==")), "salt"),
        (good[..good.len() - 3].to_owned(), "hash of 32"),
        (good.clone() + "=", "hash of 32"),
    ] {
        let error = Password::parse_hash(&text).expect_err(&text);
        assert!(error.contains(word), "{text}: {error}");
        assert!(!error.contains("hunter2"));
    }
}

#[test]
fn both_sides_are_prepared_by_saslprep() {
    // RFC 4013 §3: a soft hyphen is nothing, ROMAN NUMERAL NINE is "IX".
    let password = Password::plain("I\u{ad}X").expect("a password");
    assert!(password.matches("IX"));
    assert!(password.matches("\u{2168}"));
    assert!(!password.matches("ix"));
    for refused in ["\u{7}", "\u{627}1", "", "\u{ad}"] {
        assert!(Password::plain(refused).is_err(), "{refused:?}");
        assert!(Password::hash(refused, 1000).is_err(), "{refused:?}");
    }
    // A text that is refused as a password lets nobody in either.
    assert!(!password.matches("IX\u{7}"));
}

#[test]
fn nobody_is_let_in_and_a_decoy_changes_no_answer() {
    let plain = Password::plain("1234").expect("a password");
    let hashed = Password::parse_hash(KNOWN).expect("a hash");
    let slower = Password::hash("correct horse", 2000).expect("a hash");
    let slower = Password::parse_hash(&slower).expect("a hash");
    let scram = Password::scram("scram").and_then(|keys| Password::parse_scram(&keys)).expect("keys");
    for decoy in [None, Some(&hashed), Some(&slower), Some(&scram)] {
        assert!(verify(Some(&scram), "scram", decoy) && !verify(Some(&scram), "1234", decoy));
        assert!(verify(Some(&plain), "1234", decoy));
        assert!(verify(Some(&hashed), "correct horse", decoy));
        assert!(!verify(Some(&plain), "correct horse", decoy));
        assert!(!verify(Some(&hashed), "1234", decoy));
        assert!(!verify(None, "1234", decoy));
        assert!(!verify(None, "correct horse", decoy), "the decoy's own password");
    }
}

#[test]
fn keys_of_scram_are_compared_with_what_comes_as_text() {
    let text = Password::scram("IX").expect("keys");
    assert!(text.starts_with("SCRAM-SHA-256$10000:") && text.contains(" SCRAM-SHA-1$10000:"), "{text}");
    assert_ne!(text, Password::scram("IX").expect("keys"), "each has salts of its own");
    let password = Password::parse_scram(&text).expect("our own form");
    assert!(password.matches("\u{2168}") && !password.matches("ix") && !password.matches(""));
    assert!(password.is_slow() && !password.has_text());
    let (both, alone) = (text.clone(), text.split(' ').next().expect("the first").to_owned());
    assert!(Password::parse_scram(&alone).expect("one is enough").keys(scram::Hash::Sha1).is_none());
    let sha1 = text.split(' ').nth(1).expect("the second").to_owned();
    for (text, word) in [
        ("hunter2".to_owned(), "form"),
        (format!("{alone} "), "form"),
        (both.replace("10000", "4095"), "from 4096 to 10000000 iterations"),
        (both.replace("10000", "10000001"), "iterations"),
        (alone.replace(&alone[20..44], "c2hvcnQ="), "a salt of 8 to 64 bytes"),
        (format!("{both} {sha1}"), "twice"),
        (sha1, "no keys for SCRAM-SHA-256"),
    ] {
        let error = Password::parse_scram(&text).expect_err(&text);
        assert!(error.contains(word), "{text}: {error}");
        assert!(!error.contains("hunter2"));
    }
    for refused in ["\u{7}", ""] {
        assert!(Password::scram(refused).is_err(), "{refused:?}");
    }
    // An untried configuration may say the same in another way.
    let mechanisms = [Mechanism::Plain, Mechanism::Scram(scram::Hash::Sha1)];
    let (plain, kept) = (Password::plain("x"), Password::plain_for("x", &mechanisms));
    assert!(
        plain == kept && kept.is_ok_and(|kept| kept.has_text()) && plain.is_ok_and(|plain| !plain.has_text())
    );
}

#[test]
fn debug_shows_no_secret() {
    let plain = Password::plain("hunter2").expect("a password");
    assert_eq!(format!("{plain:?}"), "Plain(..)");
    let hashed = Password::parse_hash(KNOWN).expect("a hash");
    assert_eq!(format!("{hashed:?}"), "Hashed(1000 iterations, ..)");
    let scram = Password::scram("hunter2").and_then(|keys| Password::parse_scram(&keys)).expect("keys");
    assert_eq!(format!("{scram:?}"), "Scram(10000 iterations, ..)");
}
