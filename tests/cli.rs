//! The commands that don't serve, as a user runs them.
#![allow(clippy::disallowed_methods, reason = "the tests are the world outside: clocks, sockets, threads")]

#[path = "wire/support/program.rs"]
mod program;

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use callboard::config::Config;
use callboard::config::limits::Limits;
use callboard::config::password::Password;
use program::program;
use rcgen::{CertificateParams, CertifiedKey, KeyPair, date_time_ymd, generate_simple_self_signed};

/// What a run of the program gave.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

fn run(arguments: &[&OsStr], input: &[u8]) -> Run {
    let mut child = program()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().expect("standard input is a pipe").write_all(input);
    let output = child.wait_with_output().expect("the program ends");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn callboard(line: &str) -> Run {
    run(&line.split_whitespace().map(OsStr::new).collect::<Vec<_>>(), b"")
}

fn check(file: &Path) -> Run {
    run(&["check".as_ref(), "--config".as_ref(), file.as_ref()], b"")
}

/// Writes a file of its own for a test.
fn file(name: &str, mode: u32, content: impl AsRef<[u8]>) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).expect("the folder of the tests can be written to");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("the file is ours");
    path
}

/// Runs `check` on a file with mistakes; returns what stands behind the name of the file in each line.
fn problems(path: &Path) -> Vec<String> {
    let run = check(path);
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{}", run.err);
    let prefix = format!("{}:", path.display());
    run.err.lines().map(|line| line.strip_prefix(&prefix).expect("the name comes first").to_owned()).collect()
}

const USER: &str = "[[user]]\nid = \"ada\"\nroles = [\"Administrator\"]\n";

#[test]
fn the_printed_demo_passes_the_check_and_is_the_embedded_one() {
    let demo = callboard("demo-config");
    assert_eq!((demo.code, demo.err.as_str()), (Some(0), ""));
    let own = file("printed-demo.toml", 0o600, &demo.out);
    let of_file = check(&own);
    assert_eq!((of_file.code, of_file.err.as_str()), (Some(0), ""));
    let embedded = callboard("check");
    assert_eq!((embedded.code, embedded.err.as_str()), (Some(0), ""));
    // Only the embedded one has listeners of XMPP over TCP: two servers of one file would share their ports.
    let own_to_one = |line: &str| line.starts_with("certificate ") || line.starts_with("listener       xmpp");
    let without_state = |out: &str| -> Vec<String> {
        out.lines().filter(|line| !own_to_one(line)).map(str::to_owned).collect()
    };
    let embedded = embedded.out.replace("the embedded demo.toml", &own.display().to_string());
    assert_eq!(without_state(&of_file.out), without_state(&embedded));
}

#[test]
fn the_check_says_what_would_be_served() {
    let run = callboard("check");
    for line in [
        "domain         localhost, with its nodes at pubsub.localhost",
        "listener       https://127.0.0.1:8445",
        "pages          of the same origin and of loopback addresses",
        "frames         may be looked at by administrators",
        "users          7, passwords: 0 hashed, 7 plain",
        "team 1         Lab: administrator 1001 1002 1003; supervised by administrator",
        "team 2         Kiosk: 1004 1005 1006; supervised by administrator",
        "reason codes   7, not required",
        "phone books    2 with 4 contacts",
        "campaigns      1 with 0 contacts",
        "queue 1        Sales: number 9001, team 1",
        "queue 2        Support: number 9002, team 2",
        "nodes          1 beside those of users and teams",
        "layouts        1 of call variables",
        "workflows      1 with 1 actions",
        "memory           64.0 MiB at most for queues",
        "[limits]",
    ] {
        assert!(run.out.lines().any(|printed| printed == line), "{line}\nis not in\n{}", run.out);
    }
    assert!(!run.out.contains("NOT THE DEFAULT"));
    let kept = run.out.lines().find(|line| line.starts_with("certificate    self-signed, kept in /"));
    assert!(kept.is_some_and(|line| line.ends_with("/callboard")), "{}", run.out);
}

#[test]
fn the_check_says_how_long_hashes_keep_users_out_after_a_restart() {
    let text = format!("{USER}password_hash = \"{}\"\n", hash("x"));
    let run = check(&file("restart.toml", 0o600, text));
    let line = run.out.lines().find(|line| line.starts_with("restart "));
    assert!(
        line.is_some_and(|line| line.contains(" of 1 users takes a hash: ") && line.ends_with(" s for all")),
        "{}",
        run.out
    );
    assert!(!callboard("check").out.contains("restart "));
}

