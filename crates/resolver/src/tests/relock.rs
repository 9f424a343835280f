//! Resolving again with the own result as preference changes nothing.

use super::*;

/// A stream of numbers that a seed decides (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

const MARKERS: [&str; 8] = [
    "",
    "",
    "",
    " ; sys_platform == 'win32'",
    " ; sys_platform != 'win32'",
    " ; python_version < '3.12'",
    " ; python_version >= '3.12'",
    " ; platform_machine == 'arm64' and sys_platform == 'darwin'",
];

/// A dozen projects with a few versions each, that need others in ranges and by markers.
fn random_world(random: &mut Random) -> (String, Vec<String>) {
    let count = 4 + random.below(9);
    let requirement = |random: &mut Random| {
        let range = random.pick(&["", "", ">=2", "<3", "==2", "!=3", "<2"]);
        let extra = random.pick(&["", "", "", "[x]"]);
        format!("p{}{extra}{range}{}", random.below(count), random.pick(&MARKERS))
    };
    let mut lines = String::new();
    for i in 0..count {
        for version in 1..=1 + random.below(4) {
            let python = random.pick(&["", "", "", "{>=3.11}", "{>=3.12}"]);
            let mut requires: Vec<String> = (0..random.below(4)).map(|_| requirement(random)).collect();
            if random.below(3) == 0 {
                requires.push(format!("p{} ; extra == 'x'", random.below(count)));
            }
            writeln!(lines, "p{i} {version} {python}: {}", requires.join(", ")).unwrap();
        }
    }
    (lines, (0..1 + random.below(4)).map(|_| requirement(random)).collect())
}

#[test]
fn a_resolution_is_its_own_preference() {
    let (mut solvable, mut forked) = (0, 0);
    for seed in 0..400 {
        let mut random = Random(seed);
        let (lines, requirements) = random_world(&mut random);
        let requirements: Vec<&str> = requirements.iter().map(String::as_str).collect();
        let world = World::of(&lines);
        let Ok(first) = resolve(inputs(&requirements), &world, |_| 0) else { continue };
        solvable += 1;
        forked += usize::from(first.forks.len() > 1);
        let mut preferences: FxHashMap<PackageName, Vec<Preference>> = FxHashMap::default();
        for Resolved { release, marker, .. } in &first.packages {
            let preference = Preference { version: release.version.clone(), marker: *marker, locked: true };
            preferences.entry(release.name.clone()).or_default().push(preference);
        }
        let forks = first.forks.clone();
        let again = resolve(Inputs { preferences, forks, ..inputs(&requirements) }, &world, |open| open - 1).unwrap();
        assert_eq!(text(&again), text(&first), "seed {seed}: {requirements:?} in\n{lines}");
        assert_eq!(format!("{:?}", again.roots), format!("{:?}", first.roots), "seed {seed}");
    }
    assert!(solvable > 80 && forked > 60, "the worlds are too dull: {solvable} solvable, {forked} forked");
}
