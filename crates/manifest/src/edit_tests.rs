use super::*;

fn add(text: &str, requirement: &str) -> String {
    add_to(text, requirement, Table::Project)
}

fn add_to(text: &str, requirement: &str, table: Table) -> String {
    edited(text, Edit::Add { requirement: requirement.to_owned(), table }).text
}

fn remove(text: &str, name: &str) -> String {
    edited(text, Edit::Remove { name: name.to_owned(), table: Table::Project }).text
}

/// Applies one edit and checks that the result is still TOML.
fn edited(text: &str, change: Edit) -> Edited {
    let edited = edit(text, "pyproject.toml", &[change]).unwrap();
    edited.text.parse::<DocumentMut>().unwrap_or_else(|error| panic!("{error}\n{}", edited.text));
    edited
}

const LONG: &str = r#"# head
[project]
name   = "a" # odd
dependencies = [
  # web
  "flask>=3", # keep
  'Jinja2',
  "zope"
]

[tool.x]
y = 1
"#;

#[test]
fn inserts_in_order_into_a_sorted_list() {
    let text = add(LONG, "httpx>=1");
    assert_eq!(text, LONG.replace("# keep\n", "# keep\n  \"httpx>=1\",\n"));
}

#[test]
fn inserts_at_the_start_and_the_end() {
    assert_eq!(add(LONG, "aio"), LONG.replace("[\n  # web", "[\n  \"aio\",\n  # web"));
    assert_eq!(add(LONG, "zz"), LONG.replace("\"zope\"\n", "\"zope\",\n  \"zz\"\n"));
    let trailing = LONG.replace("\"zope\"\n", "\"zope\",  # last\n");
    assert_eq!(add(&trailing, "zz"), trailing.replace("# last\n", "# last\n  \"zz\",\n"));
}

#[test]
fn appends_to_a_list_that_is_not_sorted() {
    let text = "[project]\ndependencies = ['b', 'a']\n";
    assert_eq!(add(text, "aa"), "[project]\ndependencies = ['b', 'a', 'aa']\n");
}

#[test]
fn keeps_the_style_of_a_list_on_one_line() {
    for (list, new) in [
        ("[]", "[\"flask\"]"),
        ("[ ]", "[\"flask\"]"),
        ("[ \"a\" ]", "[ \"a\", \"flask\" ]"),
        ("[\"a\",]", "[\"a\", \"flask\",]"),
        ("['z']", "['flask', 'z']"),
        ("['a', 'z'] # c", "['a', 'flask', 'z'] # c"),
        ("[\n]", "[\n    \"flask\",\n]"),
        ("[\n  # none yet\n]", "[\n  # none yet\n    \"flask\",\n]"),
        ("['a',\n 'b']", "['a',\n 'b',\n 'flask']"),
        ("[\n\t'a', 'b',\n\t'z'\n]", "[\n\t'a', 'b',\n\t'flask',\n\t'z'\n]"),
        ("[\n\t'a', 'z',\n]", "[\n\t'a', 'flask', 'z',\n]"),
        ("['a' # c\n, 'z']", "['a', 'flask' # c\n, 'z']"),
    ] {
        let text = |list: &str| format!("[project]\ndependencies = {list}\n");
        assert_eq!(add(&text(list), "flask"), text(new), "{list}");
    }
}

#[test]
fn takes_the_place_of_the_same_name_and_marker() {
    let text = "[project]\ndependencies = ['Flask_X >=1', \"tomli; python_version < '3.11'\"]\n";
    assert_eq!(add(text, "flask-x>=2"), text.replace("Flask_X >=1", "flask-x>=2"));
    assert_eq!(
        add(text, "tomli>2; python_version<'3.11'"),
        text.replace("tomli; python_version < '3.11'", "tomli>2; python_version<'3.11'")
    );
    assert!(add(text, "tomli>2").ends_with("'3.11'\", 'tomli>2']\n"));
}

#[test]
fn chooses_quotes_that_the_value_allows() {
    let text = "[project]\ndependencies = ['a']\n";
    assert!(add(text, "b; os_name == 'nt'").contains("\"b; os_name == 'nt'\""));
    let text = "[project]\ndependencies = [\"a\"]\n";
    assert!(add(text, "b; os_name == \"nt\"").contains("'b; os_name == \"nt\"'"));
    let both = add(text, "b; os_name == \"nt\" or os_name == 'x'");
    let list = both.parse::<DocumentMut>().unwrap();
    assert_eq!(list["project"]["dependencies"][1].as_str(), Some("b; os_name == \"nt\" or os_name == 'x'"));
}

#[test]
fn removes_with_the_line_and_its_comment() {
    assert_eq!(remove(LONG, "FLASK"), LONG.replace("  \"flask>=3\", # keep\n", ""));
    assert_eq!(remove(LONG, "zope"), LONG.replace(",\n  \"zope\"\n", "\n"));
    for (list, name, new) in [
        ("['a', 'b', 'c']", "a", "['b', 'c']"),
        ("['a', 'b', 'c']", "b", "['a', 'c']"),
        ("['a', 'b', 'c']", "c", "['a', 'b']"),
        ("[ 'a', 'c', ]", "c", "[ 'a', ]"),
        ("['a']", "a", "[]"),
        ("[\n  'a',\n]", "a", "[]"),
        ("[\n  # c\n  'a',\n]", "a", "[\n  # c\n]"),
        ("['a', 'b; os_name==\"nt\"', 'B']", "b", "['a']"),
        ("[\n  'a', 'b',\n  'c',\n]", "b", "[\n  'a',\n  'c',\n]"),
        ("['a',\n 'b']", "a", "['b']"),
        ("['a',\n 'b']", "b", "['a']"),
        ("['a', # one\n 'b']", "b", "['a' # one\n ]"),
        ("[ # c\n 'a' ]", "a", "[ # c\n  ]"),
        ("['a']", "other", "['a']"),
    ] {
        let text = |list: &str| format!("[project]\ndependencies = {list}\n");
        assert_eq!(remove(&text(list), name), text(new), "{list} - {name}");
    }
}

