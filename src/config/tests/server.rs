//! The mistakes in everything but teams and users: TOML itself, addresses, nodes, limits.

use crate::config::tests::*;

mistakes! {
    an_unknown_key_of_the_file: r#"domian = "localhost""#, "" => [
        r#"1:1: "domian" is not a key of the file; did you mean "domain"?"#,
    ];
    an_unknown_key_like_no_other: r#"colour = """#, "" => [
        r#"1:1: "colour" is not a key of the file; known are: domain, profile, release, listen, listen_plain, listen_xmpp, listen_xmpp_plain, xmpp_plain_login, sasl, stream_management, tls, state_dir, durability, www, cors_origins, hosts, hsts, trusted_proxies, frame_tap, faults, record, node_access, subscriptions, queue_statistics, team, user, require_reason_codes, reason_code, phone_book, layout, workflow_action, workflow, desktop_layout, ecc_variable, settings, queue, outside, media, campaign, node, fault, cluster, limits"#,
    ];
    an_unknown_key_of_a_section: "", r#"[[user]]
id = "bob"
pasword = "hunter3"
password = "x"
team = "1"
"# => [
        r#"12:1: "pasword" is not a key of [[user]]; did you mean "password"?"#,
    ];
    an_unknown_section: "", "[[colours]]
id = 1
" => [
        r#"10:3: "colours" is not a key of the file; known are: domain, profile, release, listen, listen_plain, listen_xmpp, listen_xmpp_plain, xmpp_plain_login, sasl, stream_management, tls, state_dir, durability, www, cors_origins, hosts, hsts, trusted_proxies, frame_tap, faults, record, node_access, subscriptions, queue_statistics, team, user, require_reason_codes, reason_code, phone_book, layout, workflow_action, workflow, desktop_layout, ecc_variable, settings, queue, outside, media, campaign, node, fault, cluster, limits"#,
    ];
    an_unknown_limit: "", "[limits]
conections = 1
" => [
        r#"11:1: "conections" is not a key of [limits]; did you mean "connections"?"#,
    ];
    an_unknown_key_in_umlauts: r#"listen = ["127.0.0.1:1"] # ü"#, r#"[[node]]
"ä\nb" = 1
name = "/x"
"# => [
        r#"11:1: "ä\nb" is not a key of [[node]]; known are: name, publish, items"#,
    ];
    a_number_for_a_string: "domain = 1", "" => [
        "1:10: domain must be a string in quotes, not an integer",
    ];
    a_string_for_an_array: r#"listen = "127.0.0.1:8445""#, "" => [
        r#"1:10: listen must be an array of strings like ["…"], not a string"#,
    ];
    a_number_in_an_array_of_strings: r#"listen = ["127.0.0.1:1", 2, 3.5]"#, "" => [
        "1:26: each of listen must be a string in quotes, not an integer",
        "1:29: each of listen must be a string in quotes, not a number with a fraction",
    ];
    a_value_for_a_section: "tls = true", "" => [
        "1:7: tls must be one section [tls], not a boolean",
    ];
    a_section_for_an_array_of_sections: "node = [1]", "" => [
        "1:9: node must be sections [[node]], not an integer",
    ];
    one_bracket_for_two: "", r#"[node]
name = "/x"
"# => [
        "10:1: node must be sections [[node]] with two brackets, not a table",
    ];
    two_brackets_for_one: "", r#"[[limits]]
ping = "1s"
"# => [
        "10:1: limits must be one section [limits], not an array",
    ];
    a_password_without_quotes: "", r#"[[user]]
id = "bob"
password = 1234
team = "1"
"# => [
        "12:12: password must be a string in quotes, not an integer",
    ];
    a_key_of_the_file_below_a_section: "", r#"[limits]
hosts = ["board.example.org"]
[tls]
listen = []
"# => [
        r#"11:1: "hosts" is not a key of [limits] but of the file; move it above the first section"#,
        r#"12:1: [tls] has no certificate; add certificate = "…""#,
        r#"12:1: [tls] has no key; add key = "…""#,
        r#"13:1: "listen" is not a key of [tls] but of the file; move it above the first section"#,
    ];
    a_section_below_another: "", r#"[outside]
