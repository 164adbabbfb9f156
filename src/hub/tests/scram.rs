//! Logins by SCRAM, as the hub decides them.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::client::{Last, Scram, data};
use crate::config::scram::{Hash, Keys, Mechanism};
use crate::hub::tests::*;

#[path = "../../../tests/wire/support/scram.rs"]
mod client;

const SHA256: &str = "SCRAM-SHA-256";

fn keys(password: &str) -> Password {
    Password::scram(password).and_then(|keys| Password::parse_scram(&keys)).expect("keys")
}

/// A hub that offers all mechanisms; of the agents 1001 and 1002 it has keys, and of nobody a text.
fn stage() -> Stage {
    Stage::with(|config| {
        config.sasl = Mechanism::ALL.to_vec();
        for user in &mut config.users {
            user.password = Password::plain("none").expect("a password");
        }
        config.users[1].password = keys("1001");
        config.users[2].password = keys("1002");
    })
}

impl Stage {
    fn sasl(&mut self, id: SessionId, element: &str, text: &str) -> String {
        let name = element.split(' ').next().expect("a name");
        let data = STANDARD.encode(text);
        self.say(id, &format!("<{element} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{data}</{name}>"));
        self.hear(id).concat()
    }

    /// Says who logs in. Returns the session and the challenge.
    fn begin(&mut self, scram: &Scram) -> (SessionId, String) {
        let id = self.connect();
        self.open(id);
        self.hear(id);
        let answer = self.sasl(id, &format!("auth mechanism='{}'", scram.mechanism), &scram.first());
        (id, data("challenge", &answer))
    }

    /// Logs in; tells whether that went well.
    fn prove(&mut self, scram: &Scram) -> bool {
        let (id, challenge) = self.begin(scram);
        let Last { message, answer } = scram.last(&challenge);
        let heard = self.sasl(id, "response", &message);
        let granted = heard.contains("<success");
        if granted {
            assert_eq!(data("success", &heard), answer);
            assert!(self.hub.is_logged_in(id));
        } else {
            assert!(heard.contains("<not-authorized/>"), "{heard}");
        }
        self.hub.closed(self.now, id, "gone");
        granted
    }
}

#[test]
fn keys_let_in_who_has_the_password_and_nobody_else() {
    let mut stage = stage();
    for mechanism in ["SCRAM-SHA-1", SHA256] {
        for (name, password, granted) in [
            ("1001", "1001", true),
            ("1001", "1002", false),
            ("1002", "1002", true),
            ("1003", "none", false),
            ("nobody", "1001", false),
        ] {
            let scram = Scram::new(mechanism, name, password);
            assert_eq!(stage.prove(&scram), granted, "{mechanism} {name} {password}");
        }
    }
    assert!(stage.checks.is_empty(), "with keys alone no check is slow");
}

#[test]
fn a_challenge_does_not_tell_who_is_there() {
    let mut stage = stage();
    let mut told = |name| {
        let scram = Scram::new(SHA256, name, "x");
        let (id, challenge) = stage.begin(&scram);
        stage.hub.closed(stage.now, id, "gone");
        scram.told(&challenge)
    };
    let names = ["1001", "1003", "nobody", "somebody"];
    let first = names.map(&mut told);
    assert_eq!(names.map(&mut told), first, "each time the same");
    for (place, (salt, iterations)) in first.iter().enumerate() {
        assert_eq!((salt.len(), *iterations), (16, 10_000));
        assert!(first[place + 1..].iter().all(|(other, _)| other != salt));
    }
    // It hangs on the key, and on no password: who knows all but one could try that one on it.
    let users = Config::demo().users;
    let salt = |users: &[crate::config::User], key| {
        login::salts::Salts::new(users, [key; 32]).of(Hash::Sha1, "nobody", None)
    };
    assert_eq!(salt(&users, 1), salt(&users[1..], 1));
    assert_ne!(salt(&users, 1), salt(&users, 2));
    assert_eq!(salt(&users, 1).1.get(), 4096, "where nobody has keys");
    // Keys of others have salts of other lengths, and for each hash function rounds of their own.
    let mut users = Config::demo().users;
    let keys = |hash, rounds, salt: &[u8]| {
        Keys::derive(hash, NonZeroU32::new(rounds).expect("not 0"), salt, "x").text()
    };
    let both = format!("{} {}", keys(Hash::Sha256, 5000, &[1; 12]), keys(Hash::Sha1, 6000, &[1; 40]));
    users[1].password = Password::parse_scram(&both).expect("keys");
    let salts = login::salts::Salts::new(&users, [1; 32]);
    let form = |hash| {
        let (salt, rounds) = salts.of(hash, "nobody", None);
        (salt.len(), rounds.get())
    };
    assert_eq!([form(Hash::Sha256), form(Hash::Sha1)], [(12, 5000), (40, 6000)]);
}

