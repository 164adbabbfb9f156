//! Faults of the configuration file: there from the start, and replaced by a reload.

use crate::support::http::own;
use crate::support::lab::Lab;
use crate::support::rest;
use crate::support::server::DEMO;

fn fault(name: &str, status: u16, user: &str) -> String {
    format!(
        "[[fault]]\nname = \"{name}\"\nkind = \"http-status\"\nstatus = {status}\nuser = \"{user}\"\npath = \"/finesse/api/User/*\"\n"
    )
}

#[test]
fn faults_of_the_file_act_from_the_start_and_a_reload_replaces_them() {
    let lab = Lab::with_log("info", &format!("{DEMO}\n{}", fault("early", 502, "1001")));
    let status = |user: &str| rest::get(&lab.server, user, &format!("User/{user}")).status();
    assert_eq!([status("1001"), status("1002"), status("1003")], [502, 200, 200]);
    let list = own(&lab.server, "administrator", "GET", "faults").body;
    assert!(list.contains("\"name\":\"early\",\"kind\":\"http-status\",\"origin\":\"file\","), "{list}");
    assert!(list.contains("\"ends\":null"), "it lasts until it is healed: {list}");
    let set = "faults/mine?kind=http-status&status=429&user=1003";
    assert_eq!(own(&lab.server, "administrator", "PUT", set).status(), 201);

    lab.reload(&format!("{DEMO}\n{}", fault("other", 504, "1002")));
    assert_eq!([status("1001"), status("1002"), status("1003")], [200, 504, 429]);
    assert_eq!(own(&lab.server, "administrator", "DELETE", "faults").status(), 204);
    lab.reload(&format!("{DEMO}\n{}", fault("other", 504, "1002")));
    assert_eq!([status("1001"), status("1002"), status("1003")], [200; 3], "it was healed");
    lab.hang_up(&format!("{DEMO}\n{}", fault("other", 299, "1002")));
    lab.server.wait_for_log(&["reload: nothing has changed: ", "callboard.toml:", "status is 400, 401, "]);
}

#[test]
fn faults_of_the_file_count_only_if_they_were_on_at_the_start() {
    let off = DEMO.replacen("faults = true", "faults = false", 1);
    let lab = Lab::with_log("info", &off);
    lab.reload(&format!("{DEMO}\n{}", fault("late", 502, "1001")));
    lab.server.wait_for_log(&["faults has changed, which counts only from the next start on"]);
    assert_eq!(rest::get(&lab.server, "1001", "User/1001").status(), 200);
}
