use std::path::Path;

/// Further up no `.python-version` is watched; the text of a stamp is bounded.
const MAX_LEVELS: usize = 64;

/// The parts of an environment that a stamp watches. All paths are absolute.
#[derive(Debug, Clone, Copy)]
pub struct Environment<'a> {
    pub root: &'a str,
    pub python: &'a str,
    pub site_packages: &'a str,
}

/// The paths whose facts a project's stamp records.
pub fn project_inputs(root: &str, environment: Environment) -> Vec<String> {
    let mut paths = required_of_project(root).to_vec();
    paths.extend(pins(root));
    paths.extend(of_environment(environment));
    paths
}

/// The paths whose facts a script's stamp records; `configured_by` as in `Stamp`.
pub fn script_inputs(script: &str, environment: Environment, configured_by: Option<&str>) -> Vec<String> {
    let mut paths = vec![script.to_owned()];
    paths.extend(Path::new(script).parent().and_then(Path::to_str).map(pins).unwrap_or_default());
    paths.extend(of_configuration(configured_by));
    paths.extend(of_environment(environment));
    paths
}

/// The paths whose facts a tool's stamp records; `executable` is what is executed.
pub fn tool_inputs(executable: &str, environment: Environment, configured_by: Option<&str>) -> Vec<String> {
    let mut paths = vec![executable.to_owned()];
    paths.extend(of_configuration(configured_by));
    paths.extend(of_environment(environment));
    paths
}

/// What every project's stamp must speak about, whoever wrote it.
pub(crate) fn required_of_project(root: &str) -> [String; 3] {
    [join(root, "pyproject.toml"), join(root, "pybun.lockb"), join(root, ".pybun/config.toml")]
}

fn of_configuration(configured_by: Option<&str>) -> Vec<String> {
    let mut paths = Vec::new();
    if let Some(root) = configured_by {
        paths.extend([join(root, "pyproject.toml"), join(root, ".pybun/config.toml")]);
    }
    paths
}

/// `.pybun-trees` leads to the store that an environment's tree links lead to; most environments have none.
fn of_environment(environment: Environment) -> [String; 4] {
    let Environment { root, python, site_packages } = environment;
    [join(root, "pyvenv.cfg"), python.to_owned(), site_packages.to_owned(), join(site_packages, ".pybun-trees")]
}

/// Where a `.python-version` for something in `directory` is or would be: there, or in a directory above.
fn pins(directory: &str) -> Vec<String> {
    let levels = Path::new(directory).ancestors().take(MAX_LEVELS).filter_map(Path::to_str);
    levels.map(|level| join(level, ".python-version")).collect()
}

/// Joined as the platform's own `Path::join` does, so that writer and reader get the same text.
fn join(directory: &str, below: &str) -> String {
    let separator = std::path::MAIN_SEPARATOR_STR;
    let below = below.replace('/', separator);
    match directory.ends_with(separator) {
        true => format!("{directory}{below}"),
        false => format!("{directory}{separator}{below}"),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_pin_may_appear_on_every_level() {
        let environment = Environment { root: "/e", python: "/e/python", site_packages: "/e/site" };
        let paths = script_inputs("/a/b/c.py", environment, None);
        let expected = [
            "/a/b/c.py",
            "/a/b/.python-version",
            "/a/.python-version",
            "/.python-version",
            "/e/pyvenv.cfg",
            "/e/python",
            "/e/site",
            "/e/site/.pybun-trees",
        ];
        assert_eq!(paths, expected);
    }
}