#[test]
fn limits_are_marked_when_changed_and_printed_as_the_file_wants_them() {
    let text = format!("{USER}password_hash = \"{}\"\n[limits]\nping = \"5m\"\ndepth = 16\n", hash("x"));
    let run = check(&file("limits.toml", 0o600, text));
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let marked: Vec<_> = run.out.lines().filter(|line| line.contains("NOT THE DEFAULT")).collect();
    assert_eq!(marked.len(), 2, "{marked:?}");
    assert!(
        marked[0].starts_with("ping = \"5m\" ") && marked[0].ends_with("(NOT THE DEFAULT, which is \"60s\")")
    );
    assert!(marked[1].starts_with("depth = 16 ") && marked[1].ends_with("(NOT THE DEFAULT, which is 32)"));

    let (_, printed) = run.out.split_once("\n\n").expect("limits come last");
    let again = Config::parse(&format!("{USER}password = \"x\"\n{printed}"), "again.toml");
    let limits = again.expect("what is printed can be read").limits;
    let ping = std::time::Duration::from_secs(300);
    assert_eq!(limits, Limits { ping, depth: 16, ..Limits::default() });
}

#[test]
fn a_file_with_many_mistakes_has_them_all_reported_in_its_order() {
    let text = r#"domian = "x"
profile = "uccx2"
listen = ["127.0.0.1", "127.0.0.1:1", "127.0.0.1:1"]
[tls]
certificate = "server.pem"
[[team]]
id = "1"
name = "Lab"
[[user]]
id = "Ada"
password = "hunter2"
password_hash = "hunter2"
team = "2"
extension = "1000"
[[user]]
id = "bob"
roles = ["Agent", "Boss"]
supervises = ["3"]
extension = "1000"
[[node]]
name = "/finesse/api/User/bob"
publish = ["eve"]
items = "many"
[limits]
ping = "2h"
stanza = "64kB"
[limits]
"#;
    let place = |problem: &String| problem.split_once(": ").expect("a sentence follows").0.to_owned();
    let problems = problems(&file("many.toml", 0o600, text));
    let places: Vec<_> = problems.iter().map(place).collect();
    let expected = [
        "1:1", "2:11", "3:11", "3:39", "4:1", "10:6", "12:17", "13:8", "15:1", "17:19", "18:15", "19:13",
        "21:8", "22:12", "23:9", "25:8", "26:10", "27:2",
    ];
    assert_eq!(places, expected, "{problems:#?}");
}

#[test]
fn no_output_ever_shows_a_password() {
    // Long enough that a slip within it leaves one of the words whole.
    let text = format!(
        "domain = \"localhost\"\n[[team]]\nid = \"1\"\nname = \"Lab\"\n[[user]]\nid = \"ada\"\n\
         password = \"SECRETSECRET\"\nteam = \"1\"\n[[user]]\nid = \"bob\"\npassword_hash = \"{}\"\nteam = \"1\"\n",
        hash("SECRETSECRET")
    );
    let hash_of_bob = text.split('"').rev().nth(3).expect("the hash is in quotes").to_owned();
    let digest = hash_of_bob.rsplit('$').next().expect("the hash ends in its digest").to_owned();
    let shows = |output: &str| output.contains("SECRET") || output.contains(&digest);

    let good = check(&file("secrets.toml", 0o644, &text));
    assert_eq!(good.code, Some(0));
    assert!(good.err.contains("warning") && !good.out.is_empty());
    assert!(!shows(&good.out) && !shows(&good.err), "{}{}", good.out, good.err);

    let mut refused = 0;
    for (offset, _) in text.char_indices() {
        let (before, after) = text.split_at(offset);
        let slips = [String::from(before) + &after[1..]];
        let slips =
            slips.into_iter().chain(["\"", "\n", "=", "]", "x"].map(|slip| format!("{before}{slip}{after}")));
        for slip in slips {
            match Config::parse(&slip, "c.toml") {
                Ok(config) => assert!(!shows(&format!("{config:?}")), "{slip}"),
                Err(problems) => {
                    refused += 1;
                    for problem in problems {
                        assert!(!shows(&problem.to_string()), "{slip}\n{problem}");
                    }
                }
            }
        }
    }
    assert!(refused > text.len(), "most slips make a problem");

    let mut swapped = text.replace("password = ", "password_hash = ").replace(&hash_of_bob, "SECRET");
    swapped.push_str("password = \"SECRET\\u0007\"\n");
    let bad = check(&file("swapped.toml", 0o600, swapped));
    assert_eq!(bad.code, Some(1));
    assert!(!bad.err.is_empty() && !shows(&bad.err), "{}", bad.err);
}

