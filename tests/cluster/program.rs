//! The section `[cluster]` as a user meets it: `callboard check` prints it, and the server does not start with it yet.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, process};

const FILE: &str = r#"[[team]]
id = "1"
name = "Lab"

[[user]]
id = "ada"
password = "hunter2"
team = "1"

[cluster]
url = "redis://callboard@engine.example.org/3"
name = "a"
password_file = "engine.password"

[[cluster.side]]
name = "a"
host = "a.example.org"
role = "primary"

[[cluster.side]]
name = "b"
host = "b.example.org"
role = "secondary"
"#;

/// A configuration in a folder of its own.
struct Configured(PathBuf);

impl Configured {
    fn new(name: &str, text: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("callboard-cluster-{name}-{}", process::id()));
        fs::create_dir_all(&folder).expect("a folder for the test");
        fs::write(folder.join("c.toml"), text).expect("a file");
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect("a file");
    }

    /// Runs the program in the folder, and returns its exit code and all that it says.
    fn run(&self, command: &str, variable: Option<&str>) -> (Option<i32>, String) {
        let program = std::env::var_os("CALLBOARD").unwrap_or(env!("CARGO_BIN_EXE_callboard").into());
        let mut run = Command::new(Path::new(&program));
        run.current_dir(&self.0).args([command, "--config", "c.toml"]);
        if let Some(password) = variable {
            run.env("CALLBOARD_CLUSTER_PASSWORD", password);
        }
        let output = run.output().expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).expect("it writes text"))
    }
}

impl Drop for Configured {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_check_prints_the_cluster_and_warns_that_nothing_is_served_with_it() {
    let configured = Configured::new("check", FILE);
    configured.write("engine.password", "hunter3\n");
    let (code, said) = configured.run("check", None);
    assert_eq!(code, Some(0), "{said}");
    for line in [
        "cluster        side a of redis://callboard@engine.example.org:6379/3, key callboard:localhost, password from engine.password\n",
        "primary        a at a.example.org\n",
        "secondary      b at b.example.org\n",
        "c.toml:10:1: warning: an appliance does not join others yet",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!said.contains("hunter"), "{said}");
}

#[test]
fn the_server_does_not_start_with_a_cluster_yet() {
    let configured = Configured::new("serve", FILE);
    let (code, said) = configured.run("serve", None);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with("c.toml:10:1: an appliance does not join others yet"), "{said}");
}

#[test]
fn a_file_of_the_cluster_that_is_no_good_is_a_problem_where_it_is_named() {
    let configured = Configured::new("files", FILE);
    let problem = |variable: Option<&str>| {
        let (code, said) = configured.run("check", variable);
        assert!(!said.contains("hunter"), "{said}");
        (
            code,
            said.lines()
                .rfind(|line| line.starts_with("c.toml:") && !line.contains("warning"))
                .map(str::to_owned),
        )
    };
    let (code, line) = problem(None);
    let line = line.expect("there is no such file");
    assert!(
        code == Some(1) && line.starts_with("c.toml:13:17: password_file engine.password cannot be read"),
        "{line}"
    );
    for wrong in ["", "\n", "hunter3\nhunter4\n"] {
        configured.write("engine.password", wrong);
        let line = "c.toml:13:17: password_file engine.password must have the password as its only line";
        assert_eq!(problem(None), (Some(1), Some(line.to_owned())));
    }
    assert_eq!(problem(Some("hunter5")), (Some(0), None), "the variable wins");

    let without = FILE.replace("password_file = \"engine.password\"\n", "");
    configured.write("c.toml", &without);
    let line = "c.toml:10:1: url names the user callboard, who needs a password; name it by password_file, or set the variable CALLBOARD_CLUSTER_PASSWORD";
    assert_eq!(problem(None), (Some(1), Some(line.to_owned())));

    configured.write("engine.pem", "no certificate");
    configured.write(
        "c.toml",
        &FILE
            .replace("redis://", "rediss://")
            .replace("password_file", "ca")
            .replace("engine.password", "engine.pem"),
    );
    let line = "c.toml:13:6: ca engine.pem has no certificate in PEM form (a line BEGIN CERTIFICATE and what follows it)";
    assert_eq!(problem(Some("hunter5")), (Some(1), Some(line.to_owned())));
}
