use super::*;
use pybun_model::PUBLIC_INDEX_URL;

fn imported(kind: Kind, text: &str, beside: Option<&str>) -> Imported {
    import(kind, Foreign { path: "the.lock", text, beside, required: &[] }).unwrap_or_else(|error| panic!("{error}"))
}

fn pins(imported: &Imported) -> Vec<String> {
    imported.pins.iter().map(|(name, version)| format!("{name} {version}")).collect()
}

#[test]
fn files_are_known_by_their_names() {
    for (name, kind) in [
        ("poetry.lock", Kind::Poetry),
        ("uv.lock", Kind::Uv),
        ("Pipfile.lock", Kind::Pipfile),
        ("pylock.toml", Kind::Pylock),
        ("pylock.prod.toml", Kind::Pylock),
        ("requirements.txt", Kind::Requirements),
        ("deps", Kind::Requirements),
    ] {
        assert_eq!(Kind::of(name), Some(kind), "{name}");
    }
    for name in ["foo.json", "pyproject.toml", "Pipfile", "pybun.lockb", "Setup.CFG"] {
        assert_eq!(Kind::of(name), None, "{name}");
    }
    assert_eq!(Kind::Requirements.companion("dev.txt").as_deref(), Some("dev.in"));
}

const POETRY: &str = r#"
[tool.poetry]
name = "shop"
version = "1.2.3"
description = "Sells \"things\""

[tool.poetry.dependencies]
python = "^3.9"
flask = "^2.3"
requests = { version = "~2.31", extras = ["socks"], python = "<3.12" }
psycopg2 = { version = "*", optional = true }
colorama = { version = "^0.4", markers = "os_name == 'nt' or platform_machine == 'x'", platform = "win32" }
tool = { git = "https://me:secret@host/tool.git", tag = "v1", subdirectory = "py" }
local = { path = "../local", develop = true }
both = [{ version = "<2", python = "<3.10" }, { version = ">=2", python = ">=3.10" }]
odd = "next week"

[tool.poetry.extras]
db = ["psycopg2"]

[tool.poetry.group.dev.dependencies]
pytest = "^8"

[tool.poetry.scripts]
shop = "shop.main:run"
"#;

#[test]
fn poetry() {
    let lock = r#"
[[package]]
name = "flask"
version = "2.3.2"

[[package]]
name = "tool"
version = "1.0"
[package.source]
type = "git"
url = "https://host/tool.git"
"#;
    let found = imported(Kind::Poetry, lock, Some(POETRY));
    assert_eq!(found.requires_python.as_deref(), Some(">=3.9,<4"));
    let mut dependencies = found.dependencies.clone();
    dependencies.sort();
    assert_eq!(
        dependencies,
        [
            "both<2 ; python_version < '3.10'",
            "both>=2 ; python_version >= '3.10'",
            "colorama>=0.4,<0.5 ; (os_name == 'nt' or platform_machine == 'x') and (sys_platform == 'win32')",
            "flask>=2.3,<3",
            "local",
            "odd",
            "requests[socks]>=2.31,<2.32 ; python_version < '3.12'",
            "tool",
        ]
    );
    assert_eq!(found.extras["db"], ["psycopg2"]);
    assert_eq!(found.groups["dev"], ["pytest>=8,<9"]);
    assert_eq!(found.scripts["shop"], "shop.main:run");
    assert_eq!(
        found.sources["tool"],
        [("git", "https://host/tool.git".into()), ("tag", "v1".into()), ("subdirectory", "py".into())]
    );
    assert_eq!(found.sources["local"], [("path", "../local".into()), ("editable", true.into())]);
    assert_eq!(pins(&found), ["flask 2.3.2"]);
    assert_eq!(found.lost, ["`next week` of `odd` is no constraint on versions"]);
    assert!(matches!(
        import(Kind::Poetry, Foreign { path: "poetry.lock", text: lock, beside: None, required: &[] }),
        Err(ImportError::NothingBeside { .. })
    ));
}

#[test]
fn a_manifest_of_poetry_gets_what_it_lacks_and_keeps_what_it_has() {
    let mut found = imported(Kind::Poetry, "", Some(POETRY));
    let text = complete(Some(POETRY), &mut found, "fallback", ">=3.12").unwrap();
    assert!(text.contains(POETRY.trim()), "{text}");
    let manifest = pybun_manifest::Manifest::parse(&text, "pyproject.toml").unwrap();
    assert_eq!(manifest.name.unwrap().as_ref(), "shop");
    assert_eq!(manifest.dependencies.len(), 8);
    assert_eq!(manifest.dependency_groups.len(), 1);
    assert_eq!(manifest.tool_pybun.unwrap()["sources"]["tool"]["tag"], "v1");
}

