//! Inline script metadata (PEP 723).

use crate::manifest::{Declared, Fields};
use crate::toml::parse_as;
use crate::{Error, FileKind};
use pybun_model::VersionSpecifiers;
use serde_json::{Map, Value};

/// What the `script` block of a Python file says.
#[derive(Clone, Debug)]
pub struct Script {
    pub requires_python: Option<VersionSpecifiers>,
    pub dependencies: Vec<Declared>,
    pub tool_pybun: Option<Map<String, Value>>,
}

/// Reads the `script` block of a Python file; `None` when there is none. `path` is for messages only.
///
/// The grammar is the regular expression of PEP 723: a block starts at a line `# /// script`, goes on over lines that
/// are `#` or start with `# `, and ends at the last `# ///` of them. One that is never closed is no block.
pub fn parse(text: &str, path: &str) -> Result<Option<Script>, Vec<Error>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.split('\n').collect();
    let mut found: Option<Block> = None;
    for block in blocks(&lines) {
        if block.kind != "script" {
            continue;
        }
        if let Some(first) = found {
            let (first, line) = (first.start + 1, block.start + 1);
            return Err(vec![Error::TwoBlocks { path: path.to_owned(), block: "script".to_owned(), first, line }]);
        }
        found = Some(block);
    }
    let Some(block) = found else { return Ok(None) };
    let content: Vec<&str> = lines[block.start + 1..block.end].iter().map(|line| line.get(2..).unwrap_or("")).collect();
    let result = read(&content.join("\n"), path);
    result.map(Some).map_err(|errors| errors.into_iter().map(|error| moved(error, block.start + 1)).collect())
}

struct Block<'a> {
    kind: &'a str,
    /// Index of the opening and of the closing line.
    start: usize,
    end: usize,
}

fn blocks<'a>(lines: &[&'a str]) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    let closings = closings(lines);
    let mut at = 0;
    while at < lines.len() {
        let start = at;
        at += 1;
        let Some(kind) = lines[start].strip_prefix("# /// ") else { continue };
        if kind.is_empty() || !kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            continue;
        }
        // The first line after the opening one is content even if it reads `# ///`.
        if let Some(end) = closings[start + 1].filter(|end| *end > start + 1) {
            blocks.push(Block { kind, start, end });
            at = end + 1;
        }
    }
    blocks
}

/// For each line, and for the end, the last `# ///` of the comments that begin there. Looked for once and not again for
/// each line that opens a block, of which a file may have nothing but.
fn closings(lines: &[&str]) -> Vec<Option<usize>> {
    let mut closings = vec![None; lines.len() + 1];
    for (place, line) in lines.iter().enumerate().rev() {
        if *line == "#" || line.starts_with("# ") {
            closings[place] = closings[place + 1].or((*line == "# ///").then_some(place));
        }
    }
    closings
}

fn read(content: &str, path: &str) -> Result<Script, Vec<Error>> {
    let toml = parse_as(FileKind::Script, content, path).map_err(|error| vec![error])?;
    let mut fields = Fields::new(&toml, FileKind::Script, path);
    let script = Script {
        requires_python: fields.requires_python("requires-python"),
        dependencies: fields.requirements("dependencies"),
        tool_pybun: fields.table("tool.pybun").cloned(),
    };
    fields.finish(script)
}

/// From the place in the block to the place in the file.
fn moved(mut error: Error, lines: usize) -> Error {
    if let Error::Toml { at, .. } | Error::Requirement { at, .. } | Error::Field { at, .. } = &mut error {
        at.line += lines;
        at.column += 2;
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use pybun_model::Problem;

    fn dependencies(text: &str) -> Option<Vec<String>> {
        parse(text, "s.py").unwrap().map(|script| script.dependencies.into_iter().map(|d| d.text).collect())
    }

    #[test]
    fn reads_a_block() {
        let text = "#!/usr/bin/env python\n# /// script\n# requires-python = '>=3.11'\n# dependencies = [\n\
            #   'rich',\n#\n# ]\n\
            # [tool.pybun]\n# x = 1\n# ///\nprint()\n";
        let script = parse(text, "s.py").unwrap().unwrap();
        assert_eq!(script.dependencies[0].text, "rich");
        assert_eq!(script.requires_python, Some(">=3.11".parse().unwrap()));
        assert_eq!(script.tool_pybun.unwrap()["x"], 1);
        assert_eq!(dependencies(&text.replace('\n', "\r\n")), Some(vec!["rich".to_owned()]));
    }

    #[test]
    fn follows_the_regular_expression() {
        // The last closing line of the run ends the block.
        let text = "# /// script\n# dependencies = ['a'] # '''\n# ///\n# x = 1\n# ///\n";
        assert!(parse(text, "s.py").is_err(), "`///` in the middle is content, which is no TOML here");
        for none in [
            "print()",
            "# /// script\n# dependencies = []\n",
            "# /// script\n# ///\n",
            "# /// script \n# dependencies = []\n# ///\n",
            " # /// script\n# dependencies = []\n# ///\n",
            "# /// script\n#dependencies = []\n# ///\n",
            "# /// script\n# dependencies = []\n\n# ///\n",
            "# /// other\n# dependencies = []\n# ///\n",
        ] {
            assert_eq!(dependencies(none), None, "{none:?}");
        }
        assert_eq!(dependencies("# /// script\n# dependencies = []\n# ///"), Some(vec![]));
        assert_eq!(dependencies("# /// other\n# a = 1\n# ///\n\n# /// script\n#\n# ///"), Some(vec![]));
    }

    #[test]
    fn two_blocks_are_an_error() {
        let block = "# /// script\n# dependencies = []\n# ///\n";
        let problem = Problem::from(&parse(&format!("{block}\n{block}"), "s.py").unwrap_err()[0]);
        assert_eq!((problem.code, &problem.context["line"]), ("script/bad-block", &5.into()));
    }

    #[test]
    fn places_are_those_of_the_file() {
        let problem = Problem::from(&parse("x = 1\n# /// script\n# a = = 1\n# ///\n", "s.py").unwrap_err()[0]);
        assert_eq!((problem.code, &problem.context["line"]), ("script/bad-block", &3.into()));
        assert_eq!(problem.context["column"], 7);
        let problem = Problem::from(&parse("# /// script\n# dependencies = ['? ?']\n# ///\n", "s.py").unwrap_err()[0]);
        assert_eq!((problem.code, &problem.context["column"]), ("script/invalid-requirement", &19.into()));
    }
}