#[test]
fn a_file_that_cannot_be_read_is_one_problem() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let missing = "1:1: there is no such file; `callboard demo-config` prints one to start from";
    assert_eq!(problems(&folder.join("missing.toml")), [missing]);
    assert_eq!(problems(folder), ["1:1: is a directory; name the configuration file in it"]);
    let latin1 = file("latin1.toml", 0o600, b"# \xc3\xa4\xc3\xb6\n# \xc3\xa4\xfc\n");
    assert_eq!(problems(&latin1), ["2:4: is not UTF-8 from here on; save the file as UTF-8"]);
    let large = file("large.toml", 0o600, vec![b'\n'; 1024 * 1024 + 1]);
    assert_eq!(problems(&large), ["1:1: is larger than 1 MiB, too large for a configuration file"]);
    let just_right = file("just-right.toml", 0o600, vec![b'\n'; 1024 * 1024]);
    assert_eq!(problems(&just_right), ["1:1: there is no user; add a section [[user]] for each"]);
}

#[test]
fn files_others_can_read_are_warned_of_when_they_hold_secrets() {
    let plain = format!("{USER}password = \"x\"\n");
    let hashed = format!("{USER}password_hash = \"{}\"\n", hash("x"));
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    file("a.pem", 0o644, cert.pem());
    file("open.key", 0o644, signing_key.serialize_pem());
    file("group.key", 0o640, signing_key.serialize_pem());
    let of_passwords = "4:12: warning: others on this machine can read the passwords in this file; run `chmod 600` on it, \
                        or use password_hash";
    let key = |name: &str| format!("{hashed}[tls]\ncertificate = \"a.pem\"\nkey = \"{name}\"\n");
    let open_key = Path::new(env!("CARGO_TARGET_TMPDIR")).join("open.key");
    let of_key = format!(
        "7:7: warning: everybody on this machine can read the key {}; run `chmod 600` on it",
        open_key.display()
    );
    for (mode, text, warning) in [
        (0o600, &plain, None),
        (0o644, &plain, Some(of_passwords)),
        (0o640, &plain, Some(of_passwords)),
        (0o644, &hashed, None),
        (0o644, &key("open.key"), Some(of_key.as_str())),
        (0o644, &key("group.key"), None),
    ] {
        let path = file("permissions.toml", mode, text);
        let run = check(&path);
        let expected = warning.map(|warning| format!("{}:{warning}\n", path.display())).unwrap_or_default();
        assert_eq!((run.code, run.err), (Some(0), expected), "{mode:o} {text}");
    }
}

#[test]
fn a_hashed_password_can_be_used_in_a_configuration() {
    for input in ["correct horse\n", "correct horse\r\n", "correct horse"] {
        let run = run(&["passwd".as_ref()], input.as_bytes());
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
        assert!(
            run.out.starts_with("$pbkdf2-sha256$i=600000$") && !run.out.contains("correct horse"),
            "{}",
            run.out
        );
        let password = Password::parse_hash(run.out.trim_end()).expect("the form of the configuration");
        assert!(password.matches("correct horse"));
    }
}

#[test]
fn keys_of_scram_can_be_used_in_a_configuration() {
    let run = run(&["passwd".as_ref(), "--scram".as_ref()], b"correct horse\n");
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    let keys = run.out.trim_end();
    assert!(keys.starts_with("SCRAM-SHA-256$10000:") && keys.contains(" SCRAM-SHA-1$10000:"), "{keys}");
    let password = Password::parse_scram(keys).expect("the form of the configuration");
    assert!(password.matches("correct horse") && !run.out.contains("correct horse"));
}

#[test]
fn what_cannot_be_a_password_is_refused() {
    for (input, sentence) in [
        (&b""[..], "callboard: the password must not be empty\n"),
        (b"\n", "callboard: the password must not be empty\n"),
        (b"SECRET\xff\n", "callboard: the password must be UTF-8\n"),
        (
            b"SECRET\x07\n",
            "callboard: the password has a character that is not allowed in a password (a control character, for example)\n",
        ),
        (
            b"SECRET\nSECRET\n",
            "callboard: the input has more than one line, and a password is one; give one at a time\n",
        ),
        (&[b'x'; 4096], "callboard: the password must be shorter than 4096 bytes\n"),
    ] {
        let run = run(&["passwd".as_ref()], input);
        assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(1), "", sentence));
    }
}

