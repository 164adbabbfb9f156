//! The tables of the manual beside what the program knows. A test of a table that the program makes writes it if RENEW is set.

use std::path::Path;

use argh::ArgsInfo as _;
use argh::{FlagInfo, FlagInfoKind, Optionality};
use callboard::cli::Arguments;
use callboard::config::SECTIONS;
use callboard::config::limits::{Limits, TABLE};
use callboard::http::routes;

use super::page::{Page, ROOT, read, texts};
use super::support::Server;
use super::support::http::{Answer, Http, basic};
use super::support::server::DEMO;

fn code(text: &str) -> String {
    format!("`{text}`")
}

#[test]
fn every_limit_has_its_default_and_range_and_what_happens_there() {
    let defaults = Limits::default();
    Page::of("operating.md").compare("limits", |found| {
        let known = texts(found);
        let row = |limit: &callboard::config::limits::Limit| {
            let key = code(limit.key);
            let text = known.get(key.as_str()).copied().unwrap_or(limit.meaning).to_owned();
            let show = |value| limit.kind.show(value).trim_matches('"').to_owned();
            let range = format!("{} to {}", show(limit.minimum), show(limit.maximum));
            vec![key, show(limit.get(&defaults)), range, text]
        };
        TABLE.iter().map(row).collect()
    });
}

#[test]
fn every_command_has_its_flags_as_its_help_tells_them() {
    let info = Arguments::get_args_info();
    let usage = |flag: &FlagInfo| {
        let value = match flag.kind {
            FlagInfoKind::Switch => String::new(),
            FlagInfoKind::Option { arg_name } => format!(" {}", arg_name.to_uppercase()),
        };
        let more = if flag.optionality == Optionality::Repeating { "…" } else { "" };
        code(&format!("{}{value}", flag.long)) + more
    };
    let mut rows = Vec::new();
    for sub in &info.commands {
        let command = &sub.command;
        rows.push(vec![
            code(&format!("callboard {}", sub.name)),
            String::new(),
            command.description.to_owned(),
        ]);
        let flags = command.flags.iter().filter(|flag| flag.long != "--help");
        rows.extend(flags.map(|flag| vec![String::new(), usage(flag), flag.description.to_owned()]));
    }
    Page::of("configuration.md").compare("commands", |_| rows);
}

#[test]
fn every_exit_code_is_there() {
    use callboard::commands::Exit;
    Page::of("configuration.md").compare("exit codes", |_| {
        Exit::ALL.iter().map(|exit| vec![exit.code().to_string(), exit.meaning().to_owned()]).collect()
    });
}

#[test]
fn every_figure_of_metrics_has_its_kind_and_meaning() {
    let server = Server::demo();
    let answer = get(&server, "/metrics");
    let mut rows = Vec::new();
    for line in answer.body.lines() {
        if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|help| help.split_once(' ')) {
            rows.push(vec![code(name), String::new(), help.to_owned()]);
        } else if let Some((_, kind)) = line.strip_prefix("# TYPE ").and_then(|kind| kind.split_once(' ')) {
            kind.clone_into(&mut rows.last_mut().expect("a help comes first")[1]);
        }
    }
    assert!(rows.len() > 20, "{}", answer.body);
    Page::of("operating.md").compare("metrics", |_| rows);
}

#[test]
fn every_path_has_the_methods_that_the_server_allows() {
    Page::of("rest.md").compare("paths", |found| {
        let known = texts(found);
        let row = |(paths, methods): (String, String)| {
            let text = known.get(paths.as_str()).copied().unwrap_or_default().to_owned();
            vec![paths, methods, text]
        };
        routes::shown().map(row).collect()
    });
    for row in Page::of("rest.md").rows("## Paths") {
        assert!(!row[2].is_empty(), "rest.md does not say what {} is", row[0]);
    }
}

#[test]
fn every_path_that_the_sources_name_is_in_the_manual() {
    let page = Page::of("rest.md");
    for start in
        ["\"/callboard/api/", "\"/console/", "\"/events", "\"/healthz", "\"/http-bind", "\"/metrics", "\"/ws"]
    {
        for path in literals(start) {
            let start = format!("`{}", path.trim_end_matches('/'));
            assert!(page.text.contains(&start), "rest.md has no {path}");
        }
    }
}

#[test]
fn every_list_of_the_api_is_an_array_in_json() {
    let lists = read(&Path::new(ROOT).join("src/http/finesse/as_json.rs"));
    let names = ["list(out, \"", "list(&mut out, \""].into_iter().flat_map(|call| {
        let texts = sources().into_iter().map(|text| text.replace('\n', ""));
        let found =
            texts.flat_map(move |text| text.split(call).skip(1).map(str::to_owned).collect::<Vec<_>>());
        found.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect::<Vec<_>>()
    });
    let names: Vec<String> = names.collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        assert!(lists.contains(&format!("(\"{name}\", \"")), "as_json.rs has no list {name}");
    }
}

