//! `[[campaign]]`.

use std::time::Duration;

use crate::config::campaigns::{CallResult, Campaign, Customer, DialingMode};
use crate::config::tests::*;

mistakes! {
    a_campaign_without_anything: "", "[[campaign]]\n[[campaign.contact]]" => [
        r#"10:1: [[campaign]] has no name; add name = "…""#,
        r#"10:1: [[campaign]] has no team; add team = "…""#,
        r#"11:1: [[campaign.contact]] has no phone_number; add phone_number = "…""#,
    ];
    campaigns_alike: "", r#"[[campaign]]
name = "A"
team = "1"
[[campaign]]
name = "A"
team = "1"
"# => [
        r#"14:8: name "A" already belongs to the campaign in line 11; give each its own"#,
    ];
    a_campaign_beyond_its_bounds: "", r#"[[campaign]]
name = "A"
team = "2"
mode = "preview"
dialer_port = "x"
personal_callbacks = "no"
retry = "2d"
colour = "red"
[[campaign.contact]]
phone_number = "home"
first_name = "\u0007"
result = "voices"
variables = ["callVariable11=x"]
[[campaign.contact]]
phone_number = "5550190"
variables = ["user.a=1", "user.a=2"]
"# => [
        r#"12:8: team "2" is not declared by any [[team]]; known are: 1"#,
        r#"13:8: mode "preview" is there in the profile "ucce" only; choose "direct_preview""#,
        r##"14:15: dialer_port "x" must be 1 to 32 digits, with "+", "*" or "#" where needed"##,
        r#"15:22: personal_callbacks must be true or false, not a string"#,
        r#"16:9: retry "2d" must be a duration from "100ms" to "24h", such as "5m""#,
        r#"17:1: "colour" is not a key of [[campaign]]; known are: name, team, mode, dialer_port, personal_callbacks, retry, contact"#,
        r##"19:16: phone_number "home" must be 1 to 32 digits, with "+", "*" or "#" where needed"##,
        r#"20:14: first_name "\u{7}" must not have control characters"#,
        r#"21:10: "voices" is not a result; did you mean "voice"?"#,
        r#"22:14: variables "callVariable11=x" must be callVariable1 to callVariable10 or user.NAME, each once, "=" and a value"#,
        r#"25:26: variables "user.a=2" must be callVariable1 to callVariable10 or user.NAME, each once, "=" and a value"#,
    ];
}

#[test]
fn a_campaign_has_what_its_section_says_and_defaults() {
    let text = "profile = \"ucce\"\n[[team]]\nid = \"1\"\nname = \"A\"\n[[user]]\nid = \"a\"\npassword = \"x\"\nteam = \"1\"\n\
                [[campaign]]\nname = \"Short\"\nteam = \"1\"\n\
                [[campaign]]\nname = \"Long\"\nteam = \"1\"\nmode = \"preview\"\ndialer_port = \"7901\"\n\
                personal_callbacks = true\nretry = \"24h\"\n\
                [[campaign.contact]]\nphone_number = \"+15550190\"\nfirst_name = \"Grace\"\nlast_name = \"Hopper\"\n\
                account_number = \"4711\"\nresult = \"answering_machine\"\nvariables = [\"callVariable1=a=b\", \"user.x=\"]\n";
    let campaigns = Config::parse(text, "c.toml").expect("a valid file").campaigns;
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        campaigns,
        [
            Campaign {
                name: "Short".into(),
                team: "1".into(),
                mode: DialingMode::DirectPreview,
                dialer_port: "7900".into(),
                personal_callbacks: false,
                retry: Duration::from_secs(60),
                contacts: vec![],
            },
            Campaign {
                name: "Long".into(),
                team: "1".into(),
                mode: DialingMode::Preview,
                dialer_port: "7901".into(),
                personal_callbacks: true,
                retry: Duration::from_secs(86_400),
                contacts: vec![Customer {
                    phone_number: "+15550190".into(),
                    first_name: "Grace".into(),
                    last_name: "Hopper".into(),
                    account_number: "4711".into(),
                    result: Some(CallResult::AnsweringMachine),
                    variables: vec![pair("callVariable1", "a=b"), pair("user.x", "")],
                }],
            },
        ]
    );
}

#[test]
fn five_hundred_contacts_and_no_more() {
    let text = "[[team]]\nid = \"1\"\nname = \"A\"\n[[user]]\nid = \"a\"\npassword = \"x\"\nteam = \"1\"\n[[campaign]]\nname = \"A\"\nteam = \"1\"\n";
    let contacts = "[[campaign.contact]]\nphone_number = \"1\"\n".repeat(500);
    assert!(Config::parse(&format!("{text}{contacts}"), "c.toml").is_ok());
    let more = format!(
        "{text}{contacts}[[campaign]]\nname = \"B\"\nteam = \"1\"\n[[campaign.contact]]\nphone_number = \"1\"\n"
    );
    let problems = Config::parse(&more, "c.toml").expect_err("one too many");
    let sentence = "there are more than 500 contacts of campaigns from here on; leave some out";
    assert!(problems[0].to_string().ends_with(sentence), "{}", problems[0]);
}