#[test]
fn uv() {
    let manifest = r#"[project]
name = "shop"
version = "1"
dependencies = ["flask"]

[tool.uv]
dev-dependencies = ["pytest>=8"]
constraint-dependencies = ["idna<4"]
conflicts = [[{ extra = "a" }, { extra = "b" }]]

[tool.uv.sources]
tool = { git = "https://host/tool", branch = "main" }
mine = { workspace = true }

[[tool.uv.index]]
name = "corp"
url = "https://me:pw@corp.example/simple/"
explicit = true
"#;
    let lock = r#"
version = 1
requires-python = ">=3.10"

[[package]]
name = "shop"
version = "1"
source = { editable = "." }

[[package]]
name = "flask"
version = "3.0.0"
source = { registry = "https://x/simple" }
"#;
    let mut found = imported(Kind::Uv, lock, Some(manifest));
    assert_eq!(pins(&found), ["flask 3.0.0"]);
    assert_eq!(
        found.lost,
        [
            "the credentials of the index `corp`, which belong in no manifest",
            "the source of `mine`: `workspace` is not known here"
        ]
    );
    let text = complete(Some(manifest), &mut found, "x", ">=3.9").unwrap();
    assert!(text.starts_with(manifest.trim_end()), "{text}");
    let after = pybun_manifest::Manifest::parse(&text, "pyproject.toml").unwrap();
    assert_eq!(after.dependencies.len(), 1);
    assert_eq!(after.dependency_groups.len(), 1);
    let tool = after.tool_pybun.unwrap();
    assert_eq!(tool["constraints"][0], "idna<4");
    assert_eq!(tool["conflicts"][0][1]["extra"], "b");
    assert_eq!(tool["sources"]["tool"]["branch"], "main");
    assert_eq!(tool["index"][0]["url"], "https://corp.example/simple/");
    assert_eq!(tool["index"][0]["explicit"], true);
}

#[test]
fn uv_without_its_manifest_says_what_the_project_requires_all_the_same() {
    let lock = r#"
version = 1
requires-python = ">=3.10"

[[package]]
name = "shop"
version = "1"
source = { virtual = "." }
[package.metadata]
requires-dist = [
    { name = "flask", specifier = ">=3" },
    { name = "redis", extras = ["hiredis"], marker = "sys_platform == 'linux' and extra == 'cache'", specifier = "<6" },
]
[package.metadata.requires-dev]
dev = [{ name = "pytest", specifier = ">=8" }]
"#;
    let found = imported(Kind::Uv, lock, None);
    assert_eq!(found.name.as_deref(), Some("shop"));
    assert_eq!(found.dependencies, ["flask>=3"]);
    assert_eq!(found.extras["cache"], ["redis[hiredis]<6 ; sys_platform == 'linux'"]);
    assert_eq!(found.groups["dev"], ["pytest>=8"]);
}

#[test]
fn pipfile() {
    let lock = r#"{"_meta": {}, "default": {"flask": {"version": "==2.3.2"}, "click": {"version": "==8.1"}},
        "develop": {"pytest": {"version": "==8.0", "markers": "python_version >= '3.8'"}}}"#;
    let pipfile = r#"
[packages]
flask = "*"
win = {version = "==1.0", sys_platform = "== 'win32'", extras = ["a"]}
tool = {git = "https://host/tool.git", ref = "v2"}
[dev-packages]
pytest = ">=7"
[requires]
python_version = "3.11"
"#;
    let mut found = imported(Kind::Pipfile, lock, Some(pipfile));
    found.dependencies.sort();
    assert_eq!(
        found.dependencies,
        ["flask", "tool @ git+https://host/tool.git@v2", "win[a]==1.0 ; sys_platform == 'win32'"]
    );
    assert_eq!(found.groups["dev"], ["pytest>=7"]);
    assert_eq!(found.requires_python.as_deref(), Some(">=3.11"));
    assert_eq!(pins(&found), ["click 8.1", "flask 2.3.2", "pytest 8.0"]);
    let alone = imported(Kind::Pipfile, lock, None);
    assert_eq!((alone.dependencies.len(), alone.groups["dev"].len(), alone.lost.len()), (2, 1, 1));
    for bad in ["", "[]", "{", &"[".repeat(100_000)] {
        assert!(
            import(Kind::Pipfile, Foreign { path: "Pipfile.lock", text: bad, beside: None, required: &[] }).is_err()
        );
    }
}

