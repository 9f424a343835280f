use super::server::{Answer, Server};
use super::{Sandbox, file, name, sha};
use crate::{Client, Error, NamedIndex, Settings};
use pybun_model::{PackageName, Problem, silent};
use std::path::Path;
use url::Url;

const PAGE: &str = r#"{"files":[{"filename":"six-1.0-py3-none-any.whl","url":"/six-1.0-py3-none-any.whl"}]}"#;
/// `me:secret`
const BASIC: &str = "Basic bWU6c2VjcmV0";

fn named(name: &str, url: Url) -> NamedIndex {
    NamedIndex { name: Some(name.to_owned()), url, explicit: false, default: false }
}

fn directory(path: &Path, files: &[&str]) -> Url {
    std::fs::create_dir_all(path).unwrap();
    for file in files {
        std::fs::write(path.join(file), file).unwrap();
    }
    Url::from_directory_path(path).unwrap()
}

async fn filenames(client: &Client, name: &str) -> Vec<String> {
    let page = client.page(&name.parse().unwrap()).await.unwrap();
    page.iter().flat_map(|page| &page.files).map(|file| file.filename.to_string()).collect()
}

#[tokio::test]
async fn an_assigned_index_is_the_only_one_that_is_asked() {
    let private = Server::start(|request, _| match request.path.as_str() {
        "/six/" => Answer::json(PAGE),
        _ => Answer::new(404, ""),
    });
    let public = Server::start(|_, _| Answer::json(PAGE));
    let mut sandbox = Sandbox::new(public.url("/"));
    let explicit = NamedIndex { explicit: true, ..named("private", private.url("/")) };
    let links = directory(&sandbox.dir.path().join("links"), &["absent-1.0.tar.gz"]);
    sandbox.settings.indexes = vec![explicit];
    sandbox.settings.find_links = vec![links];
    let absent: PackageName = "absent".parse().unwrap();
    sandbox.settings.index_of = [(name(), "private".to_owned()), (absent.clone(), "private".to_owned())].into();
    let client = sandbox.client();
    let page = client.page(&name()).await.unwrap().unwrap();
    assert_eq!((page.index.as_deref(), page.files[0].url.port()), (Some("private"), Some(private.port)));
    // What the private index does not have is not there, even if others have it.
    assert_eq!(client.page(&absent).await.unwrap(), None);
    assert!(public.seen().is_empty());
    assert_eq!(client.asked(&absent), [format!("private (127.0.0.1:{})", private.port)]);
    // And what is not assigned to it never comes from there.
    let page = client.page(&"other".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((page.index.as_deref(), private.seen().len()), (None, 2));
    // From the cache as well.
    assert_eq!(sandbox.offline().page(&name()).await.unwrap().unwrap().index.as_deref(), Some("private"));
}

#[tokio::test]
async fn files_of_a_directory_stand_beside_those_of_the_index() {
    let server = Server::start(|request, _| match request.path.as_str() {
        "/six/" => Answer::json(PAGE),
        _ => Answer::new(404, ""),
    });
    let mut sandbox = Sandbox::new(server.url("/"));
    let files = ["six-1.0-py3-none-any.whl", "six-1.1.tar.gz", "local_only-2.0.tar.gz", "notes.txt"];
    sandbox.settings.find_links = vec![directory(&sandbox.dir.path().join("links"), &files)];
    let client = sandbox.client();
    let page = client.page(&name()).await.unwrap().unwrap();
    // The index knows more about a file that both have.
    assert_eq!(page.files.iter().map(|file| file.url.scheme()).collect::<Vec<_>>(), ["http", "file"]);
    assert_eq!(page.files[1].sha256, Some(sha(b"six-1.1.tar.gz")));
    assert_eq!(filenames(&client, "local-only").await, ["local_only-2.0.tar.gz"]);
    let found = client.locate(&"local-only".parse().unwrap(), files[2], &sha(files[2].as_bytes()), None).await.unwrap();
    assert_eq!(client.download(&found, &silent).await.unwrap().size, files[2].len() as u64);

    sandbox.settings.no_index = true;
    let alone = sandbox.client();
    assert_eq!(filenames(&alone, "six").await, files[..2]);
    assert_eq!(alone.page(&"absent".parse().unwrap()).await.unwrap(), None);
    assert_eq!(alone.asked(&name()).len(), 1);

    sandbox.settings.no_index = false;
    let offline = Sandbox::new(server.url("/"));
    let settings =
        Settings { find_links: sandbox.settings.find_links.clone(), offline: true, ..offline.settings.clone() };
    assert_eq!(filenames(&Client::new(settings).unwrap(), "six").await, files[..2]);
}

#[tokio::test]
async fn a_page_of_files_is_fetched_once_and_kept() {
    let html = r#"<a href="w/six-1.0-py3-none-any.whl">a</a><a href="other-2.0.tar.gz#sha256=00">b</a>"#;
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/links" => Answer::new(302, "").with("location", "/moved/links.html"),
        "/moved/links.html" => Answer::new(200, html).with("content-type", "text/html"),
        _ => Answer::new(404, ""),
    });
    let mut sandbox = Sandbox::new(server.url("/"));
    sandbox.settings.find_links = vec![server.url("/links")];
    sandbox.settings.no_index = true;
    let client = sandbox.client();
    let page = client.page(&name()).await.unwrap().unwrap();
    assert_eq!(page.files[0].url, server.url("/moved/w/six-1.0-py3-none-any.whl"));
    assert_eq!(filenames(&client, "other").await, ["other-2.0.tar.gz"]);
    assert_eq!(server.seen().len(), 2);
    assert_eq!(sandbox.offline().page(&name()).await.unwrap().unwrap(), page);
    assert_eq!(filenames(&sandbox.client(), "other").await, ["other-2.0.tar.gz"]);
    assert_eq!(server.seen().len(), 2);
    sandbox.refreshing().page(&name()).await.unwrap();
    assert_eq!(server.seen().len(), 4);
    let elsewhere = Sandbox::new(server.url("/"));
    let settings =
        Settings { cache_dir: elsewhere.settings.cache_dir.clone(), offline: true, ..sandbox.settings.clone() };
    let error = Client::new(settings).unwrap().page(&name()).await.unwrap_err();
    assert!(matches!(&error, Error::Offline { what } if what.contains("/links")), "{error}");
}

