//! Users, teams and queues of tests: they come and go while the server runs.

use crate::support::Server;
use crate::support::http::{Answer, Http, admin, basic, own};
use crate::support::polite::Client;
use crate::support::rest::event;
use crate::support::server::DEMO;

/// Makes or changes a user.
fn put(server: &Server, id: &str, form: &str) -> Answer {
    let (password, length) = (basic("administrator", "1234"), form.len());
    Http::connect(server.plain).ask(format!(
        "PUT /callboard/api/users/{id} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {password}\r\nContent-Length: {length}\r\n\r\n{form}"
    ))
}

/// A request of Finesse's API, by a user who was made here.
fn finesse(server: &Server, (user, password): (&str, &str), method: &str, path: &str, body: &str) -> Answer {
    let (password, length) = (basic(user, password), body.len());
    Http::connect(server.plain).ask(format!(
        "{method} /finesse/api/{path} HTTP/1.1\r\nHost: localhost:8445\r\nAuthorization: {password}\r\n\
         Content-Type: application/xml\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}

/// The values of a member, in order.
fn values<'a>(json: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!("\"{name}\":\"");
    json.split(&*start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[track_caller]
fn make(server: &Server, query: &str) -> String {
    let answer = admin(server, "POST", &format!("users?{query}"));
    assert_eq!(answer.status(), 201, "{}", answer.body);
    answer.body
}

#[test]
fn two_workers_have_users_a_team_and_a_queue_each() {
    let server = Server::demo();
    let workers = [make(&server, "count=8&prefix=a-&team=new"), make(&server, "count=8&prefix=b-&team=new")];
    let mut numbers: Vec<&str> = workers.iter().flat_map(|all| values(all, "extension")).collect();
    numbers.extend(workers.iter().flat_map(|all| values(all, "number")));
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 18, "no number is there twice: {numbers:?}");
    let before = admin(&server, "POST", "status?status=IN_SERVICE");
    let after = before.header("X-Callboard-Sequence").expect("it is told").to_owned();
    for (prefix, all) in ["a-", "b-"].into_iter().zip(&workers) {
        assert_eq!(values(all, "id")[1..], (1..=8).map(|n| format!("{prefix}{n}")).collect::<Vec<_>>());
        let (user, password) = (format!("{prefix}1"), values(all, "password")[0]);
        let login = format!(
            "<User><state>LOGIN</state><extension>{}</extension></User>",
            values(all, "extension")[0]
        );
        let accepted = finesse(&server, (&user, password), "PUT", &format!("User/{user}"), &login);
        assert_eq!(accepted.status(), 202, "{}", accepted.body);
        let told = admin(
            &server,
            "GET",
            &format!(
                "wait?after={after}&kind=event&node=/finesse/api/Team/{prefix}team/Users&contains={user}&timeout=5m"
            ),
        );
        assert!(told.body.starts_with("{\"matched\":true,"), "{}", told.body);
        let called = admin(&server, "POST", &format!("calls?to={}", values(all, "number")[0]));
        assert_eq!(called.status(), 202, "{}", called.body);
    }
    // Nobody may see the other's team.
    let (one, password) = ("a-1", values(&workers[0], "password")[0]);
    assert_eq!(finesse(&server, (one, password), "GET", "Team/b-team", "").status(), 401);
    let everything = admin(
        &server,
        "GET",
        &format!("record?after={after}&kind=event&node=/finesse/api/Team/a-team/*&limit=1000"),
    );
    assert!(
        everything.body.contains("User/a-1") && !everything.body.contains("User/b-1"),
        "{}",
        everything.body
    );
}

#[test]
fn who_is_taken_away_is_signed_out_and_gone() {
    let server = Server::demo();
    let mut other = Client::online(&server, "1001", "desktop");
    make(&server, "count=1&prefix=gone-&team=new");
    assert_eq!(
        put(&server, "gone-by-hand", "password=gone-by-hand&team=gone-team&extension=70999").status(),
        201
    );
    let mut client = Client::online(&server, "gone-by-hand", "desktop");
    // Another password, and the same user.
    assert_eq!(put(&server, "gone-by-hand", "password=other&team=gone-team&first_name=New").status(), 204);
    let own = |password| finesse(&server, ("gone-by-hand", password), "GET", "User/gone-by-hand", "");
    assert_eq!(own("gone-by-hand").status(), 401);
    assert!(own("other").body.contains("<firstName>New</firstName>"));
    assert!(event(&mut client, "/finesse/api/User/gone-by-hand").contains("<firstName>New</firstName>"));
    assert_eq!(admin(&server, "DELETE", "users/1001").status(), 404);
    assert_eq!(admin(&server, "DELETE", "users?prefix=gone-").status(), 204);
    client.expect_stream_error("not-authorized", 1000);
    assert_eq!(own("other").status(), 401);
    assert_eq!(admin(&server, "DELETE", "users?prefix=gone-").status(), 404);
    let directory = admin(&server, "GET", "directory").body;
    assert!(!directory.contains("gone-"), "{directory}");
    other.expect_nothing_more();
}

/// The users of a team may go one by one, and a user may be called as a team is.
#[test]
fn a_team_goes_with_its_prefix_though_its_users_are_gone_and_not_with_a_user_of_its_name() {
    let server = Server::demo();
    for _ in 0..2 {
        make(&server, "count=1&prefix=p-&team=new");
        assert_eq!(put(&server, "p-team", "password=p&team=p-team").status(), 201);
        assert_eq!(admin(&server, "DELETE", "users/p-team").status(), 204);
        assert!(admin(&server, "GET", "directory").body.contains("\"p-1\""), "its team is still there");
        assert_eq!(admin(&server, "DELETE", "users/p-1").status(), 204);
        assert_eq!(admin(&server, "DELETE", "users?prefix=p-").status(), 204);
        let directory = admin(&server, "GET", "directory").body;
        assert!(!directory.contains("\"p-team\"") && !directory.contains("\"p-queue\""), "{directory}");
    }
}

/// All workers of the tests share the objects.
#[test]
fn what_was_made_over_rest_stays_when_users_come_and_go() {
    let server = Server::demo();
    let administrator = ("administrator", "1234");
    make(&server, "count=1&prefix=t1-&team=new");
    let book = "<PhoneBook><name>Caterers</name><type>TEAM</type></PhoneBook>";
    let made = finesse(&server, administrator, "POST", "PhoneBook", book);
    assert!(matches!(made.status(), 200..=202), "{}", made.body);
    let id =
        made.header("location").and_then(|url| url.rsplit('/').next().map(str::to_owned)).expect("its URL");
    let of_team =
        format!("<PhoneBooks><PhoneBook><uri>/finesse/api/PhoneBook/{id}</uri></PhoneBook></PhoneBooks>");
    let assigned = finesse(&server, administrator, "PUT", "Team/t1-team/PhoneBooks", &of_team);
    assert!(matches!(assigned.status(), 200..=202), "{}", assigned.body);
    make(&server, "count=1&prefix=t2-&team=new");
    let own = finesse(&server, administrator, "GET", "Team/t1-team/PhoneBooks", "");
    assert!(own.body.contains("Caterers"), "{}", own.body);
    assert_eq!(admin(&server, "DELETE", "users?prefix=t1-").status(), 204);
    let all = finesse(&server, administrator, "GET", "PhoneBooks", "");
    assert!(all.status() == 200 && all.body.contains("Caterers"), "{}", all.body);
    assert_eq!(admin(&server, "POST", "reset").status(), 204);
    assert!(!finesse(&server, administrator, "GET", "PhoneBooks", "").body.contains("Caterers"));
}

/// An id that a path cannot have as it is written.
#[test]
fn a_user_has_the_id_that_the_path_says() {
    let server = Server::demo();
    make(&server, "count=1&prefix=j%C3%BC-&team=1");
    assert_eq!(admin(&server, "DELETE", "users/j%C3%BC-1").status(), 204);
    assert_eq!(put(&server, "j%C3%BCrgen", "password=p&team=1").status(), 201);
    assert!(admin(&server, "GET", "directory").body.contains("\"jürgen\""));
    assert_eq!(put(&server, "j%FCrgen", "password=p&team=1").status(), 404);
}

#[test]
fn a_reset_lets_them_go_unless_they_are_to_stay() {
    let server = Server::demo();
    make(&server, "count=2&prefix=t-&team=1");
    assert_eq!(admin(&server, "POST", "reset?keep=users").status(), 204);
    assert!(admin(&server, "GET", "directory").body.contains("\"t-2\""));
    assert_eq!(admin(&server, "POST", "reset").status(), 204);
    assert!(!admin(&server, "GET", "directory").body.contains("\"t-2\""));
}

#[test]
fn what_cannot_be_is_said_in_a_sentence() {
    let server = Server::demo();
    assert_eq!(own(&server, "1001", "POST", "users?count=1&prefix=a&team=1").status(), 403);
    make(&server, "count=1&prefix=x-&team=new");
    for (query, sentence) in [
        ("prefix=a-&team=new", "Say how many users there are to be"),
        ("count=101&prefix=a-&team=new", "Say how many users there are to be"),
        ("count=1&count=1&prefix=a-&team=new", "Say how many users there are to be"),
        ("count=1&prefix=a-&team=nowhere", "There is no team \"nowhere\"."),
        ("count=1&prefix=x-&team=new", "There is a team or a queue \"x-team\" already."),
        ("count=1&prefix=x-&team=1", "There is a user \"x-1\" already."),
        ("count=1&prefix=a%20b&team=1", "id \"a b1\" "),
    ] {
        let answer = admin(&server, "POST", &format!("users?{query}"));
        assert_eq!(answer.status(), 400, "{query}");
        assert!(answer.body.starts_with(sentence), "{query}: {}", answer.body);
    }
    for (id, form, sentence) in [
        ("y", "team=1", "A user needs a password"),
        ("y", "password=p", "An Agent needs a team"),
        ("y", "password=p&team=1&extension=abc", "extension \"abc\" "),
        ("y", "password=p&team=1&extension=1001", "The number 1001 belongs to somebody else."),
        ("y", "password=p&team=1&roles=King", "roles are Agent, Supervisor and Administrator."),
        ("y", "password=p&team=1&supervises=1", "supervises is for a user with the role Supervisor."),
        ("y", "password=p&team=1&colour=red", "There are password, team, "),
        ("y", "password=p&password=q&team=1", "There are password, team, "),
        ("1001", "password=p&team=1", "There is a user \"1001\" already."),
        ("y?password=p&team=1", "", "What a user has stands in the body"),
    ] {
        let answer = put(&server, id, form);
        assert_eq!(answer.status(), 400, "{id} {form}");
        assert!(answer.body.starts_with(sentence), "{form}: {}", answer.body);
    }
    let closed =
        DEMO.replacen("record = 10000", "record = 0", 1).replacen("faults = true", "faults = false", 1);
    let closed = Server::serving("localhost", &closed);
    assert_eq!(admin(&closed, "POST", "users?count=1&prefix=a-&team=1").status(), 409);
    assert_eq!(put(&closed, "y", "password=p&team=1").status(), 409);
}

#[test]
fn teams_and_queues_come_and_go_by_themselves() {
    let server = Server::demo();
    let mut other = Client::online(&server, "1001", "desktop");
    assert_eq!(admin(&server, "PUT", "teams/night?name=Night%20shift&wrap_up=30s").status(), 201);
    assert_eq!(admin(&server, "PUT", "queues/night-calls?team=night").status(), 201);
    assert_eq!(put(&server, "owl", "password=owl&team=night&extension=70900").status(), 201);
    let shown = |what: &str| finesse(&server, ("administrator", "1234"), "GET", what, "").body;
    assert!(shown("Team/night").contains("<name>Night shift</name>"), "{}", shown("Team/night"));
    let owl = || finesse(&server, ("owl", "owl"), "GET", "User/owl", "").body;
    assert!(owl().contains("<wrapUpTimer>30</wrapUpTimer>"), "{}", owl());
    let called = admin(&server, "POST", "calls?to=70001");
    assert_eq!(called.status(), 202, "its number is the first that is free: {}", called.body);
    // Another name and number: the caller still waits.
    assert_eq!(admin(&server, "PUT", "queues/night-calls?team=night&name=Calls&number=9100").status(), 204);
    let call = called.body.trim_end();
    assert!(
        shown(&format!("Dialog/{call}")).contains("<queueName>Calls</queueName>"),
        "{}",
        shown(&format!("Dialog/{call}"))
    );
    assert_eq!(admin(&server, "PUT", "teams/night?name=Day").status(), 204);
    assert!(owl().contains("<teamName>Day</teamName>") && !owl().contains("<wrapUpTimer>30<"), "{}", owl());
    for (method, path, status, sentence) in [
        ("DELETE", "teams/night", 409, "The team has users"),
        ("DELETE", "teams/1", 404, "There is no such team or queue"),
        ("DELETE", "queues/1", 404, "There is no such team or queue"),
        ("PUT", "teams/1", 400, "There is a team \"1\" already."),
        ("PUT", "queues/1?team=1", 400, "There is a queue \"1\" already."),
        ("PUT", "teams/a%20b", 400, "id \"a%20b\" must consist"),
        ("PUT", "teams/x?wrap_up=3h", 400, "wrap_up \"3h\" is no duration"),
        ("PUT", "teams/x?colour=red", 400, "A team has name and wrap_up"),
        ("PUT", "queues/x", 400, "A queue needs a team"),
        ("PUT", "queues/x?team=nowhere", 400, "There is no team \"nowhere\"."),
        ("PUT", "queues/x?team=1&number=1001", 400, "The number 1001 belongs to somebody else."),
        ("PUT", "queues/x?team=1&number=x", 400, "number \"x\" must be"),
    ] {
        let answer = admin(&server, method, path);
        assert_eq!(answer.status(), status, "{path}: {}", answer.body);
        assert!(answer.body.starts_with(sentence), "{path}: {}", answer.body);
    }
    assert_eq!(own(&server, "1001", "PUT", "teams/x").status(), 403);
    assert_eq!(admin(&server, "DELETE", "queues/night-calls").status(), 204);
    assert!(shown(&format!("Dialog/{call}")).contains("Not Found"), "its caller is cut off");
    assert_eq!(admin(&server, "DELETE", "users/owl").status(), 204);
    assert_eq!(admin(&server, "DELETE", "teams/night").status(), 204);
    assert!(!admin(&server, "GET", "directory").body.contains("night"));
    other.expect_nothing_more();
}