team = "1"
"# => [
        r#"11:1: "team" is not a key of [outside]; known are: busy, no_answer"#,
    ];
    an_unknown_release: r#"release = "12.7""#, "" => [
        r#"1:11: "12.7" is not a release; known are: 11.6, 12.5, 12.6, 15"#,
    ];
    a_domain_that_is_none: r#"domain = "a b""#, "" => [
        r#"1:10: domain "a b" is not a domain; write a host name such as "localhost" or "finesse.example.org""#,
    ];
    a_domain_with_a_mark_of_direction: r#"domain = "a\u202e""#, "" => [
        r#"1:10: domain "a\u{202e}" is not a domain: prohibited character `\u{202e}`"#,
    ];
    a_domain_in_upper_case: r#"domain = "LocalHost""#, "" => [
        r#"1:10: domain "LocalHost" must be written "localhost""#,
    ];
    an_unknown_profile: r#"profile = "UCCX2""#, "" => [
        r#"1:11: "UCCX2" is not a profile; did you mean "uccx"?"#,
    ];
    a_listener_without_a_port: r#"listen = ["127.0.0.1"]"#, "" => [
        r#"1:11: listen "127.0.0.1" is not an IP address with a port, such as "127.0.0.1:8445" or "[::1]:8445""#,
    ];
    a_listener_by_name: r#"listen_plain = ["localhost:80"]"#, "" => [
        r#"1:17: listen_plain "localhost:80" is not an IP address with a port, such as "127.0.0.1:8445" or "[::1]:8445""#,
    ];
    a_listener_twice: r#"listen = ["127.0.0.1:1", "127.0.0.1:1"]"#, "" => [
        r#"1:26: listen "127.0.0.1:1" already stands in line 1; leave one out"#,
    ];
    a_listener_with_and_without_tls: r#"listen_plain = ["127.0.0.1:1"]
listen = ["127.0.0.1:1"]"#, "" => [
        r#"1:17: listen_plain "127.0.0.1:1" already stands in line 2; leave one out"#,
    ];
    no_listener: "listen = []", "" => [
        "1:10: nothing to listen on; add an address to listen or listen_plain",
    ];
    tls_without_a_key: "", r#"[tls]
certificate = "a.pem"
"# => [
        r#"10:1: [tls] has no key; add key = "…""#,
    ];
    tls_with_an_empty_path: "", r#"[tls]
