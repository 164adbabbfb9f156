//! `[cluster]`: its mistakes, and what a good one says.

use crate::config::cluster::{Address, SideRole};
use crate::config::tests::*;

mistakes! {
    an_empty_cluster: "", "[cluster]" => [
        r#"10:1: [cluster] has no url; add url = "…""#,
        r#"10:1: [cluster] has no name; add name = "…""#,
    ];
    unknown_keys_of_a_cluster: "", r#"[cluster]
url = "redis://h"
name = "a"
password = "hunter3"
[[cluster.side]]
name = "a"
host = "h"
role = "primary"
port = 1
"# => [
        r#"13:1: "password" is not a key of [cluster]; known are: url, name, key, password_file, ca, side"#,
        r#"18:1: "port" is not a key of [[cluster.side]]; known are: name, host, role"#,
    ];
    a_password_in_the_address: "", r#"[cluster]
url = "redis://:hunter3@h:6379/0"
name = "a"
"# => [
        "11:7: url has a password in it, which would stand in logs; write it into a file and name that by password_file, or set the variable CALLBOARD_CLUSTER_PASSWORD",
    ];
    no_address_of_an_engine: "", r#"[cluster]
url = "http://h"
name = "a b"
key = ""
"# => [
        r#"11:7: url "http://h" is not the address of an engine; write redis:// or rediss:// (with TLS), the host, the port if it is not 6379, and the number of the database if it is not 0, such as "redis://engine.example.org:6379/0""#,
        r#"12:8: name "a b" must be 1 to 200 bytes without spaces"#,
        r#"13:7: key "" must be 1 to 200 bytes without spaces"#,
    ];
    tls_without_ca: "", r#"[cluster]
url = "rediss://h"
name = "a"
"# => [
        r#"11:7: with rediss:// the file is needed that the engine's certificate is looked at by; add ca = "…" (/etc/ssl/certs/ca-certificates.crt has the public authorities)"#,
    ];
    ca_without_tls: "", r#"[cluster]
url = "redis://h"
name = "a"
ca = "ca.pem"
password_file = ""
"# => [
        "13:6: ca is for TLS, and url has none; write rediss://, or leave ca out",
        "14:17: password_file must be the path of a file",
    ];
    a_name_of_no_side: "", r#"[cluster]
url = "redis://h"
name = "c"
[[cluster.side]]
name = "a"
host = "a.example.org:8445"
role = "first"
"# => [
        r#"15:8: host "a.example.org:8445" is not the name or the address of a host without a port, such as "side-a.example.org""#,
        r#"16:8: "first" is not a role; known are: primary, secondary"#,
    ];
    two_primary_sides: "", r#"[cluster]
url = "redis://h"
name = "c"
[[cluster.side]]
name = "a"
host = "a"
role = "primary"
[[cluster.side]]
name = "b"
host = "b"
role = "primary"
"# => [
        r#"12:8: there is no [[cluster.side]] with the name "c"; name the side that this appliance is, or stands for"#,
        "17:1: there is a primary side already; leave one out, and give further appliances the name of the side that they stand for",
    ];
    no_primary_side: "", r#"[cluster]
url = "redis://h"
name = "a"
[[cluster.side]]
name = "a"
host = "a"
role = "secondary"
"# => [
        r#"13:1: no side is the primary one; write role = "primary" for one of them"#,
    ];
}

#[test]
fn a_cluster_has_its_engine_and_its_sides_in_the_order_of_their_roles() {
    let text = format!(
        "domain = \"lab.example\"\n{PEOPLE}{}",
        r#"[cluster]
url = "rediss://callboard@[::1]:6380/3"
name = "b"
ca = "ca.pem"
password_file = "engine.password"

[[cluster.side]]
name = "b"
host = "b.example.org"
role = "secondary"

[[cluster.side]]
name = "a"
host = "192.0.2.1"
role = "primary"
"#
    );
    let config = Config::parse(&text, "folder/c.toml").expect("a valid file");
    let cluster = config.cluster.clone().expect("it has one");
    let engine =
        Address { tls: true, user: Some("callboard".into()), host: "::1".into(), port: 6380, database: 3 };
    assert_eq!(cluster.engine, engine);
    assert_eq!(engine.to_string(), "rediss://callboard@[::1]:6380/3");
    assert_eq!((cluster.name.as_str(), cluster.key.as_str()), ("b", "callboard:lab.example"));
    assert_eq!(cluster.ca.as_deref(), Some(Path::new("folder/ca.pem")));
    assert_eq!(cluster.password_file.as_deref(), Some(Path::new("folder/engine.password")));
    let sides: Vec<_> = cluster.sides.iter().map(|side| (side.host.as_str(), side.role)).collect();
    assert_eq!(sides, [("192.0.2.1", SideRole::Primary), ("b.example.org", SideRole::Secondary)]);

    let fixed = Fixed::of(&config);
    let moved = Config::parse(&format!("\n{text}"), "folder/c.toml").expect("a valid file");
    assert!(fixed.differences(&Fixed::of(&moved)).is_empty(), "a line above it changes nothing");
    let other = Config::parse(&text.replace("6380", "6381"), "folder/c.toml").expect("a valid file");
    assert_eq!(fixed.differences(&Fixed::of(&other)), ["[cluster]"]);
}

#[test]
fn an_address_may_be_short() {
    let engine = |url: &str| {
        let text = format!("{PEOPLE}[cluster]\nurl = \"{url}\"\nname = \"a\"\n");
        Config::parse(&text, "c.toml").ok().and_then(|config| config.cluster).map(|it| it.engine.to_string())
    };
    assert_eq!(engine("redis://h").as_deref(), Some("redis://h:6379/0"));
    assert_eq!(engine("redis://u@192.0.2.1:1/15").as_deref(), Some("redis://u@192.0.2.1:1/15"));
    for wrong in [
        "redis:",
        "redis://",
        "redis://@h",
        "redis://h:x",
        "redis://h/x",
        "redis://h/+1",
        "redis://h/1/2",
        "redis://h?db=1",
    ] {
        assert_eq!(engine(wrong), None, "{wrong}");
    }
}
