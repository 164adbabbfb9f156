//! Statistics of queues.

use crate::desk::tests::*;

fn queue_of_team(id: &str) -> String {
    format!("[[queue]]\nid = \"{id}\"\nname = \"Queue {id}\"\nnumber = \"900{id}\"\nteam = \"{id}\"\n")
}

/// The guide, "Queue: get queue", with its "Platform-Based API Differences", and its note on queues of nobody.
#[test]
fn finding_d20_statistics_are_minus_one_where_finesse_has_none() {
    // Team 3 has nobody; `sue` supervises team 2, which has a member.
    let more =
        "[[team]]\nid = \"3\"\nname = \"Nobody\"\n".to_owned() + &["1", "2", "3"].map(queue_of_team).concat();
    let numbers = |desk: &Desk, id: &str| {
        let document = desk.queue_document(BOB, id).expect("everybody reads it");
        let counted = [
            "callsInQueue",
            "agentsReady",
            "agentsNotReady",
            "agentsBusyOther",
            "agentsLoggedOn",
            "agentsTalkingInbound",
            "agentsTalkingOutbound",
            "agentsTalkingInternal",
            "agentsWrapUpNotReady",
            "agentsWrapUpReady",
        ];
        let mut of_all = counted.map(|name| field(&document, name));
        of_all.sort();
        let (least, most) = (of_all[0].clone(), of_all[of_all.len() - 1].clone());
        (least, most, field(&document, "startTimeOfLongestCallInQueue"))
    };
    let shown =
        |least: &str, most: &str, longest: &str| (least.to_owned(), most.to_owned(), longest.to_owned());
    let since = "2023-01-13T11:07:11.466Z";
    for (profile, rule, expected) in [
        ("uccx", "finesse", [shown("-1", "-1", "-1"), shown("-1", "-1", "-1"), shown("-1", "-1", "-1")]),
        ("ucce", "finesse", [shown("0", "1", since), shown("0", "1", since), shown("-1", "-1", "")]),
        ("uccx", "all", [shown("0", "1", since), shown("0", "1", since), shown("0", "1", since)]),
        ("ucce", "all", [shown("0", "1", since), shown("0", "1", since), shown("0", "1", since)]),
    ] {
        let keys = format!("queue_statistics = \"{rule}\"");
        let mut desk = desk_with(profile, &keys, &more);
        for queue in ["1", "2", "3"] {
            let call = Inbound { from: "1".into(), to: format!("900{queue}"), data: CallData::default() };
            desk.place_call(at(466), &call, "").expect("a call");
        }
        let found = ["1", "2", "3"].map(|queue| numbers(&desk, queue));
        assert_eq!(found, expected, "{profile} {rule}");
        // Nobody is told of what nobody counts.
        let told: Vec<_> = desk.tick(at(60_000)).into_iter().map(|event| event.node).collect();
        let expected: &[&str] = match (profile, rule) {
            ("uccx", _) => &[],
            ("ucce", "finesse") => &["/finesse/api/Queue/1", "/finesse/api/Queue/2"],
            _ => &["/finesse/api/Queue/1", "/finesse/api/Queue/2", "/finesse/api/Queue/3"],
        };
        assert_eq!(told, expected, "{profile} {rule}");
    }
    // The default is what Finesse does, and another file is told.
    let mut desk = desk_with("ucce", "", &more);
    assert_eq!(numbers(&desk, "3"), shown("-1", "-1", ""));
    let all = format!("profile = \"ucce\"\nqueue_statistics = \"all\"\n{PEOPLE}{more}");
    desk.reload(at(0), Config::parse(&all, "c.toml").expect("a valid file"));
    let told = desk.tick(at(60_000));
    assert_eq!(told.len(), 1);
    assert!(told[0].payload.contains("<callsInQueue>0</callsInQueue>"), "{told:?}");
    assert_eq!(numbers(&desk, "3"), shown("0", "0", ""));
}