#[test]
fn a_reader_that_stops_early_is_no_failure() {
    let mut child = program()
        .arg("check")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn serve_reports_the_problems_of_its_file_and_keeps_the_demo_at_home() {
    let bad = file("serve.toml", 0o600, "domain = 1\n");
    let run = run(&["serve".as_ref(), "--config".as_ref(), bad.as_ref()], b"");
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    let place = format!("{}:1:10: ", bad.display());
    assert!(run.err.lines().any(|line| line.starts_with(&place)), "{}", run.err);

    let run = callboard("serve --listen 127.0.0.1:0 --listen-plain 0.0.0.0:0");
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert!(run.err.contains("not served on 0.0.0.0:0") && run.err.contains("demo-config"), "{}", run.err);
}

#[test]
fn help_and_version_go_to_standard_output() {
    let version = callboard("--version");
    assert_eq!((version.code, version.out.as_str()), (Some(0), "callboard 0.1.0\n"));
    let help = callboard("--help");
    assert_eq!((help.code, help.err.as_str()), (Some(0), ""));
    for command in ["serve", "check", "passwd", "demo-config"] {
        assert!(help.out.contains(&format!("\n  {command} ")), "{}", help.out);
        assert_eq!(callboard(&format!("{command} --help")).code, Some(0));
    }
    for line in ["-V", "-h", "serve -h"] {
        assert_eq!(callboard(line).code, Some(0), "{line}");
    }
    for line in ["serve --colour", "srve", "--confg c.toml", "check c.toml", "serve --listen=8445"] {
        let wrong = callboard(line);
        assert_eq!((wrong.code, wrong.out.as_str()), (Some(2), ""), "{line}");
        assert!(wrong.err.contains("--help"), "{}", wrong.err);
    }
}

#[test]
fn variables_of_the_environment_stand_in_for_flags() {
    let own =
        file("environment.toml", 0o600, format!("listen = [\"127.0.0.1:1\"]\n{USER}password = \"x\"\n"));
    let mut command = program();
    command.env("CALLBOARD_CONFIG", &own).env("CALLBOARD_LISTEN_PLAIN", "127.0.0.1:2, [::1]:2").arg("check");
    let output = command.output().expect("the program runs");
    let text = String::from_utf8(output.stdout).expect("output is UTF-8");
    assert_eq!(output.status.code(), Some(0), "{text}");
    for line in ["https://127.0.0.1:1", "http://127.0.0.1:2", "http://[::1]:2", &own.display().to_string()] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    for command in ["serve", "check", "healthcheck"] {
        let output =
            program().env("CALLBOARD_LISTEN", "8445").arg(command).output().expect("the program runs");
        let error = String::from_utf8(output.stderr).expect("output is UTF-8");
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.starts_with("callboard: the variable CALLBOARD_LISTEN has \"8445\" in it"), "{error}");
    }
}