certificate = ""
key = "b.pem"
"# => [
        "11:15: certificate must be the path of a PEM file",
    ];
    a_folder_in_an_array: r#"www = ["site"]"#, "" => [
        "1:7: www must be a string in quotes, not an array",
    ];
    a_folder_for_state_that_no_system_has: r#"state_dir = "a\u0000b""#, "" => [
        "1:13: state_dir must be the path of a folder",
    ];
    a_folder_that_no_system_has: r#"www = "a\u0000b""#, "" => [
        "1:7: www must be the path of a folder",
    ];
    pages_of_everywhere: r#"cors_origins = ["https://a", "*"]"#, "" => [
        r#"1:30: cors_origins "*" would let every page use the passwords that browsers remember; name each origin, such as "https://gadgets.example.org:8443""#,
    ];
    a_tap_that_is_neither_on_nor_off: r#"frame_tap = 1"#, "" => [
        "1:13: frame_tap must be true or false, not an integer",
    ];
    stream_management_that_is_neither_on_nor_off: r#"stream_management = "yes""#, "" => [
        "1:21: stream_management must be true or false, not a string",
    ];
    an_origin_with_a_path: r#"cors_origins = ["https://a.example/"]"#, "" => [
        r#"1:17: cors_origins "https://a.example/" is not an origin; write http:// or https:// (or chrome-extension:// and the like), the host as browsers send it, the port if it is not the usual one, and nothing behind, such as "https://gadgets.example.org:8443""#,
    ];
    an_origin_that_hides: r#"cors_origins = ["null"]"#, "" => [
        r#"1:17: cors_origins "null" is what every page says that hides where it comes from, also one of an attacker; serve the page by HTTP and name its origin, such as "https://gadgets.example.org:8443""#,
    ];
    an_origin_twice: r#"cors_origins = ["https://a.example",
  "HTTPS://A.example:443"]"#, "" => [
        "2:3: cors_origins https://a.example already stands in line 1; leave one out",
    ];
    hosts_with_ports: r#"hosts = ["board.example.org", "board:8445", "https://board"]"#, "" => [
        r#"1:31: hosts "board:8445" is not the name of a host; write it as it stands in the address of a browser, without a port, such as "board.example.org", or "*" for every name (addresses are always taken)"#,
        r#"1:45: hosts "https://board" is not the name of a host; write it as it stands in the address of a browser, without a port, such as "board.example.org", or "*" for every name (addresses are always taken)"#,
    ];
    every_host_and_another: r#"hosts = ["board", "*"]"#, "" => [
        r#"1:19: hosts "*" is every name; leave the others out, or this one"#,
    ];
    hsts_without_a_certificate: r#"hsts = "8760h""#, "" => [
        r#"1:8: hsts needs a certificate of your own, as a browser could not be told to accept any other one; add a section [tls], or leave hsts out"#,
    ];
    hsts_for_too_long: "hsts = \"90000h\"\n", "[tls]\ncertificate = \"a\"\nkey = \"b\"" => [
        r#"1:8: hsts "90000h" must be whole seconds from "0s" to "17520h", such as "8760h" for a year"#,
    ];
    a_proxy_that_is_no_address: r#"trusted_proxies = ["192.0.2.1", "10.0.0.1/8"]"#, "" => [
        r#"1:33: trusted_proxies "10.0.0.1/8" is not an IP address or network, such as "192.0.2.10" or "10.1.0.0/16" (with zeros behind its bits)"#,
    ];
    an_origin_that_is_no_array: r#"cors_origins = "https://a.example""#, "" => [
        r#"1:16: cors_origins must be an array of strings like ["…"], not a string"#,
    ];
    a_node_without_a_name: "", "[[node]]
items = 1
" => [
        r#"10:1: [[node]] has no name; add name = "…""#,
    ];
    a_node_with_an_empty_name: "", r#"[[node]]
name = ""
"# => [
        r#"11:8: name "" must start with "/", like "/lab/alarms""#,
    ];
    a_node_without_a_slash: "", r#"[[node]]
name = "lab"
"# => [
        r#"11:8: name "lab" must start with "/", like "/lab/alarms""#,
    ];
    a_node_with_a_control_character: "", r#"[[node]]
name = "/a\tb"
"# => [
        r#"11:8: name "/a\tb" must not have control characters"#,
    ];
    a_node_of_the_server: "", r#"[[node]]
name = "/finesse/api/User/ada"
"# => [
        r#"11:8: name "/finesse/api/User/ada" is the server's own; choose a name outside of "/finesse/api/""#,
    ];
    a_node_twice: "", r#"[[node]]
name = "/a"
[[node]]
name = "/a"
"# => [
        r#"13:8: name "/a" already belongs to the node in line 11; give each its own"#,
    ];
    a_publisher_that_does_not_exist: "", r#"[[node]]
name = "/a"
publish = ["ada", "add"]
"# => [
        r#"12:19: user "add" is not declared by any [[user]]; did you mean "ada"?"#,
    ];
    a_publisher_twice: "", r#"[[node]]
name = "/a"
publish = ["ada", "ada"]
"# => [
        r#"12:19: publish has "ada" twice; leave one out"#,
    ];
    a_node_nobody_may_publish_on: "", r#"[[node]]
name = "/a"
publish = []
"# => [
        r#"12:11: publish names nobody; leave the key out for everybody with the role "Administrator""#,
    ];
    more_items_than_a_node_keeps: "", r#"[[node]]
name = "/a"
items = 1001
"# => [
        "12:9: items must be an integer from 0 to 1000",
    ];
    fewer_items_than_none: "", r#"[[node]]
name = "/a"
items = -1
"# => [
        "12:9: items must be an integer from 0 to 1000",
    ];
    a_count_out_of_range: "", "[limits]
depth = 129
" => [
        "11:9: depth must be from 8 to 128",
    ];
    a_negative_count: "", "[limits]