#[tokio::test]
async fn a_place_that_is_not_there_is_named() {
    let mut sandbox = Sandbox::new(Url::parse("http://unused.invalid/").unwrap());
    sandbox.settings.find_links = vec![Url::parse("file:///nowhere/links").unwrap()];
    let error = sandbox.client().page(&name()).await.unwrap_err();
    assert_eq!(Problem::from(&error).code, "fetch/bad-find-links", "{error}");
}

#[tokio::test]
async fn an_index_of_a_repository_gets_no_credentials_until_the_user_names_its_host() {
    let server = Server::start(|request, _| match request.header("authorization") {
        Some(BASIC) => Answer::json(PAGE),
        _ => Answer::new(401, ""),
    });
    let mut sandbox = Sandbox::new(Url::parse("http://unused.invalid/").unwrap())
        .env("PYBUN_INDEX_CORP_USERNAME", "me")
        .env("PYBUN_INDEX_CORP_PASSWORD", "secret");
    let netrc = sandbox.dir.path().join("home").join(if cfg!(windows) { "_netrc" } else { ".netrc" });
    std::fs::write(netrc, "machine 127.0.0.1 login me password secret\ndefault login me password secret").unwrap();
    sandbox.settings.index_url = None;
    sandbox.settings.project_chose_index = true;
    sandbox.settings.indexes = vec![NamedIndex { default: true, ..named("corp", server.url("/")) }];
    let error = sandbox.client().page(&name()).await.unwrap_err();
    assert_eq!(server.seen()[0].header("authorization"), None);
    let problem = Problem::from(&error);
    assert_eq!((problem.code, &problem.context["credentials"]), ("fetch/not-allowed", &"withheld".into()));
    // Another port of a host that the user named is somebody else.
    sandbox.settings.user_urls = vec![Url::parse("http://127.0.0.1:1/").unwrap()];
    sandbox.client().page(&name()).await.unwrap_err();
    assert_eq!(server.seen()[1].header("authorization"), None);
    sandbox.settings.user_urls = vec![server.url("/other/path")];
    assert!(sandbox.client().page(&name()).await.unwrap().is_some());
}