#[test]
fn wrong_proofs_count_as_wrong_passwords_and_questions_count_as_nothing() {
    let mut stage = stage();
    let (right, wrong) = (Scram::new(SHA256, "1001", "1001"), Scram::new(SHA256, "1001", "wrong"));
    for _ in 0..20 {
        stage.begin(&wrong);
    }
    for _ in 0..4 {
        assert!(!stage.prove(&wrong));
    }
    assert!(stage.prove(&right), "that makes up for the wrong ones");
    for _ in 0..5 {
        assert!(!stage.prove(&wrong));
    }
    assert_eq!(stage.hub.counters().lockouts, 1);
    assert!(!stage.prove(&right), "the user is kept out, and asked all the same");
    assert!(stage.prove(&Scram::new(SHA256, "1002", "1002")));
    stage.pass(Duration::from_secs(300));
    assert!(stage.prove(&right));
    // An address that has used up its tries is told so when it has shown its proof, whoever it is.
    let mut stage = self::stage();
    for _ in 0..stage.hub.limits.address_attempts {
        stage.prove(&Scram::new(SHA256, "nobody", "x"));
    }
    let (id, challenge) = stage.begin(&right);
    let heard = stage.sasl(id, "response", &right.last(&challenge).message);
    assert!(heard.contains("<temporary-auth-failure/>"), "{heard}");
}

#[test]
fn keys_of_a_text_are_made_outside_and_so_they_are_for_everybody() {
    let mut stage = Stage::with(|config| {
        config.sasl = vec![Mechanism::Scram(Hash::Sha256)];
        for user in &mut config.users {
            user.password = Password::plain_for(&user.id, &config.sasl).expect("a password");
        }
        config.users[1].password = keys("1001");
    });
    for (name, password, granted) in [
        ("1001", "1001", true),
        ("1002", "1002", true),
        ("1002", "1001", false),
        ("nobody", "1001", false),
        ("nobody", "nobody's", false),
    ] {
        let scram = Scram::new(SHA256, name, password);
        let (id, challenge) = stage.begin(&scram);
        let Last { message, answer } = scram.last(&challenge);
        assert_eq!(stage.sasl(id, "response", &message), "");
        assert!(!stage.hub.is_reading(id));
        let (session, credentials, evidence) = stage.checks.pop().expect("a check");
        assert!(
            session == id && credentials.is_slow(&evidence) && !format!("{evidence:?}").contains(password)
        );
        let matches = credentials.verify(&evidence);
        assert_eq!(matches, granted, "{name}");
        stage.hub.verified(stage.now, id, credentials.user, matches);
        let heard = stage.hear(id).concat();
        match granted {
            true => assert_eq!(data("success", &heard), answer),
            false => assert!(heard.contains("<not-authorized/>"), "{heard}"),
        }
    }
}

#[test]
fn users_with_access_tokens_are_told_to_use_another_mechanism() {
    let mut stage = Stage::with(|config| {
        config.sasl = Mechanism::ALL.to_vec();
        config.users[1].sso = true;
    });
    let id = stage.connect();
    stage.open(id);
    stage.hear(id);
    let heard = stage.sasl(id, "auth mechanism='SCRAM-SHA-1'", &Scram::new("", "1001", "").first());
    assert!(heard.contains("<invalid-mechanism/>"), "{heard}");
    // Another configuration may say so while the proof is made.
    let mut stage = self::stage();
    let scram = Scram::new(SHA256, "1001", "1001");
    let (id, challenge) = stage.begin(&scram);
    let mut config = Config::demo();
    config.users[1].password = keys("1001");
    config.users[1].sso = true;
    stage.hub.reload(stage.now, config);
    let heard = stage.sasl(id, "response", &scram.last(&challenge).message);
    assert!(heard.contains("<not-authorized/>"), "{heard}");
    stage.open(id);
    // The mechanisms are those of that configuration, too.
    let id = stage.connect();
    stage.open(id);
    let features = stage.hear(id).concat();
    assert!(features.contains("<mechanism>PLAIN</mechanism></mechanisms>"), "{features}");
    let heard = stage.sasl(id, "auth mechanism='SCRAM-SHA-1'", &scram.first());
    assert!(heard.contains("<invalid-mechanism/>"), "{heard}");
}

#[test]
fn the_features_have_the_mechanisms_in_their_order() {
    let mut stage = Stage::with(|config| {
        config.sasl = vec![Mechanism::Scram(Hash::Sha256), Mechanism::Plain];
    });
    let id = stage.connect();
    stage.open(id);
    let features = stage.hear(id).concat();
    let both = "<mechanism>SCRAM-SHA-256</mechanism><mechanism>PLAIN</mechanism></mechanisms>";
    assert!(features.contains(both), "{features}");
}

#[test]
fn those_who_look_on_see_the_name_and_nothing_that_a_password_can_be_guessed_from() {
    let mut stage = stage();
    let asker = stage.asker("administrator");
    let tap = stage.hub.open_tap(stage.now, asker, None).expect("it may be opened");
    let scram = Scram { header: "y,a=1001,", ..Scram::new(SHA256, "1001", "1001") };
    let (id, challenge) = stage.begin(&scram);
    let Last { message, answer } = scram.last(&challenge);
    stage.sasl(id, "response", &message);
    let seen = stage.hear(tap).concat();
    for secret in [scram.first(), challenge, message, answer] {
        assert!(!seen.contains(&STANDARD.encode(&secret)), "{secret} in {seen}");
    }
    for shown in [
        r#"mechanism=\"SCRAM-SHA-256\" authzid=\"1001\" authcid=\"1001\" masked=\"true\"/>"#,
        r#"<challenge xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" masked=\"true\"/>"#,
        r#"<response xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" masked=\"true\"/>"#,
        r#"<success xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\" masked=\"true\"/>"#,
    ] {
        assert!(seen.contains(shown), "{shown} not in {seen}");
    }
    assert!(stage.hub.is_logged_in(id));
}