#[test]
fn pylock() {
    let lock = r#"
lock-version = "1.0"
requires-python = ">=3.9"
[[packages]]
name = "a"
version = "1.0"
marker = "os_name == 'nt'"
dependencies = [{ name = "b" }]
[[packages]]
name = "b"
version = "2.0"
[[packages]]
name = "c"
vcs = { type = "git", url = "https://host/c", commit-id = "abc" }
[[packages]]
name = "d"
directory = { path = "." }
"#;
    let found = imported(Kind::Pylock, lock, None);
    assert_eq!(found.dependencies, ["a ; os_name == 'nt'", "c @ git+https://host/c@abc"]);
    assert_eq!(pins(&found), ["a 1.0", "b 2.0"]);
    assert_eq!(found.lost.len(), 1);
    assert!(
        import(
            Kind::Pylock,
            Foreign { path: "pylock.toml", text: "lock-version = \"2.0\"", beside: None, required: &[] }
        )
        .is_err()
    );
}

#[test]
fn requirements() {
    let text = "--index-url https://me:pw@host/simple\nflask==2.3.2 \\\n    --hash=sha256:0000000000000000000000000000000000000000000000000000000000000000\nclick==8.1 # via flask\n-r other.txt\n-e ./local\n";
    let found = imported(Kind::Requirements, text, Some("flask>=2\n"));
    assert_eq!(found.dependencies, ["flask>=2"]);
    assert_eq!(pins(&found), ["click 8.1", "flask 2.3.2"]);
    let alone = imported(Kind::Requirements, text, None);
    assert_eq!(alone.dependencies, ["flask==2.3.2", "click==8.1"]);
    assert_eq!(alone.lost.len(), 4, "{:?}", alone.lost);
    assert!(!format!("{alone:?}").contains("pw"));
}

fn indexes(found: &Imported) -> Vec<String> {
    found.indexes.iter().map(|index| format!("{} {} {:?}", index.name, index.url, index.role)).collect()
}

fn assigned(found: &Imported) -> Vec<String> {
    let index = |fields: &[(&str, Value)]| fields.iter().find(|(key, _)| *key == "index").map(|(_, name)| name.clone());
    found.sources.iter().filter_map(|(name, fields)| Some(format!("{name} {}", index(fields)?))).collect()
}

#[test]
fn the_indexes_of_a_pipfile_stay_the_ones_to_ask() {
    let lock = r#"{"_meta": {"sources": [{"name": "x", "url": "https://x.example/simple"}]},
        "default": {"deep": {"version": "==1", "index": "corp"}, "flask": {"version": "==1", "index": "pypi"}}}"#;
    let corp = "[[source]]\nname = \"corp\"\nurl = \"https://me:pw@corp.example/simple\"\nverify_ssl = false\n";
    let packages = "[packages]\nflask = \"*\"\nours = { version = \"*\", index = \"corp\" }\n";

    let public = format!("[[source]]\nname = \"pypi\"\nurl = \"{PUBLIC_INDEX_URL}\"\nverify_ssl = true\n");
    let public_first = imported(Kind::Pipfile, lock, Some(&format!("{public}{corp}{packages}")));
    assert_eq!(indexes(&public_first), ["corp https://corp.example/simple Explicit"]);
    assert_eq!(assigned(&public_first), ["deep \"corp\"", "ours \"corp\""]);
    assert_eq!(public_first.lost.len(), 2, "{:?}", public_first.lost);
    assert!(public_first.unplaced.is_empty());

    let only = imported(Kind::Pipfile, "{}", Some(&format!("{corp}{packages}")));
    assert_eq!(indexes(&only), ["corp https://corp.example/simple Default"]);
    assert!(only.sources.is_empty());

    assert!(indexes(&imported(Kind::Pipfile, "{}", Some(&public))).is_empty());
    // Without a Pipfile the lock tells them.
    let alone = imported(Kind::Pipfile, lock, None);
    assert_eq!(indexes(&alone), ["x https://x.example/simple Default"]);
    assert_eq!(
        alone.unplaced,
        ["the index `corp`, which is not described", "the index `pypi`, which is not described"]
    );
}

