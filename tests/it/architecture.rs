//! Which part of the library uses which, held against the table in docs/architecture.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Parts in which no files depend on each other in a circle, even in one folder.
const WITHOUT_CIRCLES: [&str; 6] = ["error", "commands", "input", "report", "api", "sandbox"];

/// The source files by their modules (`api::auth::token`), with the modules that each one uses.
struct Sources {
    files: BTreeMap<String, PathBuf>,
    uses: BTreeMap<String, BTreeSet<String>>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// `src/api/auth/token.rs` → `api::auth::token`, `src/api/mod.rs` → `api`.
fn module_of(file: &Path) -> String {
    let path = file.strip_prefix("src").unwrap().with_extension("");
    let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
    let parts = match parts.as_slice() {
        [folder @ .., "mod"] => folder,
        parts => parts,
    };
    parts.join("::")
}

fn is_test(file: &Path) -> bool {
    let name = |part: &std::ffi::OsStr| {
        let part = part.to_str().unwrap().trim_end_matches(".rs");
        part == "tests" || part == "simulation" || part.ends_with("_tests")
    };
    file.iter().any(name)
}

/// The code without comments and without the tests at its end.
fn production(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let tests = lines.windows(2).position(|two| {
        two[0] == "#[cfg(test)]" && two[1].contains("mod ") && two[1].ends_with('{')
    });
    let lines = &lines[..tests.unwrap_or(lines.len())];
    let code = lines
        .iter()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.copied().collect::<Vec<_>>().join("\n")
}

/// The paths that begin with `crate::`, a list in braces as several.
fn crate_paths(code: &str) -> Vec<String> {
    let is_path = |character: char| character.is_alphanumeric() || matches!(character, '_' | ':');
    let mut paths = Vec::new();
    for (_, rest) in code
        .match_indices("crate::")
        .map(|(at, found)| (at, &code[at + found.len()..]))
    {
        let end = rest.find(|character| !is_path(character));
        let path = &rest[..end.unwrap_or(rest.len())];
        match rest[path.len()..].strip_prefix('{') {
            Some(list) => {
                let list = &list[..list.find('}').unwrap()];
                paths.extend(list.split(',').map(|name| format!("{path}{}", name.trim())));
            }
            None => paths.push(path.to_owned()),
        }
    }
    paths
}

impl Sources {
    fn read() -> Self {
        let mut found = Vec::new();
        rust_files(&root().join("src"), &mut found);
        let relative = found.iter().map(|path| path.strip_prefix(root()).unwrap());
        let files: BTreeMap<_, _> = relative
            .filter(|file| {
                !is_test(file) && !file.ends_with("main.rs") && !file.ends_with("lib.rs")
            })
            .map(|file| (module_of(file), file.to_owned()))
            .collect();
        let mut uses = BTreeMap::new();
        for (module, file) in &files {
            let text = fs::read_to_string(root().join(file)).unwrap();
            let mut targets: BTreeSet<_> = crate_paths(&production(&text))
                .iter()
                .filter_map(|path| longest_module(path, &files))
                .collect();
            targets.remove(module);
            uses.insert(module.clone(), targets);
        }
        Self { files, uses }
    }

    fn file(&self, module: &str) -> String {
        self.files[module].display().to_string()
    }

    /// The folder of a file. A file with a folder of its own name belongs to that folder.
    fn folder<'m>(&self, module: &'m str) -> &'m str {
        let inside = format!("{module}::");
        if self.files.keys().any(|other| other.starts_with(&inside)) {
            return module;
        }
        module
            .rsplit_once("::")
            .map_or(module, |(folder, _)| folder)
    }
}

/// What can be reached from `from`: what it uses, what that uses, and so on.
fn reachable<'u>(uses: &'u BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<&'u str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<_> = uses[from].iter().map(String::as_str).collect();
    while let Some(used) = open.pop() {
        if reached.insert(used) {
            open.extend(uses[used].iter().map(String::as_str));
        }
    }
    reached
}

/// The file of a path: `api::client::HttpEndpoint` is in `api::client`.
fn longest_module(path: &str, files: &BTreeMap<String, PathBuf>) -> Option<String> {
    let mut path = path.trim_end_matches(':');
    loop {
        if files.contains_key(path) {
            return Some(path.to_owned());
        }
        path = path.rsplit_once("::")?.0;
    }
}

