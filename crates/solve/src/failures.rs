//! Questions that nobody could answer (no network, a refusal, a failing build), told with who asked for it.

use crate::known::Known;
use crate::{Request, Source};
use pybun_lock::RootKind;
use pybun_model::{PackageName, Problem, Requirement, VersionOrUrl};
use pybun_resolver::Request as Question;
use serde_json::Value;

pub(crate) struct Failure {
    pub(crate) question: Question,
    pub(crate) problem: Problem,
}

/// The failure that is the nearest to what was asked for, with everything else that is missing from the cache too. Needs
/// at least one.
pub(crate) fn problem(mut failures: Vec<Failure>, known: &Known, request: &Request, source: &dyn Source) -> Problem {
    // They came in the order in which the network answered, which is another one each time.
    failures.sort_by_cached_key(|Failure { question, problem }| {
        let distance = chain(question.name(), known, request).len();
        (if distance == 0 { MAX_LINKS } else { distance }, question.name().to_string(), problem.message.clone())
    });
    let question = failures.first().expect("a resolver that waits has asked for something").question.clone();
    let name = question.name();
    let mut problem = Problem::all_of_first(failures.into_iter().map(|failure| failure.problem))
        .expect("there is at least one failure");
    let chain = chain(name, known, request);
    if chain.len() > 2 {
        problem.message.push_str(&format!("\n  asked for by: {}", chain.join(" -> ")));
    }
    let version = match &question {
        Question::Metadata(_, version) => Some(version.to_string()),
        Question::Page(_) | Question::Direct(..) => None,
    };
    let asked = (!matches!(question, Question::Direct(..))).then(|| source.asked(name));
    // Whoever failed may have said it already, and better.
    let context = &mut problem.context;
    context.entry("package").or_insert_with(|| name.to_string().into());
    context.entry("required_by").or_insert_with(|| chain.into());
    for (key, value) in [("version", version.map(Value::from)), ("indexes", asked.map(Value::from))] {
        if let Some(value) = value {
            context.entry(key).or_insert(value);
        }
    }
    problem
}

/// `your project`, `a 1.0`, `b>=2`: one way from what was asked for to `name`. Empty when only a guess led there that
/// nothing backs any more.
fn chain(name: &PackageName, known: &Known, request: &Request) -> Vec<String> {
    let mut links = Vec::new();
    let mut at = name;
    let mut last = None;
    loop {
        if let Some((list, requirement)) = root_of(at, request) {
            links.push(last.unwrap_or_else(|| text_of(requirement)));
            links.push(list);
            links.reverse();
            return links;
        }
        let Some((asker, version, text)) = known.asker(at).filter(|_| links.len() < MAX_LINKS) else {
            return Vec::new();
        };
        if let Some(text) = last.replace(format!("{asker} {version}")) {
            links.push(text);
        } else {
            links.push(text.to_owned());
        }
        at = asker;
    }
}

/// More than any real chain has; a cycle ends here.
const MAX_LINKS: usize = 100;

fn root_of<'a>(name: &PackageName, request: &'a Request) -> Option<(String, &'a Requirement)> {
    request.inputs.roots.iter().find_map(|root| {
        let requirement = root.requirements.iter().find(|requirement| requirement.name == *name)?;
        let list = match &root.kind {
            RootKind::Project => "your project".to_owned(),
            RootKind::Extra(name) => format!("your extra `{name}`"),
            RootKind::Group(name) => format!("your group `{name}`"),
        };
        Some((list, requirement))
    })
}

/// Without markers, extras and the URL, which may hold credentials.
pub(crate) fn text_of(requirement: &Requirement) -> String {
    match &requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => format!("{}{specifiers}", requirement.name),
        Some(VersionOrUrl::Url(_)) | None => requirement.name.to_string(),
    }
}