#[test]
fn the_indexes_of_uv_stay_the_ones_to_ask() {
    let lock = |packages: &[(&str, &str)]| {
        let package = |(name, url): &(&str, &str)| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"1\"\nsource = {{ registry = \"{url}\" }}\n")
        };
        format!("version = 1\n{}", packages.iter().map(package).collect::<String>())
    };
    let public = PUBLIC_INDEX_URL;
    let mixed = imported(Kind::Uv, &lock(&[("a", "https://corp.example/simple/"), ("b", public)]), None);
    assert_eq!(indexes(&mixed), ["corp-example https://corp.example/simple/ Explicit"]);
    assert_eq!(assigned(&mixed), ["a \"corp-example\""]);
    assert!(indexes(&imported(Kind::Uv, &lock(&[("a", public), ("b", public)]), None)).is_empty());
    let path = imported(Kind::Uv, &lock(&[("a", "../wheels"), ("b", public)]), None);
    assert_eq!(path.unplaced, ["the index ../wheels"]);

    let manifest = r#"[project]
name = "shop"
version = "1"
dependencies = ["torch", "pinned"]
[tool.uv]
index-url = "https://main.example/simple"
extra-index-url = ["https://extra.example/simple"]
package = false
default-groups = ["dev"]
prerelease = "explicit"
resolution = "lowest"
[tool.uv.sources]
torch = [{ index = "cpu", marker = "sys_platform == 'darwin'" }]
pinned = { index = "The CPU" }
[[tool.uv.index]]
name = "The CPU"
url = "https://cpu.example/simple"
explicit = true
"#;
    let locked = lock(&[("pinned", "https://cpu.example/simple"), ("x", "https://main.example/simple/")]);
    let mut found = imported(Kind::Uv, &locked, Some(manifest));
    assert_eq!(
        indexes(&found),
        [
            "The-CPU https://cpu.example/simple Explicit",
            "extra-example https://extra.example/simple Before",
            "main-example https://main.example/simple Default"
        ]
    );
    assert_eq!(assigned(&found), ["pinned \"The-CPU\""]);
    assert_eq!(found.unplaced, ["the index of `torch`, which depends on markers"]);
    assert_eq!(
        found.lost,
        [
            "`prerelease = \"explicit\"`",
            "the source of `torch` depends on markers",
            "`default-groups`, `package` of [tool.uv]"
        ]
    );
    assert!(found.settings.contains(&("resolution", "lowest".into())));

    // Settings of one's own are left alone; what they lack stops the import, and what they have does not.
    found.unplaced.clear();
    let own = "[tool.pybun.sources]\npinned = { index = \"c\" }\n[[tool.pybun.index]]\nname = \"c\"\nurl = \"https://cpu.example/simple/\"\n";
    complete(Some(own), &mut found, "x", ">=3.12").unwrap();
    assert_eq!(found.unplaced, ["the index `extra-example`", "the index `main-example`"]);
}

#[test]
fn the_sources_of_poetry_stay_the_ones_to_ask() {
    let with = |sources: &[(&str, &str, &str)], dependency: &str| {
        let source = |(name, url, priority): &(&str, &str, &str)| {
            let url = if url.is_empty() { String::new() } else { format!("url = \"{url}\"\n") };
            format!("[[tool.poetry.source]]\nname = \"{name}\"\n{url}priority = \"{priority}\"\n")
        };
        let sources: String = sources.iter().map(source).collect();
        imported(Kind::Poetry, "", Some(&format!("[tool.poetry.dependencies]\n{dependency}\n{sources}")))
    };
    let (a, b) = ("https://a.example/simple", "https://b.example/simple");
    for (sources, expected) in [
        (vec![("a", a, "primary")], vec!["a https://a.example/simple Default"]),
        (vec![("a", a, "supplemental")], vec!["a https://a.example/simple Before"]),
        (vec![("PyPI", "", "primary"), ("a", a, "primary")], vec!["a https://a.example/simple Before"]),
        (
            vec![("a", a, "supplemental"), ("b", b, "default")],
            vec!["b https://b.example/simple Before", "a https://a.example/simple Default"],
        ),
    ] {
        let found = with(&sources, "x = \"*\"");
        assert_eq!(indexes(&found), expected);
        assert!(found.unplaced.is_empty() && found.sources.is_empty(), "{found:?}");
    }
    let explicit = with(&[("A", a, "explicit")], "x = { version = \"*\", source = \"a\" }");
    assert_eq!(assigned(&explicit), ["x \"A\""]);
    let public = with(&[("a", a, "primary")], "x = { version = \"*\", source = \"PyPI\" }");
    assert_eq!(assigned(&public), ["x \"pypi\""]);
    assert_eq!(public.indexes.len(), 2);
    let unknown = with(&[], "x = { version = \"*\", source = \"gone\" }");
    assert_eq!(unknown.unplaced, ["the index `gone`, which is not described"]);
}

