use super::*;

fn imported(kind: Kind, text: &str, beside: Option<&str>) -> Imported {
    import(kind, Foreign { path: "the.lock", text, beside }).unwrap_or_else(|error| panic!("{error}"))
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
        assert_eq!(Kind::of(name), kind, "{name}");
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
        import(Kind::Poetry, Foreign { path: "poetry.lock", text: lock, beside: None }),
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
    assert_eq!(found.lost, ["the source of `mine`: `workspace` is not known here"]);
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
        assert!(import(Kind::Pipfile, Foreign { path: "Pipfile.lock", text: bad, beside: None }).is_err());
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
        import(Kind::Pylock, Foreign { path: "pylock.toml", text: "lock-version = \"2.0\"", beside: None }).is_err()
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
            let _ = import(kind, Foreign { path: "x", text, beside: Some(text) });
        }
        let large = "#".repeat(MAX_BYTES + 1);
        assert!(matches!(
            import(kind, Foreign { path: "x", text: &large, beside: None }),
            Err(ImportError::TooLarge { .. })
        ));
    }
}
