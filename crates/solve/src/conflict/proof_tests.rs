//! Random worlds without a solution: an independent check that what is told of them is a proof from facts of that
//! world, and that each way out leads out.

use crate::testing::{Index, Release, following, request};
use crate::{Request, solve};
use pybun_model::{Problem, Requirement, Version, VersionOrUrl, VersionSpecifiers, silent};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

const WORLDS: u64 = 600;

#[test]
fn what_is_told_is_a_proof_and_ways_out_lead_out() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut proofs, mut fixes, mut codes) = (0, 0, BTreeMap::<&str, u32>::new());
    for seed in 0..WORLDS {
        let (index, request) = world(&mut Random(seed));
        let source = Arc::new(index.clone());
        let Err(problem) = runtime.block_on(solve(&request, source.clone(), &silent)) else { continue };
        let other = Index { order: seed + 1, ..index.clone() };
        let again = runtime.block_on(solve(&request, Arc::new(other), &silent)).unwrap_err();
        assert_eq!(problem, again, "world {seed}: told in another way when answers come in another order");
        check(&problem, &index, &request).unwrap_or_else(|why| panic!("world {seed}: {why}\n{problem:#?}\n{index:#?}"));
        assert!(problem.message.lines().count() <= 6, "world {seed}: {}", problem.message);
        if let Some(fix) = &problem.fix {
            let after = following(&request, &fix.command);
            let solved = runtime.block_on(solve(&after, source, &silent));
            assert!(solved.is_ok(), "world {seed}: {:?} does not help\n{problem:#?}", fix.command);
            fixes += 1;
        }
        proofs += 1;
        *codes.entry(problem.code).or_default() += 1;
    }
    assert!(proofs > WORLDS / 5, "only {proofs} worlds without a solution");
    assert!(fixes > proofs / 3, "only {fixes} ways out of {proofs} conflicts");
    assert!(codes.len() >= 4, "only {codes:?}");
}

/// Multiplies and adds modulo 2^64 (Knuth); the upper half is good enough.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.below(chances) == 0
    }
}

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "ghost"];

fn world(random: &mut Random) -> (Index, Request) {
    for _ in 0..4 {
        random.below(2);
    }
    let mut text = String::new();
    for name in &NAMES[..5] {
        for version in 1..=2 + random.below(3) {
            let flag = match random.below(24) {
                0 => " {yanked}",
                1 => " {python>=3.10}",
                2 => " {unreadable}",
                _ => "",
            };
            let mut needs: Vec<String> = Vec::new();
            for _ in 0..random.below(3) {
                let (of, by_extra) = (random.below(40), random.one_in(5));
                let of = if of == 0 { 5 } else { of as usize % 5 };
                let needed = requirement(NAMES[of], random);
                let condition = match (by_extra, random.below(8)) {
                    (true, _) => " ; extra == 'x'",
                    (false, 0) => " ; sys_platform == 'win32'",
                    (false, _) => "",
                };
                if NAMES[of] != *name {
                    needs.push(format!("{needed}{condition}"));
                }
            }
            text.push_str(&format!("{name} {version}{flag}: {}\n", needs.join(", ")));
        }
    }
    let own: Vec<String> = (0..3 + random.below(3))
        .map(|_| {
            let list = match random.below(6) {
                0 => "group dev: ",
                1 => "extra x: ",
                _ => "",
            };
            format!("{list}{}", requirement(NAMES[random.below(5) as usize], random))
        })
        .collect();
    let mut asked = request(&own.iter().map(String::as_str).collect::<Vec<_>>());
    if random.one_in(6) {
        asked.inputs.constraints = vec![plain(NAMES[random.below(5) as usize], random).parse().unwrap()];
    }
    if random.one_in(8) {
        asked.inputs.overrides = vec![plain(NAMES[random.below(5) as usize], random).parse().unwrap()];
    }
    asked.inputs = asked.inputs.sorted();
    (Index::new(&text), asked)
}

fn requirement(name: &str, random: &mut Random) -> String {
    let extra = if random.one_in(6) { "[x]" } else { "" };
    plain(&format!("{name}{extra}"), random)
}

fn plain(name: &str, random: &mut Random) -> String {
    let version = 1 + random.below(3);
    match random.below(8) {
        0 | 1 => format!("{name}<{}", version + 1),
        2 | 3 => format!("{name}>={version}"),
        4 => format!("{name}=={version}"),
        5 => format!("{name}!={version}"),
        _ => name.to_owned(),
    }
}

/// A statement of one step: not all of these are true at once.
type Statement = Vec<(String, Vec<Version>, bool)>;