#[test]
fn the_indexes_of_requirements_files_and_pylock_stay_the_ones_to_ask() {
    let found = imported(Kind::Requirements, "--extra-index-url https://a.example/s\n--no-index\nx\n", None);
    assert_eq!(indexes(&found), ["a-example https://a.example/s Before"]);
    assert_eq!(found.settings, [("no-index", true.into())]);
    let text = "--index-url https://${HOST}/s\n--find-links ./wheels\nx\n";
    let found = imported(Kind::Requirements, text, None);
    assert_eq!(found.unplaced, ["the index https://${HOST}/s", "the list of files wheels"]);
    // A compiled file says it where its source does not.
    let found = imported(Kind::Requirements, "-i https://a.example/s\nx==1\n", Some("x\n"));
    assert_eq!(indexes(&found), ["a-example https://a.example/s Default"]);
    let lock = "lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nindex = \"https://a.example/s\"\n[[packages]]\nname = \"b\"\nindex = \"PUBLIC/\"\n";
    let found = imported(Kind::Pylock, &lock.replace("PUBLIC", PUBLIC_INDEX_URL), None);
    assert_eq!(indexes(&found), ["a-example https://a.example/s Explicit"]);
    assert_eq!(assigned(&found), ["a \"a-example\""]);
}

#[test]
fn repositories_are_written_as_pip_writes_them() {
    let entry = |git: &str| {
        let lock = format!(
            "version = 1\n[[package]]\nname = \"shop\"\nversion = \"1\"\nsource = {{ virtual = \".\" }}\n[package.metadata]\nrequires-dist = [{{ name = \"a\", git = \"{git}\" }}]\n"
        );
        imported(Kind::Uv, &lock, None).dependencies.concat()
    };
    for (theirs, ours) in [
        ("https://h.example/click?tag=8.1.7", "a @ git+https://h.example/click@8.1.7"),
        ("https://me:pw@h.example/click?rev=abc#abcdef", "a @ git+https://h.example/click@abc"),
        (
            "ssh://git@h.example/click?subdirectory=d%2Fe&branch=feature%2Fx",
            "a @ git+ssh://git@h.example/click@feature/x#subdirectory=d/e",
        ),
        ("ssh://git:pw@h.example/click", "a @ git+ssh://git@h.example/click"),
        ("https://h.example/click#abcdef", "a @ git+https://h.example/click@abcdef"),
    ] {
        assert_eq!(entry(theirs), ours);
    }
    assert_eq!(git_url("git@h.example:o/r.git", Some("v1")), "git+ssh://git@h.example/o/r.git@v1");
}

#[test]
fn nothing_of_a_pylock_is_out_of_reach() {
    let lock = r#"
lock-version = "1.0"
[[packages]]
name = "root"
dependencies = [{ name = "Tool" }]
[[packages]]
name = "tool"
vcs = { type = "git", url = "ssh://git@host/tool", commit-id = "abc" }
[[packages]]
name = "one"
dependencies = [{ name = "two" }]
[[packages]]
name = "two"
dependencies = [{ name = "one" }]
[[packages]]
name = "local"
directory = { path = "../local" }
dependencies = [{ name = "below" }]
[[packages]]
name = "below"
dependencies = [{ name = "near" }]
[[packages]]
name = "near"
archive = { path = "near.zip" }
"#;
    let found = imported(Kind::Pylock, lock, None);
    assert_eq!(found.dependencies, ["root", "tool @ git+ssh://git@host/tool@abc", "one", "below"]);
    assert_eq!(found.unplaced, ["`near`, which is in a directory or a file"]);
    let required = ["two".to_owned()];
    let again = import(Kind::Pylock, Foreign { path: "x", text: lock, beside: None, required: &required }).unwrap();
    assert_eq!(again.dependencies, ["root", "tool @ git+ssh://git@host/tool@abc", "two", "below"]);
}