connections = -1
" => [
        "11:15: connections must be from 1 to 1000000",
    ];
    a_count_in_quotes: "", r#"[limits]
depth = "32"
"# => [
        r#"11:9: depth must be an integer such as 64, not "32""#,
    ];
    a_size_out_of_range: "", r#"[limits]
stanza = "1KiB"
"# => [
        r#"11:10: stanza must be from "10000B" to "1MiB""#,
    ];
    a_size_with_a_wrong_unit: "", r#"[limits]
queue = "1MB"
"# => [
        r#"11:9: queue must be a size such as "64KiB", "1MiB", "512B" or a number of bytes, not "1MB""#,
    ];
    a_duration_out_of_range: "", r#"[limits]
ping = "2h"
"# => [
        r#"11:8: ping must be from "1s" to "1h""#,
    ];
    a_duration_without_a_unit: "", "[limits]
ping = 60
" => [
        r#"11:8: ping must be a duration such as "500ms", "60s", "5m" or "1h", not an integer"#,
    ];
    a_payload_larger_than_a_stanza: "", "[limits]
stanza = 10_000
" => [
        r#"11:10: payload ("32KiB") must not be larger than stanza ("10000B"); change one of them"#,
    ];
    a_queue_without_room_for_two_events: "", r#"[limits]
payload = 10_000
queue = "128KiB"
"# => [
        r#"12:9: queue must be at least 12 times payload and 16KiB (136384 bytes), so that two events fit into it; make queue larger or payload smaller"#,
    ];
    a_log_longer_than_all_bodies: "", r#"[limits]
bodies = "1MiB"
client_log = "2MiB"
"# => [
        r#"12:14: client_log ("2MiB") must not be larger than bodies ("1MiB"); change one of them"#,
    ];
    more_before_the_login_than_after: "", r#"[limits]
stanza_before_login = "1MiB"
elements_before_login = 1000
elements = 999
"# => [
        r#"11:23: stanza_before_login ("1MiB") must not be larger than stanza ("64KiB"); change one of them"#,
        "12:25: elements_before_login (1000) must not be larger than elements (999); change one of them",
    ];
    a_key_twice: r#"domain = "a"
domain = "b c""#, "" => [
        "2:1: this key or section already stood above; keep one of them",
    ];
    a_section_twice: "", r#"[limits]
[limits]
ping = "1s"
"# => [
        "11:2: this key or section already stood above; keep one of them",
    ];
    a_string_without_quotes: "domain = localhost", "" => [
        "1:10: not valid TOML: string values must be quoted, expected literal string",
    ];
    a_string_without_an_end: "", r#"[[user]]
id = "bob"
password = "hunter3
team = "1"
"# => [
        r#"12:20: not valid TOML: invalid basic string, expected `"`"#,
    ];
    a_password_without_an_equals_sign: "", r#"[[user]]
id = "bob"
password "hunter3"
"# => [
        "12:10: not valid TOML: key with no value, expected `=`",
    ];
    an_array_without_an_end: r#"listen = ["127.0.0.1:1""#, "" => [
        "2:1: not valid TOML: missing comma between array elements, expected `,`",
        "3:1: not valid TOML: missing comma between array elements, expected `,`",
        "4:1: not valid TOML: missing comma between array elements, expected `,`",
        "6:1: not valid TOML: missing comma between array elements, expected `,`",
        "7:1: not valid TOML: missing comma between array elements, expected `,`",
        "8:1: not valid TOML: missing comma between array elements, expected `,`",
        "9:1: not valid TOML: missing comma between array elements, expected `,`",
    ];
    a_section_without_an_end: "", r#"[limits
ping = "1s"
"# => [
        "10:8: not valid TOML: unclosed table, expected `]`",
    ];
}

#[test]
fn an_unknown_limit_like_no_other_is_answered_with_all_there_are() {
    let known: Vec<&str> = crate::config::limits::TABLE.iter().map(|limit| limit.key).collect();
    let sentence = format!("11:1: \"colour\" is not a key of [limits]; known are: {}", known.join(", "));
    assert_eq!(problems(&format!("\n{PEOPLE}[limits]\ncolour = 1\n")), [sentence]);
}