#[test]
fn a_misspelt_variable_of_the_environment_is_named_with_what_was_meant() {
    let run = |variable: &str, command: &str| {
        let output = program().env(variable, "127.0.0.1:0").arg(command).output().expect("the program runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("output is UTF-8"))
    };
    let refused = "callboard: there is no variable CALLBOARD_LISTNE; did you mean CALLBOARD_LISTEN?\n";
    for command in ["serve", "check", "healthcheck"] {
        assert_eq!(run("CALLBOARD_LISTNE", command), (Some(2), refused.to_owned()), "{command}");
    }
    let (code, said) = run("CALLBOARD_WWW", "check");
    assert_eq!((code, said.lines().count()), (Some(0), 1), "{said}");
    // A program for several appliances knows one more.
    let known = "CALLBOARD_CONFIG, CALLBOARD_LISTEN, CALLBOARD_LISTEN_PLAIN, CALLBOARD_LOG\n";
    assert!(
        said.contains("nothing reads CALLBOARD_WWW of the environment; known are: ") && said.ends_with(known),
        "{said}"
    );
    // The scripts of the project are told by it where they keep what they load.
    assert_eq!(run("CALLBOARD_CACHE", "check"), (Some(0), String::new()));
}

#[test]
fn passwords_that_everybody_can_guess_are_refused_where_others_can_reach_them() {
    let demo = callboard("demo-config").out.replace("127.0.0.1:8445", "0.0.0.0:0");
    let open = file("guessable.toml", 0o600, demo);
    let path = open.to_str().expect("a plain name");
    for command in ["check", "serve"] {
        let run = callboard(&format!("{command} --config {path}"));
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{}", run.err);
        assert_eq!(run.err.lines().count(), 7, "{}", run.err);
        for line in run.err.lines() {
            assert!(line.starts_with(&format!("{path}:")) && line.contains("--demo-anywhere"), "{line}");
        }
    }
    assert_eq!(callboard(&format!("check --demo-anywhere --config {path}")).code, Some(0));
    let mut command = program();
    command.env("CALLBOARD_LISTEN", "127.0.0.1:0").args(["check", "--config", path]);
    assert_eq!(command.output().expect("the program runs").status.code(), Some(0));
}

/// A certificate and its key in PEM that counts from one year to another.
fn pair(from: i32, to: i32) -> (String, String) {
    let mut params = CertificateParams::new(["lab.example".to_owned()]).expect("a name");
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
    let key = KeyPair::generate().expect("a key");
    (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
}

#[test]
fn the_check_says_for_whom_a_certificate_is_and_warns_of_its_end() {
    for (name, from, to, warning) in [
        ("good", 2020, 4000, None),
        ("old", 2020, 2021, Some("expired on 2021-01-01, and clients refuse it; get another")),
        (
            "early",
            3000,
            4000,
            Some("is valid only from 3000-01-01 on; look whether the clock of this machine is right"),
        ),
    ] {
        let (certificate, key) = pair(from, to);
        let certificate = file(&format!("{name}-dates.pem"), 0o644, certificate);
        file(&format!("{name}-dates.key"), 0o600, key);
        let text = format!(
            "{USER}password_hash = \"{}\"\n[tls]\ncertificate = \"{name}-dates.pem\"\nkey = \"{name}-dates.key\"\n",
            hash("x")
        );
        let path = file(&format!("{name}-dates.toml"), 0o600, text);
        let run = check(&path);
        let line = format!("               for lab.example; valid until {to}-01-01 (");
        assert!(run.out.lines().any(|printed| printed.starts_with(&line)), "{}", run.out);
        let expected = warning
            .map(|end| format!("{}:6:15: warning: {} {end}\n", path.display(), certificate.display()))
            .unwrap_or_default();
        assert_eq!((run.code, run.err), (Some(0), expected));
    }
}

#[test]
fn the_check_finds_every_problem_in_one_run_also_those_of_files_beside_a_mistake() {
    let text =
        "wwww = \"x\"\nwww = \"nothing-here\"\n[tls]\ncertificate = \"nothing.pem\"\nkey = \"nothing.key\"\n";
    let run = check(&file("all-at-once.toml", 0o600, text));
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    for part in [
        "\"wwww\" is not a key",
        "there is no user",
        "nothing.pem cannot be read",
        "nothing.key cannot be read",
        "nothing-here is not there",
    ] {
        assert_eq!(run.err.matches(part).count(), 1, "{part} in\n{}", run.err);
    }
}

#[test]
fn the_check_prints_faults_and_what_is_wrong_with_them() {
    let fault = |keys: &str| {
        let text = format!("faults = true\n{USER}password = \"x\"\n[[fault]]\nname = \"f\"\n{keys}\n");
        file("faults.toml", 0o600, text)
    };
    let run = check(&fault("kind = \"slow\"\nrate = 900\nuser = \"ada\""));
    let line = "fault f        kind=slow rate=900 user=ada";
    assert!(run.out.lines().any(|printed| printed == line), "{}{}", run.out, run.err);
    let lines = problems(&fault("kind = \"slow\"\nrate = \"much\"\nuser = \"bob\""));
    assert_eq!(lines, ["9:8: rate is a number from 1 to 1000000, not \"much\""]);
    let lines = problems(&fault("kind = \"slow\"\nuser = \"bob\""));
    assert_eq!(lines, ["9:8: user \"bob\" is not declared by any [[user]]; known are: ada"]);
    let path = file(
        "no-faults.toml",
        0o600,
        format!("{USER}password = \"x\"\n[[fault]]\nname = \"f\"\nkind = \"stall\"\n"),
    );
    assert!(problems(&path)[0].starts_with("5:1: [[fault]] needs faults = true; "), "{:?}", problems(&path));
}

#[test]
fn a_key_with_a_passphrase_and_files_in_other_forms_are_answered_with_the_command_that_helps() {
    let (certificate, key) = pair(2020, 4000);
    let (_, inner) = certificate.split_once('\n').expect("it has lines");
    let der = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        inner.lines().take_while(|line| !line.starts_with('-')).collect::<String>(),
    );
    let der = der.expect("PEM is base64");
    // What OpenSSL writes, but for what is encrypted in it, which nobody reads.
    let pkcs8 = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIH0MF8GCSqGSIb3DQEFDTBS\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let old = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIH0MF8G\n-----END EC PRIVATE KEY-----\n";
    for (certificate, key, sentence, command) in [
        (certificate.as_bytes(), pkcs8.as_bytes(), "has a passphrase", "openssl pkey -in "),
        (certificate.as_bytes(), old.as_bytes(), "has a passphrase", "openssl pkey -in "),
        (&der, key.as_bytes(), "is not in PEM form", "openssl x509 -inform der -in "),
        (certificate.as_bytes(), &der, "is not in PEM form", "openssl pkey -inform der -in "),
        (
            b"\x30\x82\x09\x00\x02\x01\x03\x30",
            key.as_bytes(),
            "is not in PEM form",
            "openssl pkcs12 -nodes -in ",
        ),
    ] {
        file("forms.pem", 0o644, certificate);
        file("forms.key", 0o600, key);
        let text =
            format!("{USER}password = \"x\"\n[tls]\ncertificate = \"forms.pem\"\nkey = \"forms.key\"\n");
        let lines = problems(&file("forms.toml", 0o600, text));
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(sentence) && lines[0].contains(command), "{lines:?}");
    }
}