#[test]
fn every_variable_of_the_environment_is_in_the_manual() {
    let page = Page::of("configuration.md");
    for variable in literals("\"CALLBOARD_") {
        assert!(page.text.contains(&variable), "configuration.md has no {variable}");
    }
}

#[test]
fn every_object_of_finesses_api_has_its_methods_products_and_releases() {
    Page::of("rest.md").compare("api", |found| {
        let known = texts(found);
        let row = |shown: [String; 5]| {
            let text = known.get(shown[0].as_str()).copied().unwrap_or_default().to_owned();
            shown.into_iter().chain([text]).collect()
        };
        routes::shown_of_finesse().map(row).collect()
    });
}

#[test]
fn every_document_that_the_manual_names_is_served() {
    // The newest release has all of them.
    let server = Server::serving("localhost", &DEMO.replace("release = \"12.5\"", "release = \"15\""));
    for row in Page::of("rest.md").rows("## The Finesse REST API") {
        for path in row[0].split('`').skip(1).step_by(2).filter_map(|request| request.strip_prefix("GET ")) {
            let path = path.split('?').next().unwrap_or_default();
            let first = if path.starts_with("User/") { "1001" } else { "1" };
            let named = path.replacen("ID", first, 1).replace("ID", "1").replace("NAME", "1001");
            let answer = get(&server, &format!("/finesse/api/{named}"));
            // No call and no message has that number, and the error names it; of an unknown path it names the path.
            let is_served =
                matches!(answer.status(), 200 | 400) || answer.body.contains("<ErrorData>1</ErrorData>");
            assert!(is_served, "GET {path}: {} {}", answer.start, answer.body);
        }
    }
}

#[test]
fn every_key_of_the_configuration_is_in_the_table_of_its_section() {
    let page = Page::of("configuration.md");
    for (section, keys) in SECTIONS {
        let heading = match section {
            "" => "### The file".to_owned(),
            section => format!("### `{section}`"),
        };
        let rows = page.rows(&heading);
        let mut found: Vec<_> = rows.iter().flat_map(|row| row[0].split('`').skip(1).step_by(2)).collect();
        // A key that is a section has a heading in place of a row.
        let is_row = |key: &&&str| {
            let inside = section.trim_matches(['[', ']']);
            let name = if inside.is_empty() { (*key).to_string() } else { format!("{inside}.{key}") };
            !SECTIONS.iter().any(|(section, _)| section.trim_matches(['[', ']']) == name) && name != "limits"
        };
        let mut keys: Vec<_> = keys.iter().filter(is_row).copied().collect();
        let missing: Vec<_> = keys.iter().filter(|key| !found.contains(key)).collect();
        assert!(missing.is_empty(), "configuration.md, {heading}: there is no row for {missing:?}");
        found.sort_unstable();
        keys.sort_unstable();
        assert_eq!(found, keys, "configuration.md, {heading}: a row is stale or stands twice");
    }
}

#[test]
fn every_difference_has_a_number_of_its_own() {
    let text = Page::of("differences.md").text;
    let numbers =
        text.lines().filter_map(|line| line.strip_prefix("* **D")?.split_once(".**")?.0.parse().ok());
    let numbers: Vec<usize> = numbers.collect();
    let items = text.lines().filter(|line| line.starts_with("* ")).count();
    assert_eq!(numbers.len(), items, "each difference begins with its number, such as **D1.**");
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), numbers.len(), "{numbers:?}");
}

fn get(server: &Server, path: &str) -> Answer {
    ask(server, "GET", path)
}

fn ask(server: &Server, method: &str, path: &str) -> Answer {
    let password = basic("administrator", "1234");
    Http::connect(server.plain)
        .ask(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {password}\r\n\r\n"))
}

/// The texts of all files of the program, without its tests.
fn sources() -> Vec<String> {
    let mut folders = vec![Path::new(ROOT).join("src")];
    let mut texts = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("a folder of the sources") {
            let path = entry.expect("the folder can be read").path();
            if path.file_stem().is_some_and(|name| name == "tests") {
                continue;
            } else if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                texts.push(read(&path));
            }
        }
    }
    texts
}

/// The constants of the program that begin so and are paths or names.
fn literals(start: &str) -> Vec<String> {
    let mut found = Vec::new();
    for text in sources() {
        let program = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (at, _) in program.match_indices(start) {
            let path = program[at + 1..].split('"').next().unwrap_or_default();
            if path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_')) {
                found.push(path.to_owned());
            }
        }
    }
    assert!(!found.is_empty(), "no source has {start}");
    found
}

