use super::archive::gzip;
use super::server::{Answer, Server};
use super::{Sandbox, name};
use crate::Error;

const PAGE: &str = r#"{"meta":{"api-version":"1.0"},"files":[
    {"filename":"six-1.0-py3-none-any.whl","url":"/files/six-1.0-py3-none-any.whl","hashes":{}}]}"#;

#[tokio::test]
async fn a_fresh_page_is_asked_for_once() {
    let server = Server::start(|_, _| Answer::json(PAGE));
    let sandbox = Sandbox::new(server.url("/simple"));
    let client = sandbox.client();
    let name = name();
    let (first, second) = tokio::join!(client.page(&name), client.page(&name));
    let page = first.unwrap().unwrap();
    assert_eq!(page, second.unwrap().unwrap());
    assert_eq!(page.files[0].url, server.url("/files/six-1.0-py3-none-any.whl"));
    assert_eq!(sandbox.client().page(&name).await.unwrap().unwrap(), page);
    assert_eq!(sandbox.offline().page(&name).await.unwrap().unwrap(), page);
    assert_eq!(server.paths(), ["/simple/six/"]);
    assert!(server.seen()[0].header("accept").unwrap().starts_with("application/vnd.pypi.simple.v1+json"));
    assert!(!client.cache_failed());
    sandbox.refreshing().page(&name).await.unwrap();
    assert_eq!(server.paths().len(), 2);
}