#[test]
fn certificates_and_keys_that_serve_nobody_are_answered_with_those_that_do() {
    let (certificate, key) = pair(2020, 4000);
    // The version, and the name of the extension with the names: nothing looks at the signature.
    let first = changed(&certificate, &[0xa0, 3, 2, 1, 2], &[0xa0, 3, 2, 1, 0]);
    let nameless = changed(&certificate, &[6, 3, 0x55, 0x1d, 0x11], &[6, 3, 0x55, 0x1d, 0x12]);
    let odd = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    for (certificate, key, code, place, sentence) in [
        (&first, key.as_str(), 1, ":6:15: ", "an X.509 version that has no extensions"),
        (&nameless, key.as_str(), 0, ":6:15: warning: ", "names no host, and clients refuse it"),
        (
            &certificate,
            odd,
            1,
            ":7:7: ",
            "use ECDSA with P-256 or P-384, RSA with 2048 to 4096 bits, or Ed25519",
        ),
    ] {
        file("nobody.pem", 0o644, certificate);
        file("nobody.key", 0o600, key);
        let text = format!(
            "{USER}password_hash = \"{}\"\n[tls]\ncertificate = \"nobody.pem\"\nkey = \"nobody.key\"\n",
            hash("x")
        );
        let run = check(&file("nobody.toml", 0o600, text));
        let lines: Vec<&str> = run.err.lines().collect();
        assert_eq!((run.code, lines.len()), (Some(code), 1), "{lines:?}");
        assert!(lines[0].contains(place) && lines[0].contains(sentence), "{lines:?}");
    }
}

#[test]
fn every_address_as_a_proxy_is_warned_of() {
    for (network, warned) in [("0.0.0.0/0", true), ("::/0", true), ("10.0.0.0/8", false)] {
        let text = format!("trusted_proxies = [\"{network}\"]\n{USER}password_hash = \"{}\"\n", hash("x"));
        let run = check(&file("everybody.toml", 0o600, text));
        assert_eq!((run.code, run.err.lines().count()), (Some(0), usize::from(warned)), "{}", run.err);
        assert_eq!(
            run.err.contains(":1:20: warning: trusted_proxies names every address"),
            warned,
            "{}",
            run.err
        );
    }
}

/// A certificate in PEM in which some bytes are others.
fn changed(pem: &str, from: &[u8], to: &[u8]) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let mut bytes = STANDARD.decode(text.trim()).expect("PEM is base64");
    let at = bytes.windows(from.len()).position(|window| window == from).expect("it has these bytes");
    bytes[at..at + to.len()].copy_from_slice(to);
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(bytes))
}