fn check(problem: &Problem, index: &Index, request: &Request) -> Result<(), String> {
    let steps = problem.context["conflict"]["steps"].as_array().ok_or("no steps")?;
    if problem.context["conflict"]["left_out"] != 0 {
        return Err("small as it is, something was left out".to_owned());
    }
    let statements: Vec<Statement> = steps.iter().map(|step| statement(step, index)).collect::<Result<_, _>>()?;
    let only_project = |(package, _, chosen): &(String, Vec<Version>, bool)| package.is_empty() && *chosen;
    if !statements[0].iter().all(only_project) {
        return Err("the proof is not about the project".to_owned());
    }
    for (step, says) in steps.iter().zip(&statements) {
        if step["kind"] == "derived" {
            let because: Vec<usize> =
                step["because"].as_array().unwrap().iter().map(|of| of.as_u64().unwrap() as usize).collect();
            let id = step["id"].as_u64().unwrap() as usize;
            if because.iter().any(|cause| *cause <= id && steps[*cause]["kind"] == "derived" && *cause == id) {
                return Err(format!("step {id} rests on itself"));
            }
            follows(says, &because.iter().map(|cause| &statements[*cause]).collect::<Vec<_>>(), index)
                .map_err(|how| format!("step {step} does not follow: {how:?}"))?;
        } else {
            is_fact(step, index, request).map_err(|why| format!("step {step} is no fact: {why}"))?;
        }
    }
    acyclic(steps)
}

fn acyclic(steps: &[Value]) -> Result<(), String> {
    let mut height: Vec<Option<usize>> = vec![None; steps.len()];
    for _ in 0..=steps.len() {
        for (id, step) in steps.iter().enumerate() {
            height[id] = match step["because"].as_array() {
                None => Some(0),
                Some(because) => because
                    .iter()
                    .map(|cause| height[cause.as_u64().unwrap() as usize])
                    .collect::<Option<Vec<_>>>()
                    .and_then(|heights| heights.into_iter().max().map(|most| most + 1)),
            };
        }
    }
    if height.contains(&None) { Err("steps rest on each other".to_owned()) } else { Ok(()) }
}

fn statement(step: &Value, index: &Index) -> Result<Statement, String> {
    let term = |of: &Value, chosen: bool| {
        let package = of["package"].as_str().unwrap_or_default().to_owned();
        let versions = within(&package, of["range"].as_str().unwrap_or_default(), index)?;
        Ok::<_, String>((package, versions, chosen))
    };
    match step["kind"].as_str().ok_or("no kind")? {
        "derived" => {
            let terms = step["not_all"].as_array().ok_or("no terms")?;
            terms.iter().map(|of| term(of, of["chosen"].as_bool().unwrap())).collect()
        }
        "requirement" | "constraint" | "override" | "extra" => {
            Ok(vec![term(&step["asked_by"], true)?, term(step, false)?])
        }
        "project" => Ok(vec![(String::new(), vec![Version::new([0])], false)]),
        _ => Ok(vec![term(step, true)?]),
    }
}

fn releases<'a>(package: &str, index: &'a Index) -> Vec<&'a Release> {
    let name = package.split('[').next().unwrap_or_default().to_owned();
    index.releases.iter().filter(|release| release.name == name).collect()
}

fn versions(package: &str, index: &Index) -> Vec<Version> {
    if package.is_empty() {
        return vec![Version::new([0])];
    }
    releases(package, index).iter().map(|release| release.version.parse().unwrap()).collect()
}

/// The versions that a text of specifiers means.
fn within(package: &str, range: &str, index: &Index) -> Result<Vec<Version>, String> {
    let parts: Vec<VersionSpecifiers> =
        range.split(" or ").map(|part| part.parse().map_err(|_| format!("`{range}`"))).collect::<Result<_, _>>()?;
    let all = versions(package, index).into_iter();
    Ok(all.filter(|version| parts.iter().any(|part| part.contains(version))).collect())
}

/// In whatever way the packages are chosen: if `says` is violated, so is one of `because`.
fn follows(says: &Statement, because: &[&Statement], index: &Index) -> Result<(), Vec<(String, Option<Version>)>> {
    let mut packages: Vec<&String> = Vec::new();
    for (package, ..) in says.iter().chain(because.iter().copied().flatten()) {
        if !packages.contains(&package) {
            packages.push(package);
        }
    }
    let mut choices: Vec<Vec<(String, Option<Version>)>> = vec![Vec::new()];
    for package in packages {
        let all: Vec<Option<Version>> =
            std::iter::once(None).chain(versions(package, index).into_iter().map(Some)).collect();
        choices = choices
            .into_iter()
            .flat_map(|choice| {
                all.iter().map(move |version| {
                    let mut choice = choice.clone();
                    choice.push((package.clone(), version.clone()));
                    choice
                })
            })
            .collect();
    }
    for choice in choices {
        let violated = |statement: &Statement| {
            statement.iter().all(|(package, inside, chosen)| {
                let (_, version) = choice.iter().find(|(of, _)| of == package).unwrap();
                version.as_ref().is_some_and(|version| inside.contains(version)) == *chosen
            })
        };
        if violated(says) && !because.iter().any(|statement| violated(statement)) {
            return Err(choice);
        }
    }
    Ok(())
}