#[test]
fn every_kind_of_faults_has_its_parameters_and_targets() {
    Page::of("faults.md").compare("faults", |_| {
        let row = |row: &callboard::fault::Row| {
            let parameter = |parameter: &callboard::fault::Parameter| {
                let (name, form) = (parameter.name, parameter.form.shown());
                format!("`{name}`: {}; {form} (`{}`)", parameter.meaning, parameter.default)
            };
            let parameters: Vec<_> = row.parameters.iter().map(parameter).collect();
            let targets: Vec<_> = row.targets.iter().map(|target| code(target)).collect();
            let over: Vec<_> = row.transports.iter().map(|transport| transport.name()).collect();
            let over = if over.is_empty() { String::new() } else { format!(" (over {})", over.join(", ")) };
            let sentence = row.sentence.replace('<', "\\<");
            vec![code(row.name), format!("{sentence}{over}"), parameters.join("; "), targets.join(", ")]
        };
        callboard::fault::TABLE.iter().map(row).collect()
    });
}

#[test]
fn targets_and_times_of_faults_are_those_of_the_program() {
    use callboard::fault::{COMMON, FAULTS_MAX, Point, TABLE, TARGETS};
    let page = Page::of("faults.md");
    let firsts = |heading| page.rows(heading).into_iter().map(|row| row[0].clone()).collect::<Vec<_>>();
    let names: Vec<_> = TARGETS.iter().map(|(name, _)| code(name)).collect();
    assert_eq!(firsts("## Whom a fault touches"), names);
    let times: Vec<_> =
        page.rows("## When it acts").into_iter().map(|row| (row[0].clone(), row[2].clone())).collect();
    let known: Vec<_> = COMMON.iter().map(|common| (code(common.name), code(common.default))).collect();
    assert_eq!(times, known);
    let lasting = TABLE.iter().filter(|row| row.point == Point::Session).map(|row| code(row.name));
    let listed = format!("A fault of sessions ({})", lasting.collect::<Vec<_>>().join(", "));
    assert!(page.text.contains(&listed), "faults.md has no {listed}");
    assert!(page.text.contains(&format!("{FAULTS_MAX} faults can be set")));
}

#[test]
fn parameters_and_kinds_of_the_record_are_those_of_the_program() {
    use callboard::record::{Kind, LIMIT_MAX, PARAMETERS};
    let page = Page::of("record.md");
    let firsts = |heading| page.rows(heading).into_iter().map(|row| row[0].clone()).collect::<Vec<_>>();
    let parameters: Vec<_> = PARAMETERS.iter().map(|(name, _)| code(name)).collect();
    assert_eq!(firsts("## Choose entries"), parameters);
    assert_eq!(firsts("## Entries"), Kind::ALL.map(|kind| code(kind.name())));
    assert!(page.text.contains(&format!("from 1 to {LIMIT_MAX};")));
}

#[test]
fn every_rule_of_the_score_has_its_source_and_the_faults_that_provoke_it() {
    Page::of("testing.md").compare("rules", |found| {
        let known = texts(found);
        let row = |rule: &callboard::conformance::Rule| {
            let faults: Vec<_> = rule.faults.iter().map(|fault| code(fault)).collect();
            let name = code(rule.name);
            let passed = known.get(&*name).map_or(String::new(), |text| (*text).to_owned());
            vec![name, rule.source.to_owned(), faults.join(", "), passed]
        };
        callboard::conformance::RULES.iter().map(row).collect()
    });
}

#[test]
fn the_most_common_causes_are_those_of_the_diagnosis_table() {
    use callboard::diagnosis::Language;
    use callboard::probe::Symptom::*;
    let common = [
        SelfSigned,
        NotUpgraded,
        NoSubprotocol,
        ServiceDown,
        NotAuthorized,
        HostUnknown,
        WrongName,
        IncompleteChain,
        Refused,
        Expired,
        IdleClosed,
        NoFinesse,
        PingLate,
        LockedOut,
        OutOfService,
        NameUnknown,
        Unreachable,
        ItemNotFound,
        Conflict,
        OtherDomain,
    ];
    Page::of("causes.md").compare("causes", |_| {
        let row = |symptom: &callboard::probe::Symptom| {
            let words = symptom.words(Language::English).expect("every symptom has words");
            let text = |text: &str| text.replace('`', "").replace('<', "\\<");
            vec![code(symptom.name()), text(words.symptom), text(words.cause), text(words.check)]
        };
        common.iter().map(row).collect()
    });
}

#[test]
fn every_symptom_of_the_probe_is_there() {
    use callboard::diagnosis::Language;
    use callboard::probe::Symptom;
    Page::of("probe.md").compare("symptoms", |_| {
        let row = |symptom: &Symptom| {
            let words = symptom.words(Language::English).expect("every symptom has words");
            let text = |text: &str| text.replace('`', "").replace('<', "\\<");
            vec![code(symptom.name()), text(words.symptom)]
        };
        Symptom::ALL.iter().map(row).collect()
    });
}