#[test]
fn the_check_says_it_where_no_certificate_is_needed_and_the_time_of_hsts_as_the_file_does() {
    let plain = format!("listen = []\nlisten_plain = [\"127.0.0.1:8080\"]\n{USER}password = \"x\"\n");
    let run = check(&file("plain.toml", 0o600, plain));
    assert!(run.out.contains("certificate    none, as no listener speaks TLS\n"), "{}", run.out);
    let (certificate, key) = pair(2020, 4000);
    file("hsts.pem", 0o644, certificate);
    file("hsts.key", 0o600, key);
    let text = format!(
        "hsts = \"8760h\"\n{USER}password = \"x\"\n[tls]\ncertificate = \"hsts.pem\"\nkey = \"hsts.key\"\n"
    );
    let run = check(&file("hsts.toml", 0o600, text));
    assert!(run.out.contains("hsts           \"8760h\"\n"), "{}", run.out);
}

#[test]
fn every_command_ends_with_the_codes_of_the_one_table() {
    use callboard::commands::Exit::{ToMend, TryLater, Well, WrongUsage};
    let bad = file("codes.toml", 0o600, "domain = 1\n");
    let bad = bad.to_str().expect("the folder of the tests has a plain name");
    let held = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = held.local_addr().expect("it has an address");
    let free = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("it has an address")
    };
    let lines = [
        (format!("serve --config {bad}"), ToMend),
        ("serve --colour".to_owned(), WrongUsage),
        (format!("serve --listen {taken}"), TryLater),
        ("check".to_owned(), Well),
        (format!("check --config {bad}"), ToMend),
        ("check --config".to_owned(), WrongUsage),
        (format!("healthcheck --listen {free}"), ToMend),
        ("healthcheck --listen localhost".to_owned(), WrongUsage),
        (format!("certificate --config {bad}"), ToMend),
        ("certificate now".to_owned(), WrongUsage),
        ("passwd".to_owned(), ToMend),
        ("passwd secret".to_owned(), WrongUsage),
        ("demo-config".to_owned(), Well),
        ("demo-config x".to_owned(), WrongUsage),
        ("--version".to_owned(), Well),
        ("--help".to_owned(), Well),
        ("sevre".to_owned(), WrongUsage),
        #[cfg(feature = "lab")]
        ("scenario list".to_owned(), Well),
        #[cfg(feature = "lab")]
        ("scenario run".to_owned(), WrongUsage),
        #[cfg(feature = "client")]
        (format!("probe --explain {bad}"), ToMend),
        #[cfg(feature = "client")]
        ("probe".to_owned(), WrongUsage),
        #[cfg(feature = "client")]
        (format!("probe ws://{free}/ws/"), TryLater),
    ];
    for (line, exit) in lines {
        let run = callboard(&line);
        assert_eq!(run.code, Some(i32::from(exit.code())), "{line}: {}{}", run.out, run.err);
    }
    let hashed = run(&["passwd".as_ref()], b"secret\n");
    assert_eq!(hashed.code, Some(i32::from(Well.code())));
}

/// The sums of the records of scenarios.
const SUMS: &str = "tests/scenarios.sha256";

/// Each scenario in the program has the same record wherever it is played: this test runs on every platform for which the program
/// is built. `RENEW=1` writes the sums of a program whose events are others on purpose.
#[cfg(feature = "lab")]
#[test]
fn a_scenario_has_the_same_record_on_every_platform() {
    let names: Vec<String> = callboard("scenario list")
        .out
        .lines()
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    assert_eq!(names, ["quiet-morning", "rush-hour", "outage-and-recovery"]);
    let mut sums = String::new();
    for name in names {
        let run = callboard(&format!("scenario run {name} --virtual --json"));
        assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{name}: {}", run.out);
        let (_, sum) = run.out.split_once("\"record\":\"").expect("the sum of its record");
        sums += &format!("{}  {name}\n", &sum[..64]);
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SUMS);
    if std::env::var_os("RENEW").is_some() {
        fs::write(&path, &sums).expect("the folder is ours");
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        sums, known,
        "the records are others: if that is meant, RENEW=1 cargo test --test cli scenario"
    );
}