#[test]
fn a_lock_of_pipenv_alone_says_more_than_names() {
    let lock = r#"{"default": {"tool": {"git": "ssh://git@host/tool.git", "ref": "abc", "subdirectory": "py"},
        "redis": {"version": "==5.0", "extras": ["hiredis"], "markers": "python_version >= '3.8'"}, "foo bar": {}},
        "develop": {"redis": {"version": "==5.0"}, "pytest": {"version": "==8.0"}}}"#;
    let found = imported(Kind::Pipfile, lock, None);
    let mut dependencies = found.dependencies.clone();
    dependencies.sort();
    assert_eq!(
        dependencies,
        ["redis[hiredis] ; python_version >= '3.8'", "tool @ git+ssh://git@host/tool.git@abc#subdirectory=py"]
    );
    assert_eq!(found.groups["dev"], ["pytest"]);
    assert!(found.lost.iter().any(|what| what.starts_with("`foo bar` is left out")), "{:?}", found.lost);
}

#[test]
fn what_the_manifest_beside_a_lock_requires_comes_along() {
    let manifest = "[project]\nname = \"shop\"\nversion = \"2\"\nrequires-python = \">=3.9\"\ndescription = \"Sells\"\ndependencies = [\"flask>=3\"]\n[project.optional-dependencies]\ndb = [\"psycopg\"]\n[dependency-groups]\ntest = [\"pytest\"]\n";
    for (kind, lock) in [(Kind::Uv, "version = 1\n"), (Kind::Poetry, "")] {
        let tool = "[tool.poetry.dependencies]\nflask = { version = \"^3\", allow-prereleases = false }\n";
        let mut found = imported(kind, lock, Some(&format!("{manifest}{tool}")));
        let text = complete(None, &mut found, "fallback", ">=3.12").unwrap();
        let made = pybun_manifest::Manifest::parse(&text, "pyproject.toml").unwrap();
        assert_eq!(made.name.unwrap().as_ref(), "shop");
        assert_eq!(made.dependencies[0].text, "flask>=3");
        assert_eq!((made.dependencies.len(), made.optional_dependencies.len()), (1, 1));
        assert_eq!(made.dependency_groups.len(), 1);
        assert!(text.contains("version = \"2\"") && text.contains("description = \"Sells\""), "{text}");
    }
    // What only a build tells stands in the lock.
    let dynamic = "[project]\nname = \"shop\"\ndynamic = [\"version\", \"dependencies\"]\n";
    let lock = "version = 1\n[[package]]\nname = \"shop\"\nsource = { editable = \".\" }\n[package.metadata]\nrequires-dist = [{ name = \"flask\" }]\n";
    let mut found = imported(Kind::Uv, lock, Some(dynamic));
    assert_eq!(found.dependencies, ["flask"]);
    assert_eq!(complete(Some(dynamic), &mut found, "x", ">=3.12").unwrap(), dynamic);
}

#[test]
fn a_new_manifest_is_one_that_parses() {
    let mut found = imported(Kind::Requirements, "flask>=2 ; platform_machine == \"x86_64\"\n", None);
    let text = complete(None, &mut found, "it's", ">=3.12").unwrap();
    assert_eq!(
        text,
        "[project]\nname = \"it's\"\nversion = \"0.1.0\"\nrequires-python = \">=3.12\"\ndependencies = [\n    'flask>=2 ; platform_machine == \"x86_64\"',\n]\n"
    );
}

#[test]
fn hostile_texts_end_in_an_answer() {
    let deep = format!("x = {}", "[".repeat(200_000));
    for kind in [Kind::Requirements, Kind::Poetry, Kind::Uv, Kind::Pipfile, Kind::Pylock] {
        for text in ["\u{0}", &deep, "version = 1\npackage = 3\n", "[[package]]\nname = 1\nversion = []\n"] {
            let _ = import(kind, Foreign { path: "x", text, beside: Some(text), required: &[] });
        }
        let large = "#".repeat(MAX_BYTES + 1);
        assert!(matches!(
            import(kind, Foreign { path: "x", text: &large, beside: None, required: &[] }),
            Err(ImportError::TooLarge { .. })
        ));
    }
}