#[tokio::test]
async fn a_stale_page_is_revalidated() {
    let server = Server::start(|request, _| match request.header("if-none-match") {
        Some("\"v1\"") => Answer::new(304, "").with("cache-control", "max-age=500"),
        _ => Answer::json(PAGE).with("etag", "\"v1\"").with("cache-control", "no-cache"),
    });
    let sandbox = Sandbox::new(server.url("/simple/"));
    let page = sandbox.client().page(&name()).await.unwrap().unwrap();
    assert_eq!(sandbox.client().page(&name()).await.unwrap().unwrap(), page);
    // The answer to the second request made it fresh.
    assert_eq!(sandbox.client().page(&name()).await.unwrap().unwrap(), page);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn no_store_is_honoured_and_offline_says_what_is_missing() {
    let server = Server::start(|_, _| Answer::json(PAGE).with("cache-control", "no-store"));
    let sandbox = Sandbox::new(server.url("/simple"));
    sandbox.client().page(&name()).await.unwrap();
    let error = sandbox.offline().page(&name()).await.unwrap_err();
    assert!(matches!(&error, Error::Offline { what } if what.contains("`six`")), "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn an_altered_cache_entry_is_fetched_again() {
    let server = Server::start(|_, _| Answer::json(PAGE));
    let sandbox = Sandbox::new(server.url("/simple"));
    let page = sandbox.client().page(&name()).await.unwrap();
    let entry = std::fs::read_dir(sandbox.settings.cache_dir.join("http/v1/pages")).unwrap().next().unwrap().unwrap();
    std::fs::write(entry.path(), "garbage").unwrap();
    assert_eq!(sandbox.client().page(&name()).await.unwrap(), page);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn html_and_gzip_are_understood() {
    let html = "<a href='six-1.0.tar.gz'>six-1.0.tar.gz</a>";
    let server = Server::start(move |request, _| {
        assert_eq!(request.header("accept-encoding"), Some("gzip"));
        Answer::new(200, gzip(html.as_bytes()))
            .with("content-type", "text/html; charset=UTF-8")
            .with("content-encoding", "gzip")
    });
    let page = Sandbox::new(server.url("/simple")).client().page(&name()).await.unwrap().unwrap();
    assert_eq!(page.files[0].url, server.url("/simple/six/six-1.0.tar.gz"));
}

#[tokio::test]
async fn the_first_index_that_has_the_project_wins() {
    let private = Server::start(|request, _| match request.path.as_str() {
        "/six/" => Answer::json(PAGE),
        _ => Answer::new(404, ""),
    });
    let public = Server::start(|request, _| match request.path.as_str() {
        "/none/" => Answer::new(404, ""),
        _ => Answer::json(PAGE.replace("six", "other")),
    });
    let mut sandbox = Sandbox::new(public.url("/"));
    sandbox.settings.extra_index_urls = vec![private.url("/")];
    let client = sandbox.client();
    let page = client.page(&name()).await.unwrap().unwrap();
    assert_eq!(page.files[0].url.port(), Some(private.port));
    assert!(public.seen().is_empty());
    let page = client.page(&"other".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(page.files[0].url.port(), Some(public.port));
    assert_eq!(client.page(&"none".parse().unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn refusals_are_told_apart_from_absence() {
    let denied = "<Error><Code>AccessDenied</Code></Error>";
    for (status, body, code) in [
        (401, "", Some("fetch/not-allowed")),
        (403, "", Some("fetch/not-allowed")),
        (403, denied, None),
        (404, "", None),
        (410, "", None),
        (400, "", Some("fetch/http-status")),
    ] {
        let server = Server::start(move |_, _| Answer::new(status, body));
        let result = Sandbox::new(server.url("/")).client().page(&name()).await;
        let found = result.map(|page| assert_eq!(page, None)).map_err(|error| pybun_model::Problem::from(error).code);
        assert_eq!(found.err(), code, "{status}");
        assert_eq!(server.seen().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn trouble_is_retried() {
    let cut = Answer { cut: Some(10), ..Answer::json(PAGE) };
    for trouble in [Answer::new(503, ""), Answer::new(429, "").with("retry-after", "0"), cut] {
        let server = Server::start(move |_, before| if before < 2 { trouble.clone() } else { Answer::json(PAGE) });
        let page = Sandbox::new(server.url("/")).client().page(&name()).await.unwrap().unwrap();
        assert_eq!((page.files.len(), server.seen().len()), (1, 3));
    }
    let server = Server::start(|_, _| Answer::new(500, ""));
    let sandbox = Sandbox::new(server.url("/")).env("PYBUN_HTTP_RETRIES", "1");
    assert!(matches!(sandbox.client().page(&name()).await, Err(Error::HttpStatus { status: 500, .. })));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn whoever_leaves_failures_to_another_process_does_not_wait() {
    let server = Server::start(|_, _| Answer::new(503, "").with("retry-after", "20"));
    let mut sandbox = Sandbox::new(server.url("/"));
    sandbox.settings.patient = false;
    let began = std::time::Instant::now();
    assert!(matches!(sandbox.client().page(&name()).await, Err(Error::HttpStatus { status: 503, .. })));
    assert_eq!(server.seen().len(), 1);
    assert!(began.elapsed().as_secs() < 15, "it waited as the server asked");
    let cut = Answer { cut: Some(10), ..Answer::json(PAGE) };
    let server = Server::start(move |_, before| if before < 1 { cut.clone() } else { Answer::json(PAGE) });
    let mut sandbox = Sandbox::new(server.url("/"));
    sandbox.settings.patient = false;
    assert!(sandbox.client().page(&name()).await.unwrap().is_some(), "what broke off is asked for once more");
}

#[tokio::test]
async fn an_index_that_is_not_there_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let index = url::Url::parse(&format!("http://me:secret@127.0.0.1:{port}/?token=secret")).unwrap();
    let error = Sandbox::new(index).env("PYBUN_HTTP_RETRIES", "0").client().page(&name()).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("efused") && !error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn a_server_that_stalls_times_out() {
    let server = Server::start(|_, _| {
        std::thread::sleep(std::time::Duration::from_secs(3));
        Answer::json(PAGE)
    });
    let sandbox = Sandbox::new(server.url("/")).env("PYBUN_HTTP_RETRIES", "0").env("PYBUN_HTTP_TIMEOUT", "1");
    let error = sandbox.client().page(&name()).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { seconds: 1, .. }), "{error}");
}

#[tokio::test]
async fn bad_pages_are_named() {
    for (answer, code) in [
        (Answer::json("{"), "fetch/bad-page"),
        (Answer::json(r#"{"meta":{"api-version":"2.0"},"files":[]}"#), "fetch/bad-page"),
        (Answer::new(200, "x").with("content-type", "image/png"), "fetch/bad-page"),
        (Answer::json("x").with("content-encoding", "br"), "fetch/bad-page"),
        (Answer::json("x").with("content-encoding", "gzip"), "fetch/bad-page"),
        (Answer::new(200, "<form action=/login>").with("content-type", "text/html"), "fetch/bad-page"),
    ] {
        let server = Server::start(move |_, _| answer.clone());
        let error = Sandbox::new(server.url("/")).client().page(&name()).await.unwrap_err();
        assert_eq!(pybun_model::Problem::from(&error).code, code, "{error}");
    }
}

#[tokio::test]
async fn a_directory_is_an_index() {
    let sandbox = Sandbox::new(url::Url::parse("http://unused.invalid/").unwrap());
    let project = sandbox.dir.path().join("index/six");
    std::fs::create_dir_all(&project).unwrap();
    std::fs::write(project.join("six-1.0.tar.gz"), "content").unwrap();
    let mut settings = sandbox.settings.clone();
    settings.index_url = Some(url::Url::from_directory_path(sandbox.dir.path().join("index")).unwrap());
    let client = crate::Client::new(settings).unwrap();
    let page = client.page(&name()).await.unwrap().unwrap();
    let download = client.download(&page.files[0], &pybun_model::silent).await.unwrap();
    assert_eq!(std::fs::read(&download.path).unwrap(), b"content");
    assert_eq!(client.page(&"none".parse().unwrap()).await.unwrap(), None);
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_is_no_error() {
    let server = Server::start(|_, _| Answer::json(PAGE));
    let mut sandbox = Sandbox::new(server.url("/"));
    let file = sandbox.dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    sandbox.settings.cache_dir = file.join("below");
    let client = sandbox.client();
    assert_eq!(client.page(&name()).await.unwrap().unwrap().files.len(), 1);
    assert!(client.cache_failed());
}

#[tokio::test]
async fn a_page_without_end_is_left_alone() {
    let server = Server::start(|_, _| Answer::json(vec![b' '; (128 << 20) + 1]));
    let error = Sandbox::new(server.url("/")).client().page(&name()).await.unwrap_err();
    assert_eq!(pybun_model::Problem::from(&error).code, "fetch/too-large", "{error}");
    assert_eq!(server.seen().len(), 1);
}
