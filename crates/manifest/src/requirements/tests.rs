use super::*;
use pybun_model::Problem;

fn read(files: &[(&str, &[u8])], environment: &[(&str, &str)]) -> Result<Requirements, Vec<Error>> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    parse(&[files[0].0], &environment, &mut |path| {
        let found = files.iter().find(|(name, _)| *name == path);
        found.map(|(_, bytes)| bytes.to_vec()).ok_or_else(|| "no such file".to_owned())
    })
}

fn one(text: &str) -> Requirements {
    read(&[("r.txt", text.as_bytes())], &[("TOKEN", "s3cret")]).unwrap()
}

fn texts(list: &[Listed]) -> Vec<&str> {
    list.iter().map(|listed| listed.declared.text.as_str()).collect()
}

fn problems(text: &str) -> Vec<(&'static str, u64)> {
    let errors = read(&[("r.txt", text.as_bytes())], &[]).unwrap_err();
    errors.iter().map(Problem::from).map(|p| (p.code, p.context["line"].as_u64().unwrap())).collect()
}

#[test]
fn reads_requirements_comments_and_continuations() {
    let hash = "a".repeat(64);
    let text = format!(
        "# head\n\nflask >= 3  # web\nrequests[socks]==2.0 \\\n    --hash=sha256:{hash} \\\n    --hash sha256:{hash}\n\
         tomli ; python_version < '3.11'\nx @ https://e.org/x-1.tar.gz#sha256=1\r\nlast \\"
    );
    let out = one(&text);
    let expected = [
        "flask >= 3",
        "requests[socks]==2.0",
        "tomli ; python_version < '3.11'",
        "x @ https://e.org/x-1.tar.gz#sha256=1",
        "last",
    ];
    assert_eq!(texts(&out.requirements), expected);
    assert_eq!(out.requirements[1].hashes.len(), 2);
    assert_eq!((out.requirements[1].line, out.requirements[2].line), (4, 7));
}

#[test]
fn a_comment_ends_a_continuation() {
    let out = one("flask \\\n# not part of it\nhttpx\n");
    assert_eq!(texts(&out.requirements), ["flask", "httpx"]);
}

#[test]
fn reads_options() {
    let text = "-i https://${TOKEN}@e.org/simple\n--extra-index-url=https://f.org/${ABSENT}\n--find-links './my links'\n--pre\n\
        --require-hashes\n--no-binary a,b\n-e ./lib[x]\n./dir\nhttps://e.org/w_w-1-py3-none-any.whl\ngit+https://e.org/g#egg=g\n";
    let out = one(text);
    assert_eq!(out.index_url.as_deref(), Some("https://s3cret@e.org/simple"));
    assert_eq!(out.extra_index_urls, ["https://f.org/${ABSENT}"]);
    assert_eq!((out.find_links[0].as_str(), out.pre, out.require_hashes), ("my links", true, true));
    assert_eq!(out.no_binary, ["a", "b"]);
    let sources: Vec<_> = out.sources.iter().map(|source| (source.place.as_str(), source.editable)).collect();
    assert_eq!(sources, [("./lib[x]", true), ("./dir", false)]);
    let expected = ["w_w @ https://e.org/w_w-1-py3-none-any.whl", "g @ git+https://e.org/g#egg=g"];
    assert_eq!(texts(&out.requirements), expected);
}

#[test]
fn nests_relative_to_the_file_that_names_them() {
    let out = read(
        &[
            ("req/a.txt", b"-r base/b.txt\nflask\n-c../c.txt"),
            ("req/base/b.txt", b"--requirement ./d.txt"),
            ("req/base/d.txt", b"six"),
            ("req/../c.txt", b"six<2\n-r more.txt"),
            ("req/../more.txt", b"flask<4"),
        ],
        &[],
    );
    let out = out.unwrap();
    assert_eq!(texts(&out.requirements), ["six", "flask"]);
    assert_eq!(texts(&out.constraints), ["six<2", "flask<4"]);
}

#[test]
fn cycles_and_missing_files_are_problems() {
    let errors = read(&[("a.txt", b"-r b.txt\n"), ("b.txt", b"\n-r a.txt\n-r c.txt")], &[]).unwrap_err();
    let problems: Vec<Problem> = errors.iter().map(Problem::from).collect();
    assert_eq!(problems[0].code, "requirements/cycle");
    assert_eq!(problems[0].context["chain"], serde_json::json!(["a.txt", "b.txt", "a.txt"]));
    assert_eq!((problems[1].code, &problems[1].context["line"]), ("requirements/unreadable", &3.into()));
}

#[test]
fn endless_nesting_is_bounded() {
    let mut depth = 0;
    let errors = parse(&["0"], &BTreeMap::new(), &mut |_| {
        depth += 1;
        Ok(format!("-r {depth}\n").into_bytes())
    });
    assert_eq!(Problem::from(&errors.unwrap_err()[0]).code, "requirements/too-large");
}

#[test]
fn names_the_line_of_what_it_does_not_understand() {
    let text = "ok\n--frobnicate\nnot a requirement\n--hash=sha256:00\nflask --hash=sha256:00\n--pre=1\n-r\n--trusted-host x\n";
    let lines = problems(text).into_iter().map(|(code, line)| {
        assert_eq!(code, "requirements/invalid-line");
        line
    });
    assert_eq!(lines.collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn takes_byte_order_marks() {
    let utf16: Vec<u8> = "\u{feff}flask\r\nsix\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(texts(&read(&[("r.txt", &utf16)], &[]).unwrap().requirements), ["flask", "six"]);
    let utf8 = "\u{feff}flask".as_bytes();
    assert_eq!(texts(&read(&[("r.txt", utf8)], &[]).unwrap().requirements), ["flask"]);
    assert!(read(&[("r.txt", b"fl\xffask")], &[]).is_err());
}

#[test]
fn a_message_shows_nothing_of_a_file_that_may_be_private() {
    for text in [
        "machine corp.example login me password S3CRET",
        "aws_secret_access_key = S3CRET",
        "export TOKEN=\"S3CRET\"",
        "-----BEGIN KEY-----S3CRET",
        "--S3CRET",
        "-S3CRET",
        "--tokens=S3CRET x",
        "a --hash=S3CRET",
        "a==S3CRET!",
        "a ; S3CRET == 'x'",
        "a ; os_name == S3CRET",
        "a[S3CRET!]",
        "a @ S3CRET://[",
        "'S3CRET",
        "{\"auths\": {\"h\": {\"auth\": \"S3CRET\"}}}",
    ] {
        let errors = read(&[("r.txt", text.as_bytes())], &[]).unwrap_err();
        for problem in errors.iter().map(Problem::from) {
            assert!(!format!("{problem:?}").contains("S3CRET"), "{text}: {problem:?}");
        }
    }
}