#[cfg(unix)]
#[tokio::test]
async fn the_keyring_is_asked_for_users_of_trusted_hosts() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start(|request, _| match request.header("authorization") {
        Some(BASIC) => Answer::json(PAGE),
        _ => Answer::new(403, ""),
    });
    let mut index = server.url("/simple");
    index.set_username("me").unwrap();
    let mut sandbox = Sandbox::new(index);
    let bin = sandbox.dir.path().join("bin");
    let log = sandbox.dir.path().join("asked");
    directory(&bin, &[]);
    // Knows the host only, as most keyrings do.
    let text = format!(
        "#!/bin/sh\necho \"$@\" >> {}\n[ \"$2 $3\" = \"127.0.0.1:{} me\" ] && echo secret || exit 1\n",
        log.display(),
        server.port
    );
    std::fs::write(bin.join("keyring"), text).unwrap();
    std::fs::set_permissions(bin.join("keyring"), std::fs::Permissions::from_mode(0o755)).unwrap();
    sandbox = sandbox.env("PATH", &format!("relative:{}", bin.display()));
    assert!(sandbox.client().page(&name()).await.is_err());
    assert!(!log.exists(), "it was not allowed");

    sandbox.settings.keyring = true;
    let client = sandbox.client();
    assert!(client.page(&name()).await.unwrap().is_some());
    assert!(client.page(&"other".parse().unwrap()).await.is_ok());
    let asked = std::fs::read_to_string(&log).unwrap();
    assert_eq!(asked, format!("get {}simple/ me\nget 127.0.0.1:{} me\n", server.url("/"), server.port));

    sandbox.settings.project_chose_index = true;
    assert!(sandbox.refreshing().page(&name()).await.is_err());
    assert_eq!(std::fs::read_to_string(&log).unwrap(), asked, "a stranger's index");
}

#[tokio::test]
async fn netrc_does_not_follow_a_redirect() {
    let other = Server::start(|_, _| Answer::json(PAGE));
    let target = other.url("/six/").to_string().replace("127.0.0.1", "localhost");
    let server = Server::start(move |_, _| Answer::new(302, "").with("location", target.clone()));
    let sandbox = Sandbox::new(server.url("/"));
    let netrc = sandbox.dir.path().join("home").join(if cfg!(windows) { "_netrc" } else { ".netrc" });
    std::fs::write(netrc, "machine 127.0.0.1 login me password secret machine localhost login me password secret")
        .unwrap();
    sandbox.client().page(&name()).await.unwrap();
    assert_eq!(server.seen()[0].header("authorization"), Some(BASIC));
    assert_eq!(other.seen()[0].header("authorization"), None);
    let wheel = file("six-1.0-py3-none-any.whl", other.url("/six.whl"), PAGE.as_bytes());
    sandbox.client().download(&wheel, &silent).await.unwrap();
    assert_eq!(other.seen()[1].header("authorization"), None, "another port of the host");
}

#[tokio::test]
async fn digests_of_local_files_are_kept_until_the_files_change() {
    let mut sandbox = Sandbox::new(Url::parse("http://unused.invalid/").unwrap());
    let links = sandbox.dir.path().join("links");
    sandbox.settings.find_links = vec![directory(&links, &["six-1.0.tar.gz"])];
    sandbox.settings.no_index = true;
    let set = |text: &str, seconds: u64| {
        let file = std::fs::File::options().write(true).truncate(true).open(links.join("six-1.0.tar.gz")).unwrap();
        std::io::Write::write_all(&mut &file, text.as_bytes()).unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(seconds)).unwrap();
        file.metadata().unwrap().modified().unwrap()
    };
    let digest = async |client: Client| client.page(&name()).await.unwrap().unwrap().files[0].sha256;
    let before = set("one", 100);
    assert_eq!(digest(sandbox.client()).await, Some(sha(b"one")));
    // The same size and time of change: nobody looks again.
    let file = std::fs::File::options().write(true).open(links.join("six-1.0.tar.gz")).unwrap();
    std::io::Write::write_all(&mut &file, b"two").unwrap();
    file.set_modified(before).unwrap();
    assert_eq!(digest(sandbox.client()).await, Some(sha(b"one")));
    set("two", 90);
    assert_eq!(digest(sandbox.client()).await, Some(sha(b"two")));
    // What changed just now may change again at the same moment, so that nothing is kept of it.
    let kept = || std::fs::read_dir(sandbox.settings.cache_dir.join("http/v1/metadata")).unwrap().count();
    let before = kept();
    set("six", 0);
    assert_eq!((digest(sandbox.client()).await, kept()), (Some(sha(b"six")), before));
}