fn part_of(module: &str) -> &str {
    module.split("::").next().unwrap()
}

/// The lines of the table: part → what it may use.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let (_, table) = page.split_once("## Who may use what").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let names = |cell: &str| {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').collect();
        (
            names(cells[1]).remove(0),
            names(cells[2]).into_iter().collect(),
        )
    })
    .collect()
}

#[test]
fn a_part_uses_only_what_the_table_allows() {
    let (sources, allowed) = (Sources::read(), allowed());
    let mut forbidden = Vec::new();
    for (module, used) in &sources.uses {
        let part = part_of(module);
        let may_use = allowed.get(part);
        assert!(
            may_use.is_some(),
            "docs/architecture.md has no line for `{part}`"
        );
        for other in used.iter().filter(|other| part_of(other) != part) {
            if !may_use.is_some_and(|parts| parts.contains(part_of(other))) {
                forbidden.push(format!(
                    "{} uses {}",
                    sources.file(module),
                    sources.file(other)
                ));
            }
        }
    }
    assert!(
        forbidden.is_empty(),
        "not in docs/architecture.md:\n{}",
        forbidden.join("\n")
    );
}

#[test]
fn the_table_allows_nothing_that_no_file_needs() {
    let sources = Sources::read();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, others) in &sources.uses {
        let part = part_of(module);
        let others = others
            .iter()
            .map(|other| part_of(other))
            .filter(|other| *other != part);
        used.entry(part.to_owned())
            .or_default()
            .extend(others.map(str::to_owned));
    }
    let mut unused = Vec::new();
    for (part, may_use) in allowed() {
        let needed = used.remove(&part).unwrap_or_default();
        unused.extend(
            may_use
                .difference(&needed)
                .map(|other| format!("`{part}` uses no `{other}`")),
        );
    }
    assert!(
        unused.is_empty(),
        "take out of docs/architecture.md:\n{}",
        unused.join("\n")
    );
}

#[test]
fn parts_do_not_depend_on_each_other_in_a_circle() {
    let allowed = allowed();
    let in_circle = |part: &&String| reachable(&allowed, part).contains(part.as_str());
    let circle: Vec<_> = allowed.keys().filter(in_circle).collect();
    assert!(
        circle.is_empty(),
        "docs/architecture.md allows a circle of these parts: {circle:?}"
    );
}

#[test]
fn files_of_different_folders_do_not_depend_on_each_other_in_a_circle() {
    let sources = Sources::read();
    let reachable: BTreeMap<_, _> = sources
        .uses
        .keys()
        .map(|module| (module.as_str(), reachable(&sources.uses, module)))
        .collect();
    let mut circles = Vec::new();
    for (module, used) in &sources.uses {
        for other in used
            .iter()
            .filter(|other| reachable[other.as_str()].contains(module.as_str()))
        {
            let strict = WITHOUT_CIRCLES.contains(&part_of(module));
            let (folder, of_other) = (sources.folder(module), sources.folder(other));
            if folder != of_other || strict {
                circles.push(format!(
                    "{} and {}",
                    sources.file(module),
                    sources.file(other)
                ));
            }
        }
    }
    assert!(
        circles.is_empty(),
        "these depend on each other, if only through others:\n{}",
        circles.join("\n")
    );
}

#[test]
fn the_files_of_the_journey_exist() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let files = page
        .split('`')
        .filter(|text| text.starts_with("src/") && *text != "src/");
    let missing: Vec<_> = files.filter(|file| !root().join(file).is_file()).collect();
    assert!(missing.is_empty(), "docs/architecture.md names {missing:?}");
}

#[test]
fn a_module_file_of_a_folder_has_documentation_and_declarations_only() {
    let mut found = Vec::new();
    rust_files(&root().join("src"), &mut found);
    for file in found.iter().filter(|file| file.ends_with("mod.rs")) {
        let text = fs::read_to_string(file).unwrap();
        let is_plain = |line: &&str| {
            line.is_empty()
                || line.starts_with("//")
                || line.starts_with("#[")
                || line.ends_with(';') && line.contains("mod ")
        };
        let other: Vec<_> = text.lines().filter(|line| !is_plain(line)).collect();
        assert!(other.is_empty(), "{} has {other:?}", file.display());
    }
}