fn is_fact(step: &Value, index: &Index, request: &Request) -> Result<(), String> {
    let package = step["package"].as_str().unwrap_or_default();
    let range = step["range"].as_str().unwrap_or_default();
    let inside = within(package, range, index)?;
    let flagged = |flag: &str| {
        let own = releases(package, index).into_iter();
        let mut own = own.filter(|release| inside.contains(&release.version.parse().unwrap()));
        if own.all(|release| release.flags.iter().any(|of| of.starts_with(flag))) { Ok(()) } else { Err(flag.into()) }
    };
    let of = |list: &[Requirement]| list.iter().any(|stated| stated.to_string() == step["requirement"]);
    match step["kind"].as_str().unwrap() {
        "constraint" if of(&request.inputs.constraints) => says_range(step, &inside, index),
        "override" if of(&request.inputs.overrides) => says_range(step, &inside, index),
        "constraint" | "override" => Err("nobody said so".to_owned()),
        "requirement" => {
            says_range(step, &inside, index)?;
            asked_for(step, index, request)
        }
        "extra" => {
            let by = &step["asked_by"];
            let (extra, of) = (by["package"].as_str().unwrap(), by["range"].as_str().unwrap());
            let own = extra.split('[').next() == Some(package);
            let same = within(extra, of, index)?.iter().all(|version| inside.contains(version));
            if own && same { Ok(()) } else { Err("an extra of something else".to_owned()) }
        }
        "no-version" if inside.is_empty() => Ok(()),
        "not-found" if releases(package, index).is_empty() => Ok(()),
        "yanked" => flagged("yanked"),
        "requires-python" => flagged("python"),
        "bad-metadata" => flagged("unreadable"),
        // What it says of itself is in its words.
        "impossible" | "itself" if step["why"].as_str().is_some_and(|why| why.starts_with("needs ")) => Ok(()),
        "project" => Ok(()),
        kind => Err(format!("{kind}, and there is {inside:?}")),
    }
}

/// The text of the requirement means the range.
fn says_range(step: &Value, inside: &[Version], index: &Index) -> Result<(), String> {
    let requirement: Requirement = step["requirement"].as_str().unwrap().parse().unwrap();
    let specifiers = match &requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => specifiers.clone(),
        Some(VersionOrUrl::Url(_)) | None => VersionSpecifiers::empty(),
    };
    let all = versions(step["package"].as_str().unwrap(), index).into_iter();
    let meant: Vec<Version> = all.filter(|version| specifiers.contains(version)).collect();
    if meant == inside { Ok(()) } else { Err(format!("it means {meant:?} and not {inside:?}")) }
}

/// Every version that is said to ask does, or an own list.
fn asked_for(step: &Value, index: &Index, request: &Request) -> Result<(), String> {
    let wanted: Requirement = step["requirement"].as_str().unwrap().parse().unwrap();
    let by = &step["asked_by"];
    if by["kind"] != "package" {
        let named = |root: &&pybun_lock::Root| match (&root.kind, by["kind"].as_str().unwrap()) {
            (pybun_lock::RootKind::Project, "project") => true,
            (pybun_lock::RootKind::Extra(name), "extra") => by["name"] == name.as_ref(),
            (pybun_lock::RootKind::Group(name), "group") => by["name"] == name.as_ref(),
            _ => false,
        };
        let stated = request.inputs.roots.iter().find(named).is_some_and(|root| root.requirements.contains(&wanted));
        return if stated { Ok(()) } else { Err("it stands in no list".to_owned()) };
    }
    let asking = by["package"].as_str().unwrap();
    let inside = within(asking, by["range"].as_str().unwrap(), index)?;
    let meaning = |requirement: &Requirement| match &requirement.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => specifiers.to_string(),
        Some(VersionOrUrl::Url(_)) | None => String::new(),
    };
    for release in releases(asking, index) {
        let of = |text: &String| {
            let stated: Requirement = text.parse().unwrap();
            stated.name == wanted.name && meaning(&stated) == meaning(&wanted)
        };
        if inside.contains(&release.version.parse().unwrap()) && !release.requires.iter().any(of) {
            return Err(format!("{asking} {} does not say so", release.version));
        }
    }
    Ok(())
}
