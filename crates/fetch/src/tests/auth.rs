use super::server::{Answer, Server};
use super::{Sandbox, name};
use crate::Error;
use pybun_model::Problem;

const PAGE: &str = r#"{"meta":{"api-version":"1.0"},"files":[]}"#;
/// `me:secret`
const BASIC: &str = "Basic bWU6c2VjcmV0";

#[tokio::test]
async fn credentials_come_from_the_url_and_from_netrc() {
    let server = Server::start(|request, _| match request.header("authorization") {
        Some(BASIC) => Answer::json(PAGE),
        _ => Answer::new(401, ""),
    });
    let mut index = server.url("/simple");
    let error = Sandbox::new(index.clone()).client().page(&name()).await.unwrap_err();
    assert!(Problem::from(&error).hint.unwrap().contains("machine 127.0.0.1"));

    index.set_username("me").unwrap();
    index.set_password(Some("secret")).unwrap();
    assert!(Sandbox::new(index.clone()).client().page(&name()).await.unwrap().is_some());

    let sandbox = Sandbox::new(server.url("/simple"));
    let netrc = sandbox.dir.path().join("home").join(if cfg!(windows) { "_netrc" } else { ".netrc" });
    std::fs::write(&netrc, "default login me password secret").unwrap();
    assert!(sandbox.client().page(&name()).await.unwrap().is_some());
    std::fs::write(sandbox.dir.path().join("other"), "machine 127.0.0.1 login me password wrong").unwrap();
    let other = sandbox.dir.path().join("other").to_str().unwrap().to_owned();
    let sandbox = sandbox.env("NETRC", &other);
    let error = sandbox.refreshing().page(&name()).await.unwrap_err();
    assert!(matches!(error, Error::NotAllowed { status: 401, with_credentials: true, .. }), "{error}");
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_origin() {
    let other = Server::start(|_, _| Answer::json(PAGE));
    let target = other.url("/elsewhere/").to_string();
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/simple/six/" => Answer::new(302, "").with("location", "/moved/six/"),
        _ => Answer::new(307, "").with("location", target.replace("http://", "http://evil:evil@")),
    });
    let mut index = server.url("/simple");
    index.set_username("me").unwrap();
    index.set_password(Some("secret")).unwrap();
    assert!(Sandbox::new(index).client().page(&name()).await.unwrap().is_some());
    let sent: Vec<_> = server.seen().iter().map(|request| request.header("authorization").map(str::to_owned)).collect();
    assert_eq!(sent, [Some(BASIC.to_owned()), Some(BASIC.to_owned())]);
    assert_eq!(other.seen()[0].header("authorization"), None);
}

#[tokio::test]
async fn redirects_end() {
    let server = Server::start(|_, _| Answer::new(301, "").with("location", "/again"));
    let error = Sandbox::new(server.url("/")).client().page(&name()).await.unwrap_err();
    assert!(matches!(error, Error::TooManyRedirects { .. }), "{error}");
    assert_eq!(server.seen().len(), 11);

    for target in ["file:///etc/passwd", "http://"] {
        let server = Server::start(move |_, _| Answer::new(302, "").with("location", target));
        let error = Sandbox::new(server.url("/")).client().page(&name()).await.unwrap_err();
        assert!(matches!(error, Error::BadUrl { .. }), "{target}: {error}");
    }
}

#[tokio::test]
async fn proxies_are_used_and_left_out_where_asked() {
    let proxy = Server::start(|_, _| Answer::json(PAGE));
    let index = url::Url::parse("http://index.invalid/simple").unwrap();
    let address = proxy.url("/").to_string().replace("http://", "http://me:secret@");
    let sandbox = Sandbox::new(index).env("HTTP_PROXY", &address).env("PYBUN_HTTP_RETRIES", "0");
    assert!(sandbox.client().page(&name()).await.unwrap().is_some());
    assert_eq!(proxy.paths(), ["http://index.invalid/simple/six/"]);
    assert_eq!(proxy.seen()[0].header("proxy-authorization"), Some(BASIC));
    let error = sandbox.env("NO_PROXY", ".invalid").refreshing().page(&name()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert_eq!(proxy.seen().len(), 1);
}

#[tokio::test]
async fn certificates_that_cannot_be_read_stop_everything() {
    let index = url::Url::parse("https://index.invalid/simple").unwrap();
    let error = Sandbox::new(index).env("SSL_CERT_FILE", "/nowhere.pem").client().page(&name()).await.unwrap_err();
    assert_eq!(Problem::from(error).code, "fetch/bad-certificates");
}

#[tokio::test]
async fn one_proxy_for_everything_and_tunnels_for_https() {
    let proxy = Server::start(|request, _| match request.path.as_str() {
        "index.invalid:443" => Answer::new(502, ""),
        _ => Answer::json(PAGE),
    });
    let address = proxy.url("/").to_string();
    for (variable, index, seen) in [
        ("ALL_PROXY", "http://index.invalid/", "http://index.invalid/six/"),
        ("all_proxy", "https://index.invalid/", "index.invalid:443"),
        ("HTTPS_PROXY", "https://index.invalid/", "index.invalid:443"),
    ] {
        let sandbox =
            Sandbox::new(url::Url::parse(index).unwrap()).env("PYBUN_HTTP_RETRIES", "0").env(variable, &address);
        let answer = sandbox.client().page(&name()).await;
        assert_eq!(answer.is_ok(), index.starts_with("http:"), "{variable}");
        assert_eq!(proxy.paths().last().map(String::as_str), Some(seen), "{variable}");
    }
}
