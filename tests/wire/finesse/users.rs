//! Users as clients ask for them, by id and by login name.

use crate::support::Server;
use crate::support::rest::{ask, field, get, put_state};

/// A user whose login name is another than the id; the password is the login name.
const HEDY: &str = "[[user]]\nid = \"7001\"\nlogin_name = \"hedy\"\nteam = \"1\"\npassword = \"hedy\"\nextension = \"7001\"\n";

/// A client with nothing but a login name asks for the id, and one that never learns the id works too.
#[test]
fn finding_gap_8_a_user_works_by_the_login_name() {
    let server = Server::with(HEDY);
    let own = get(&server, "hedy", "User/hedy");
    assert_eq!(
        (own.status(), field(&own.body, "loginId"), field(&own.body, "loginName")),
        (200, "7001", "hedy")
    );
    assert_eq!(own.body, get(&server, "hedy", "User/7001").body);
    let login = "<state>LOGIN</state><extension>7001</extension>";
    assert_eq!(put_state(&server, "hedy", "hedy", login).status(), 202);
    for path in [
        "User/hedy/Dialogs",
        "User/hedy/ReasonCodes?category=NOT_READY",
        "User/hedy/Queues",
        "User/hedy/Media",
        "User/hedy/MediaPropertiesLayout",
    ] {
        assert_eq!(get(&server, "hedy", path).status(), 200, "{path}");
    }
    let call = "<Dialog><requestedAction>MAKE_CALL</requestedAction><fromAddress>7001</fromAddress><toAddress>5550100</toAddress></Dialog>";
    assert_eq!(ask(&server, "hedy", "POST", "User/hedy/Dialogs", "", call).status(), 202);
    assert_eq!(ask(&server, "hedy", "POST", "User/hedy/CompressedClientLog", "", "x").status(), 202);
    assert_eq!(
        get(&server, "administrator", "User/HEDY").body,
        get(&server, "administrator", "User/7001").body
    );
    // Nobody learns the id of somebody else.
    let other = get(&server, "1001", "User/hedy");
    assert_eq!(other.status(), 401);
    assert_eq!(field(&other.body, "ErrorType"), "Invalid Authorization User Specified");
    assert_eq!(field(&other.body, "ErrorData"), "hedy");
    assert!(!other.body.contains("7001"), "{}", other.body);
}
