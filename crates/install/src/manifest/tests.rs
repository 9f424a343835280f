use super::*;
use proptest::prelude::*;

fn file(name: &str) -> File<'_> {
    File { name, size: 3, executable: true, shebang: false, digest: &[9; 32], sha256: &[] }
}

fn sample() -> Manifest<'static> {
    Manifest {
        name: "a",
        version: "1",
        dist_info: "a-1.dist-info",
        root: Scheme::Purelib,
        groups: vec![Group {
            scheme: Scheme::Purelib,
            prefix: "",
            dirs: vec![
                Dir { path: "", files: vec![file("x.py")] },
                Dir { path: "p/q", files: vec![file("__init__.py")] },
            ],
        }],
        scripts: vec![file("tool")],
        scripts_dir: "a-1.data/scripts",
        entry_points: vec![Command { name: "cmd", module: "m", attribute: "f", gui: false }],
        info: vec![Dir { path: "a-1.dist-info", files: vec![file("METADATA")] }],
        record: "x.py,,\n",
    }
}

#[test]
fn reads_what_it_writes() {
    let bytes = sample().encode();
    assert_eq!(Manifest::decode(&bytes), Some(sample()));
    let tree: Vec<_> = sample().tree().map(|(path, _)| path).collect();
    assert_eq!(tree, ["x.py", "p/q/__init__.py", "a-1.dist-info/METADATA", "a-1.data/scripts/tool"]);
}

#[test]
fn refuses_every_flipped_bit_and_every_cut() {
    let bytes = sample().encode();
    for at in 0..bytes.len() {
        assert_eq!(Manifest::decode(&bytes[..at]), None, "cut at {at}");
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        assert_eq!(Manifest::decode(&flipped), None, "flipped at {at}");
    }
}

#[test]
fn refuses_paths_that_leave() {
    let changes: [fn(&mut Manifest<'static>); 7] = [
        |m| m.groups[0].dirs[1].path = "../q",
        |m| m.groups[0].prefix = "/etc",
        |m| m.groups[0].dirs[0].files[0].name = "../x",
        |m| m.info[0].path = "other",
        |m| m.scripts[0].name = "python3",
        |m| m.entry_points[0].name = "../x",
        |m| m.dist_info = "..",
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut manifest = sample();
        change(&mut manifest);
        assert_eq!(Manifest::decode(&manifest.encode()), None, "change {index}");
    }
}

#[test]
fn the_beginning_is_enough_for_the_outline_and_more_of_it_for_names() {
    let bytes = sample().encode();
    let [outline_end, names_end, end] =
        [Part::Outline, Part::Names, Part::Contents].map(|part| end_of(&bytes, part).unwrap());
    assert!(outline_end < names_end && names_end < end && end == bytes.len());
    assert!(Outline::outline(&bytes[..outline_end - 1]).is_none());
    let outline = Outline::outline(&bytes[..outline_end]).unwrap();
    let folder = |path, has_init| Folder { path, files: 1, has_init };
    assert_eq!(outline.groups[0].dirs, [folder("", false), folder("p/q", true)]);
    assert!(Names::decode(&bytes[..names_end - 1], &outline).is_none());
    let names = Names::decode(&bytes[..names_end], &outline).unwrap();
    let listed: Vec<_> = names.by_folder(&outline).map(|(_, folder, own)| (folder.path, own[0].name)).collect();
    assert_eq!(listed, [("", "x.py"), ("p/q", "__init__.py")]);
}

fn parts_of(manifest: Manifest<'_>) -> [Vec<u8>; 3] {
    let bytes = manifest.encode();
    [Part::Outline, Part::Names, Part::Contents].map(|wanted| part(&bytes, wanted).unwrap().to_vec())
}

fn sealed_again(parts: &[Vec<u8>; 3]) -> Vec<u8> {
    seal([&parts[0], &parts[1], &parts[2]])
}

#[test]
fn parts_of_different_manifests_are_none() {
    assert_eq!(Manifest::decode(&sealed_again(&parts_of(sample()))), Some(sample()));
    for taken in 0..3 {
        let mut mixed = parts_of(sample());
        mixed[taken] = parts_of(Manifest { groups: Vec::new(), ..sample() })[taken].clone();
        assert_eq!(Manifest::decode(&sealed_again(&mixed)), None, "part {taken}");
    }
}

proptest! {
    #[test]
    fn never_panics(parts in [(); 3].map(|()| prop::collection::vec(any::<u8>(), 0..200))) {
        let _ = Manifest::decode(&parts.concat());
        let _ = Manifest::decode(&sealed_again(&parts));
    }

    #[test]
    fn never_panics_on_a_changed_part(
        taken in 0_usize..3, at in any::<prop::sample::Index>(), value in any::<u8>()
    ) {
        let mut parts = parts_of(sample());
        let at = at.index(parts[taken].len());
        parts[taken][at] = value;
        let _ = Manifest::decode(&sealed_again(&parts));
    }
}
