//! What never ends by itself ends here.

use super::*;

fn limited(limits: Limits, requirements: &[&str]) -> Inputs {
    Inputs { limits, ..inputs(requirements) }
}

#[test]
fn decisions_have_a_bound() {
    let lines: Vec<String> = (1..200).map(|i| format!("a {i}: b=={i}\n b {i}: c<0")).collect();
    let world = format!("{}\n c 1:", lines.join("\n"));
    let limits = Limits { decisions: 50, ..Limits::default() };
    assert_eq!(solve(limited(limits, &["a"]), &world).unwrap_err(), "Decisions");
    assert!(solve(inputs(&["a"]), &world).unwrap_err().contains("c has none"));
}

#[test]
fn forks_have_a_bound() {
    let lines: Vec<String> = (0..6)
        .map(|i| {
            format!(
                "p{i} 1: q{i}<2 ; platform_release == '{i}', q{i}>=2 ; platform_release != '{i}'\n q{i} 1:\n q{i} 2:"
            )
        })
        .collect();
    let world = lines.join("\n");
    let requirements: Vec<String> = (0..6).map(|i| format!("p{i}")).collect();
    let requirements: Vec<&str> = requirements.iter().map(String::as_str).collect();
    let limits = Limits { forks: 3, ..Limits::default() };
    assert_eq!(solve(limited(limits, &requirements), &world).unwrap_err(), "Forks");
    assert_eq!(solve(inputs(&requirements), &world).unwrap().lines().count(), 18);
}

/// An index that invents one more project for each that is asked for.
#[test]
fn projects_have_a_bound() {
    let limits = Limits { projects: 300, ..Limits::default() };
    let mut resolver = Resolver::new(limited(limits, &["p0"]));
    let why = loop {
        match resolver.step() {
            Step::Need(requests) => {
                for request in requests {
                    let next: usize = request.name().as_ref()[1..].parse::<usize>().unwrap() + 1;
                    let world = World::of(&format!("{} 1: p{next}", request.name()));
                    resolver.answer(&request, world.fact(&request));
                }
            }
            Step::TooHard(why) => break why,
            Step::Done(_) | Step::Conflict(_) => panic!("this world has no end"),
        }
    };
    assert_eq!(why, TooHard::Projects);
}

#[test]
fn a_long_chain_is_no_depth_of_the_stack() {
    let count = 2_000;
    let lines: Vec<String> = (0..count).map(|i| format!("p{i} 1: p{}", i + 1)).collect();
    let world = format!("{}\n p{count} 1:", lines.join("\n"));
    assert_eq!(solve(inputs(&["p0"]), &world).unwrap().lines().count(), count + 1);
}

#[test]
fn a_page_may_be_long() {
    let file = |i: u64| {
        let file = File::new(format!("a-{i}-py3-none-any.whl").into(), None, false);
        (Version::new([1, i]), file)
    };
    let page = Arc::new(Page::new((0..300_000).rev().map(file).collect()));
    let mut resolver = Resolver::new(inputs(&["a<1.200000"]));
    let a: PackageName = "a".parse().unwrap();
    assert!(matches!(resolver.step(), Step::Need(_)));
    resolver.answer(&Request::Page(a.clone()), Fact::Page(page));
    let Step::Need(requests) = resolver.step() else { panic!("it has no metadata yet") };
    assert_eq!(requests, [Request::Metadata(a, Version::new([1, 199_999]))]);
}

#[test]
fn a_release_cannot_divide_the_universe_without_end() {
    let requires: Vec<String> = (0..30).map(|i| format!("six>=0.{i} ; 'a{i}' in platform_release")).collect();
    let world = format!("evil 1: {}\n six 1:", requires.join(", "));
    assert_eq!(solve(inputs(&["evil"]), &world).unwrap_err(), "Forks");
}

#[test]
fn markers_that_join_to_more_than_a_lock_can_hold_are_too_hard() {
    let world = |count: usize| {
        let marker = |i: usize| format!("'a{i}' in platform_release and 'b{i}' in platform_version");
        let requires: Vec<String> = (0..count).map(|i| format!("dep{i} ; {}", marker(i))).collect();
        let wanted: String = (0..count).map(|i| format!("dep{i} 1: common\n")).collect();
        format!("evil 1: {}\n{wanted}common 1:", requires.join(", "))
    };
    assert!(solve(inputs(&["evil"]), &world(5)).is_ok());
    for count in [12, 40] {
        assert!(solve(inputs(&["evil"]), &world(count)).unwrap_err().starts_with("Markers"));
    }
}

/// Sixty comparisons, of values that no other marker speaks of.
fn bomb(seed: usize) -> String {
    let value = |i: usize| (seed * 7919 + i * 104_729) % 99_991;
    (0..60).map(|i| format!("'{}' not in platform_version", value(i))).collect::<Vec<_>>().join(" and ")
}

#[test]
fn markers_that_explode_when_they_are_joined_are_too_hard_wherever_they_are() {
    let too_hard = |inputs: Inputs, world: &str, of: &str| {
        assert_eq!(solve(inputs, world).unwrap_err(), format!("Markers({of})"));
    };
    let bombs = |head: &str| (0..20).map(|i| format!("{head} ; {}", bomb(i))).collect::<Vec<_>>();
    let requirements = |texts: &[String]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Requirement>>();
    let world = "a 1:";
    let stated = bombs("a");
    too_hard(inputs(&stated.iter().map(String::as_str).collect::<Vec<_>>()), world, "None");
    let overrides = requirements(&bombs("a>0"));
    too_hard(Inputs { overrides, ..inputs(&["a"]) }, world, "None");
    let wants = format!("evil 1: {}\n a 1:", bombs("a").join(", "));
    too_hard(inputs(&["evil"]), &wants, "Some(PackageName(\"evil\"))");
}

/// Six requirements each of 250 packages, with the markers that people write.
#[test]
fn what_people_write_is_far_from_the_budget() {
    const MARKERS: [&str; 7] = [
        "python_version < '3.11'",
        "sys_platform == 'win32'",
        "sys_platform != 'win32' and platform_machine == 'x86_64'",
        "extra == 'x'",
        "os_name == 'nt' or platform_system == 'Darwin'",
        "python_full_version >= '3.9' and implementation_name == 'cpython'",
        "python_version >= '0'",
    ];
    const MANY: usize = 250;
    let mut seed = 5_usize;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut world = String::new();
    for i in 0..MANY {
        let needs: Vec<String> = (0..if i + 1 < MANY { 6 } else { 0 })
            .map(|_| format!("q{}>=1 ; {}", i + 1 + random(MANY - i - 1), MARKERS[random(7)]))
            .collect();
        writeln!(world, "q{i} 1: {}", needs.join(", ")).unwrap();
    }
    let world = World::of(&world);
    let mut resolver = Resolver::new(inputs(&["q0[x]", "q1[x]", "q2", "q3", "q4[x]"]));
    let resolution = loop {
        match resolver.step() {
            Step::Need(requests) => requests.iter().for_each(|request| resolver.answer(request, world.fact(request))),
            Step::Done(resolution) => break resolution,
            Step::TooHard(why) => panic!("{why:?} after {} steps", resolver.joins().spent()),
            Step::Conflict(_) => panic!("there is none"),
        }
    };
    assert!(resolution.packages.len() > 100, "{}", resolution.packages.len());
    assert!(resolver.joins().spent() < 1_000_000, "{}", resolver.joins().spent());
}
