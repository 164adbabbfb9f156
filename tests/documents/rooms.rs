//! The rooms of the program: what imports what, as src/README.md has it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::page::{ROOT, read};

/// A module without its tests: its path, and the paths that it names.
type Module = Vec<String>;

/// The floor of each room, the highest first, from the list in src/README.md.
fn floors() -> BTreeMap<String, usize> {
    let text = read(&Path::new(ROOT).join("src/README.md"));
    let (_, list) = text.split_once("From the top:\n").expect("the list is there");
    let rows = list.trim_start().lines().take_while(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    let names = rows.enumerate().flat_map(|(floor, row)| {
        row.split('`').skip(1).step_by(2).map(move |room| (room.to_owned(), floor)).collect::<Vec<_>>()
    });
    names.collect()
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        if name == "tests" || name == "tests.rs" {
            continue;
        }
        if path.is_dir() {
            sources(&path, out);
        } else if name.ends_with(".rs") {
            out.push(path);
        }
    }
}

/// The module that a file is.
fn module(root: &Path, file: &Path) -> Module {
    let path = file.strip_prefix(root).expect("it is in the folder").with_extension("");
    let mut names: Module = path.iter().map(|name| name.to_str().expect("a name").to_owned()).collect();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

/// The text without comments, texts and the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let lines = lines.map(|line| line.split(" // ").next().unwrap_or(line));
    // What stands between quotation marks is no path, and neither is a visibility.
    let code = lines.collect::<Vec<_>>().join("\n").replace("\\\"", "").replace("'\"'", "");
    code.split('"').step_by(2).collect::<Vec<_>>().join("").replace("pub(in crate", "pub(")
}

fn words(path: &str) -> Module {
    path.split("::").map(|name| name.trim().to_owned()).collect()
}

/// The paths of a tree of imports, `a::{b, c::{d, e}}`.
fn flatten(tree: &str, out: &mut Vec<Module>) {
    let Some((stem, rest)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree);
        return out.push(words(path));
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let mut depth = 0;
    let mut start = 0;
    let ends = inner.char_indices().chain([(inner.len(), ',')]);
    for (at, c) in ends {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = inner[start..at].trim();
                if !part.is_empty() {
                    flatten(&format!("{}{part}", stem.trim()), out);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

/// All paths that a text names from `crate`, `super` or `self` on, or that it imports.
fn paths(code: &str) -> Vec<Module> {
    let mut out = Vec::new();
    for (start, _) in code.match_indices("use ") {
        if code[..start].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let tree = code[start + 4..].split(';').next().unwrap_or_default();
        flatten(&tree.replace('\n', " "), &mut out);
    }
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    for word in code.split(|c: char| !is_name(c)) {
        if ["crate::", "super::", "self::"].iter().any(|root| word.starts_with(root)) {
            out.push(words(word));
        }
    }
    out
}

/// The file that has what a module names by a path.
fn target(modules: &BTreeMap<Module, Module>, from: &Module, path: &[String]) -> Option<Module> {
    let mut full = match path.first()?.as_str() {
        "crate" => Module::new(),
        "self" => from.clone(),
        "super" => from[..from.len().checked_sub(1)?].to_vec(),
        child if modules.contains_key(&[from.as_slice(), &[child.to_owned()]].concat()) => {
            return target(modules, from, &[&["self".to_owned()], path].concat());
        }
        _ => return None,
    };
    for name in &path[1..] {
        match name.as_str() {
            "super" => drop(full.pop()),
            name => full.push(name.to_owned()),
        }
    }
    while !modules.contains_key(&full) {
        full.pop()?;
    }
    (full != *from).then_some(full)
}

/// The files of src, and what each imports.
fn imports() -> BTreeMap<Module, BTreeSet<Module>> {
    let root = Path::new(ROOT).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let modules: BTreeMap<Module, Module> =
        files.iter().map(|file| (module(&root, file), Module::new())).collect();
    let imports = files.iter().map(|file| {
        let from = module(&root, file);
        let paths = paths(&code(&read(file)));
        let targets = paths.iter().filter_map(|path| target(&modules, &from, path)).collect();
        (from, targets)
    });
    imports.collect()
}

/// Finds a circle that leads through this module.
fn circle(imports: &BTreeMap<Module, BTreeSet<Module>>, from: &Module) -> Option<Vec<String>> {
    let mut came: BTreeMap<&Module, &Module> = BTreeMap::new();
    let mut next = vec![from];
    while let Some(here) = next.pop() {
        for there in &imports[here] {
            if there == from {
                let mut way = vec![from.join("::"), here.join("::")];
                let mut at = here;
                while at != from {
                    at = came[at];
                    way.push(at.join("::"));
                }
                way.reverse();
                return Some(way);
            }
            if !came.contains_key(there) {
                came.insert(there, here);
                next.push(there);
            }
        }
    }
    None
}

#[test]
fn no_room_imports_one_above_it() {
    let floors = floors();
    for (from, targets) in imports() {
        let Some(room) = from.first() else { continue };
        let floor = floors.get(room).unwrap_or_else(|| panic!("src/README.md has no floor for {room}"));
        for target in targets.iter().filter_map(|target| target.first()) {
            let below = floors.get(target).unwrap_or_else(|| panic!("src/README.md has no {target}"));
            assert!(below >= floor, "{} imports {target}, which is above it", from.join("::"));
        }
    }
}

#[test]
fn no_files_import_each_other() {
    let imports = imports();
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 500, "the imports are read");
    let circles: Vec<Vec<String>> = imports.keys().filter_map(|from| circle(&imports, from)).collect();
    assert_eq!(circles.first(), None, "{} files are in a circle of imports", circles.len());
}

#[test]
fn the_reader_of_imports_sees_them_all() {
    let text = "use crate::{a::{B, c::D}, e};\nfn f() -> super::g::H { crate::i::k() }\n// crate::no\n";
    let text = format!("{text}const S: &str = \"crate::no\";\npub(in crate::no) struct S;\nuse self::l;\n");
    let text = format!("{text}#[cfg(test)]\nmod tests {{\n    use crate::no;\n}}\n");
    let mut seen: Vec<String> = paths(&code(&text)).iter().map(|path| path.join("::")).collect();
    seen.sort();
    seen.dedup();
    let expected = ["crate::a::B", "crate::a::c::D", "crate::e", "crate::i::k", "self::l", "super::g::H"];
    assert!(expected.iter().all(|path| seen.iter().any(|seen| seen == path)), "{seen:?}");
    assert!(!seen.iter().any(|path| path.contains("no")), "{seen:?}");
}