#[cfg(feature = "lab")]
#[test]
fn a_scenario_of_a_file_ends_with_the_code_of_its_verdict() {
    let text = callboard("scenario print rush-hour");
    assert_eq!((text.code, text.err.as_str()), (Some(0), ""));
    let of = |name: &str, text: &str, more: &str| {
        let file = file(name, 0o600, text);
        let report = file.with_extension("xml");
        let line = format!("scenario run {} --virtual {more}--junit {}", file.display(), report.display());
        (callboard(&line), fs::read_to_string(report).unwrap_or_default())
    };
    let (passed, report) = of("passes.toml", &text.out, "--agents 12 ");
    assert_eq!(passed.code, Some(0), "{}{}", passed.out, passed.err);
    assert!(passed.out.ends_with("verdict      PASS\n"), "{}", passed.out);
    assert!(report.contains("<testsuite name=\"Rush hour\" tests=\"3\" failures=\"0\""), "{report}");
    let (failed, report) = of("fails.toml", &text.out.replace(">= 0.50", ">= 0.999"), "");
    assert_eq!(failed.code, Some(1), "{}", failed.out);
    assert!(report.contains("name=\"answered\"><failure message=\"0."), "{report}");
    let (neither, _) = of("too-little.toml", &text.out.replace(">= 50", ">= 5000"), "");
    assert_eq!(neither.code, Some(3), "{}", neither.out);
    let bad = file("bad-scenario.toml", 0o600, text.out.replace("per_minute", "per_minut"));
    let bad = callboard(&format!("scenario check {}", bad.display()));
    assert_eq!(bad.code, Some(1));
    assert!(
        bad.err.contains("\"per_minut\" is not a key of [[arrivals]]; did you mean \"per_minute\"?"),
        "{}",
        bad.err
    );
    for (line, sentence) in [
        ("scenario chek x", "did you mean \"check\"?"),
        ("scenario run", "name a scenario: callboard scenario run rush-hour"),
        ("scenario list x", "list takes no name"),
        ("scenario run rush-hour --agents 3", "--agents is for --virtual"),
        ("scenario run rush-hour --speed 0", "a number from 1 to 1000"),
        ("scenario check rush-hour x", "Unrecognized argument"),
    ] {
        let wrong = callboard(line);
        assert_eq!((wrong.code, wrong.err.contains(sentence)), (Some(2), true), "{line}: {}", wrong.err);
    }
    let unknown = callboard("scenario print rush-our");
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("did you mean \"rush-hour\"?"), "{}", unknown.err);
}

#[cfg(feature = "lab")]
#[test]
fn a_scenario_is_played_by_a_server_until_it_is_over() {
    let text = "name = \"Short\"\nlength = \"1m\"\n[[arrivals]]\nqueue = \"9001\"\nper_minute = 20\nprocess = \"even\"\n\
                [[agents]]\nusers = [\"1001\"]\nanswer = \"1s\"\ntalk = \"2s\"\n[verdict]\ncalls = \">= 1\"\n";
    let demo = callboard("demo-config").out.replace("127.0.0.1:8445", "127.0.0.1:0");
    let (scenario, config) = (file("played.toml", 0o600, text), file("played-in.toml", 0o600, demo));
    let (scenario, config) = (scenario.display(), config.display());
    let run = callboard(&format!("scenario run {scenario} --config {config} --speed 100"));
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert!(
        run.out.starts_with("listening https://127.0.0.1:") && run.out.ends_with("verdict      PASS\n"),
        "{}",
        run.out
    );
    let serve = callboard(&format!("serve --config {config} --scenario no-such-scenario"));
    assert_eq!(serve.code, Some(1));
    assert!(serve.err.contains("no scenario of that name; known are: quiet-morning"), "{}", serve.err);
}

#[test]
fn no_password_stands_in_the_arguments_of_the_kiosk() {
    let unit = include_str!("../deploy/kiosk.service");
    let mut commands =
        unit.lines().filter(|line| line.starts_with("Exec") || line.starts_with("Environment"));
    let command = commands.next().expect("it starts something");
    assert!(command.contains("file:///home/kiosk/board.html") && !command.contains("password"), "{command}");
    assert_eq!(commands.next(), None);
}

#[test]
fn an_output_that_cannot_be_written_is_an_error_and_no_crash() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has one");
    for words in [&["--version"][..], &["--help"], &["demo-config"], &["check"]] {
        let status = program().args(words).stdout(full()).stderr(full()).status();
        assert_eq!(status.expect("it runs").code(), Some(1), "{words:?}");
    }
    let missing = program().args(["check", "--config", "/missing"]).stderr(full()).status();
    assert_eq!(missing.expect("it runs").code(), Some(1));
}

#[test]
fn an_internationalised_domain_can_be_served() {
    let text = format!("domain = \"m\u{fc}nchen.example\"\n{USER}password_hash = \"{}\"\n", hash("x"));
    assert_eq!(check(&file("international.toml", 0o600, &text)).code, Some(0));
}

/// Hashes a password for a configuration, quickly.
fn hash(password: &str) -> String {
    Password::hash(password, 1000).expect("a password that can be hashed")
}
