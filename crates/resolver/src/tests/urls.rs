//! What comes from URLs.

use super::*;

const WORLD: &str = "
    a 1:
    a 2: lib
    lib 1:
    lib 2:
    @ https://h/a-3.whl a 3: lib<2
    @ https://h/a-4.whl a 4: lib>=2
    @ https://h/d.whl d 1: a @ https://h/a-3.whl
    user 1: a
    picky 1: a<3
    named 1: a @ https://h/a-3.whl";

#[test]
fn a_url_is_the_one_source_of_its_project() {
    let solved = solve(inputs(&["a @ https://h/a-3.whl", "user"]), WORLD).unwrap();
    assert_eq!(solved, "a==3 @ https://h/a-3.whl\nlib==1\nuser==1");
    let told = solve(inputs(&["a @ https://h/a-3.whl", "picky"]), WORLD).unwrap_err();
    assert!(told.contains("picky -> a"), "{told}");
}

#[test]
fn disjoint_markers_have_urls_of_their_own() {
    let urls = ["a @ https://h/a-3.whl ; sys_platform == 'win32'", "a @ https://h/a-4.whl ; sys_platform != 'win32'"];
    assert_eq!(
        solve(inputs(&[&urls[..], &["user"]].concat()), WORLD).unwrap(),
        "a==3 @ https://h/a-3.whl ; sys_platform == 'win32'\n\
         a==4 @ https://h/a-4.whl ; sys_platform != 'win32'\n\
         lib==1 ; sys_platform == 'win32'\n\
         lib==2 ; sys_platform != 'win32'\n\
         user==1"
    );
}

#[test]
fn a_url_on_one_platform_and_the_index_on_others() {
    let solved =
        solve(inputs(&["a @ https://h/a-3.whl ; sys_platform == 'win32'", "a ; sys_platform != 'win32'"]), WORLD);
    assert_eq!(
        solved.unwrap(),
        "a==2 ; sys_platform != 'win32'\na==3 @ https://h/a-3.whl ; sys_platform == 'win32'\nlib==1"
    );
}

#[test]
fn two_urls_in_one_place_are_a_conflict() {
    for second in ["a @ https://h/a-4.whl", "a @ https://h/a-4.whl ; sys_platform == 'win32'"] {
        let told = solve(inputs(&["a @ https://h/a-3.whl", second]), WORLD).unwrap_err();
        assert!(told.contains("https://h/a-3.whl") && told.contains("https://h/a-4.whl"), "{told}");
    }
}

#[test]
fn a_package_of_an_index_names_no_url_of_its_own() {
    let told = solve(inputs(&["named"]), WORLD).unwrap_err();
    assert!(told.contains("a from https://h/a-3.whl"), "{told}");
    let solved = solve(inputs(&["named", "a @ https://h/a-3.whl"]), WORLD).unwrap();
    assert_eq!(solved, "a==3 @ https://h/a-3.whl\nlib==1\nnamed==1");
}

#[test]
fn what_comes_from_a_url_may_name_urls() {
    let solved = solve(inputs(&["d @ https://h/d.whl", "user"]), WORLD).unwrap();
    assert_eq!(solved, "a==3 @ https://h/a-3.whl\nd==1 @ https://h/d.whl\nlib==1\nuser==1");
}

#[test]
fn constraints_and_overrides_may_name_urls() {
    let requirement = |text: &str| vec![Requirement::from_str(text).unwrap()];
    let constrained = Inputs { constraints: requirement("a @ https://h/a-3.whl"), ..inputs(&["user"]) };
    assert_eq!(solve(constrained, WORLD).unwrap(), "a==3 @ https://h/a-3.whl\nlib==1\nuser==1");
    let unused = Inputs { constraints: requirement("a @ https://h/a-3.whl"), ..inputs(&["lib"]) };
    assert_eq!(solve(unused, WORLD).unwrap(), "lib==2");
    let overridden = Inputs { overrides: requirement("a @ https://h/a-4.whl"), ..inputs(&["picky"]) };
    assert_eq!(solve(overridden, WORLD).unwrap(), "a==4 @ https://h/a-4.whl\nlib==2\npicky==1");
}

#[test]
fn no_word_of_a_url_holds_its_password() {
    let world = "@ https://me:secret@h/a-3.whl a 3:\n @ https://h/a-4.whl a 4:";
    let told = solve(inputs(&["a @ https://me:secret@h/a-3.whl", "a @ https://h/a-4.whl"]), world).unwrap_err();
    assert!(told.contains("https://h/a-3.whl") && !told.contains("secret"), "{told}");
}