#[test]
fn makes_missing_lists_and_tables() {
    let text = "[project]\nname = \"a\"\n\n[tool.x]\ny = 1\n";
    assert_eq!(add(text, "flask"), "[project]\nname = \"a\"\ndependencies = [\n    \"flask\",\n]\n\n[tool.x]\ny = 1\n");
    let group = add_to(text, "pytest", Table::Group("dev".to_owned()));
    assert_eq!(group, format!("{text}\n[dependency-groups]\ndev = [\n    \"pytest\",\n]\n"));
    let again = add_to(&group, "coverage", Table::Group("DEV".to_owned()));
    assert_eq!(again, group.replace("    \"pytest\"", "    \"coverage\",\n    \"pytest\""));
    let extra = add_to(text, "uvloop", Table::Extra("fast".to_owned()));
    assert!(extra.contains("[project.optional-dependencies]\nfast = [\n    \"uvloop\",\n]\n"), "{extra}");
}

#[test]
fn keeps_windows_lines_and_byte_order_mark() {
    let text = "\u{feff}[project]\r\nname = 'a'\r\n";
    let new = add(text, "flask");
    assert_eq!(new, "\u{feff}[project]\r\nname = 'a'\r\ndependencies = [\r\n    \"flask\",\r\n]\r\n");
    assert_eq!(add(&new, "zope"), new.replace("\"flask\",\r\n", "\"flask\",\r\n    \"zope\",\r\n"));
}

#[test]
fn includes_stay_in_groups() {
    let text = "[dependency-groups]\ndev = [{include-group = \"x\"}, \"b\"]\nx = []\n";
    let new = add_to(text, "a", Table::Group("dev".to_owned()));
    assert_eq!(new, text.replace("\"b\"", "\"a\", \"b\""));
}

#[test]
fn refuses_what_it_cannot_edit() {
    let refused = |text: &str| {
        let change = Edit::Add { requirement: "flask".to_owned(), table: Table::Project };
        pybun_model::Problem::from(&edit(text, "p", &[change]).unwrap_err()).code
    };
    assert_eq!(refused("[tool.x]\n"), "manifest/no-project");
    assert_eq!(refused("[project]\ndynamic = ['dependencies']\n"), "manifest/dynamic");
    assert_eq!(refused("[project]\ndependencies = 'x'\n"), "manifest/invalid-field");
    assert_eq!(refused("[project\n"), "manifest/invalid-toml");
    let change = Edit::Add { requirement: "not ok".to_owned(), table: Table::Project };
    let error = edit("[project]\n", "p", &[change]).unwrap_err();
    assert_eq!(pybun_model::Problem::from(&error).code, "manifest/invalid-requirement");
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.roll(choices.len())]
    }

    /// A list in any layout that TOML allows.
    fn list(&mut self, newline: &str) -> String {
        let gaps = ["", " ", "  ", "\n", "\n  ", " # c, \"x\"]\n", "\n\n\t", " # c\n  # d\n  "];
        let mut text = "[".to_owned();
        let count = self.roll(5);
        for i in 0..count {
            text.push_str(self.pick(&gaps));
            let name = self.pick(&["a", "B.b", "c>=1", "d[x]", "e; os_name == 'nt'", "f"]);
            let quoted =
                if self.roll(2) == 0 && !name.contains('\'') { format!("'{name}'") } else { format!("\"{name}\"") };
            text.push_str(&quoted);
            text.push_str(self.pick(&gaps));
            if i + 1 < count || self.roll(2) == 0 {
                text.push(',');
            }
        }
        text.push_str(self.pick(&gaps));
        (text + "]").replace('\n', newline)
    }
}

#[test]
fn any_layout_stays_valid_and_holds_the_right_requirements() {
    let values = |text: &str| -> Vec<String> {
        let document: DocumentMut = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
        let list = document["project"]["dependencies"].as_array().unwrap();
        list.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    let comments = |text: &str| text.matches("# d").count();
    let mut dice = Dice(1);
    for round in 0..4000 {
        let newline = if round % 4 == 0 { "\r\n" } else { "\n" };
        let text = format!("[project]{newline}dependencies = {} # end{newline}x = 1{newline}", dice.list(newline));
        let before = values(&text);
        let added = add(&text, "CC");
        let mut expected = before.clone();
        expected.push("CC".to_owned());
        expected.sort();
        let mut after = values(&added);
        after.sort();
        assert_eq!(after, expected, "{text}\n->\n{added}");
        assert_eq!(comments(&added), comments(&text), "{text}\n->\n{added}");
        let removed = remove(&text, "b-b");
        let expected: Vec<String> = before.iter().filter(|text| *text != "B.b").cloned().collect();
        assert_eq!(values(&removed), expected, "{text}\n->\n{removed}");
        assert!(newline == "\n" || !added.replace("\r\n", "").contains('\n'), "{added:?}");
        assert!(removed.ends_with(&format!(" # end{newline}x = 1{newline}")));
    }
}
