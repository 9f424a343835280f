use super::archive::noise;
use super::server::{Answer, Server};
use super::{Sandbox, file, name, sha};
use crate::{Error, storage_path};
use pybun_model::{Event, IndexFile, silent};
use std::sync::Mutex;

const WHEEL: &str = "six-1.0-py3-none-any.whl";

#[tokio::test]
async fn a_file_is_streamed_checked_and_told_about() {
    let bytes = noise(2_000_000);
    let served = bytes.clone();
    let server = Server::start(move |request, _| Answer::file(request, &served));
    let sandbox = Sandbox::new(server.url("/"));
    let told = Mutex::new(Vec::new());
    let emit = |event: Event| {
        if let Event::Progress { done, total, name, .. } = event {
            assert_eq!((total, name.as_deref()), (Some(2_000_000), Some("six")));
            told.lock().unwrap().push(done);
        }
    };
    let client = sandbox.client();
    let download = client.download(&file(WHEEL, server.url("/six.whl"), &bytes), &emit).await.unwrap();
    assert_eq!(std::fs::read(&download.path).unwrap(), bytes);
    assert_eq!((download.sha256, download.size), (sha(&bytes), 2_000_000));
    let told = told.into_inner().unwrap();
    assert!(told.is_sorted() && told.first() == Some(&0) && told.last() == Some(&2_000_000), "{told:?}");
    drop(download);
    assert_eq!(sandbox.leftovers(), 0);
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_broke_off() {
    let bytes = noise(600_000);
    for etag in [Some("\"v1\""), None] {
        let served = bytes.clone();
        let server = Server::start(move |request, before| {
            let answer = Answer::file(request, &served);
            let answer = if let Some(etag) = etag { answer.with("etag", etag) } else { answer };
            Answer { cut: (before < 2).then_some(200_000), ..answer }
        });
        let sandbox = Sandbox::new(server.url("/"));
        let download = sandbox.client().download(&file(WHEEL, server.url("/six.whl"), &bytes), &silent).await.unwrap();
        assert_eq!(std::fs::read(&download.path).unwrap(), bytes);
        let seen = server.seen();
        assert_eq!(seen.len(), 3);
        let from: usize = seen[2].header("range").unwrap()["bytes=".len()..].trim_end_matches('-').parse().unwrap();
        assert!(from > 0 && from <= 400_000);
        assert_eq!(seen[2].header("if-range"), etag);
    }
}

#[tokio::test]
async fn a_server_that_cannot_resume_starts_again() {
    let bytes = noise(600_000);
    for status in [200, 416] {
        let served = bytes.clone();
        let server = Server::start(move |request, before| match (before, request.header("range")) {
            (0, _) => Answer { cut: Some(300_000), ..Answer::new(200, served.clone()) },
            (1, Some(_)) if status == 416 => Answer::new(416, ""),
            _ => Answer::new(200, served.clone()),
        });
        let sandbox = Sandbox::new(server.url("/"));
        let download = sandbox.client().download(&file(WHEEL, server.url("/six.whl"), &bytes), &silent).await.unwrap();
        assert_eq!(std::fs::read(&download.path).unwrap(), bytes, "{status}");
    }
}

/// Where the next process finds what was begun.
#[cfg(unix)]
fn kept(sandbox: &Sandbox, bytes: &[u8]) -> std::path::PathBuf {
    sandbox.settings.cache_dir.join("tmp").join(format!("part-{}", sha(bytes)))
}

#[cfg(unix)]
#[tokio::test]
async fn a_large_file_goes_on_where_another_process_ended() {
    let bytes = noise(10 << 20);
    let served = bytes.clone();
    let server = Server::start(move |request, before| match before {
        0 => Answer { cut: Some(5 << 20), ..Answer::new(200, served.clone()) },
        _ => Answer::file(request, &served),
    });
    let sandbox = Sandbox::new(server.url("/")).env("PYBUN_HTTP_RETRIES", "0");
    let wanted = file(WHEEL, server.url("/six.whl"), &bytes);
    assert!(matches!(sandbox.client().download(&wanted, &silent).await, Err(Error::Unreachable { .. })));
    assert_eq!(sandbox.leftovers(), 1);
    let begun = std::fs::metadata(kept(&sandbox, &bytes)).unwrap().len();
    let download = sandbox.client().download(&wanted, &silent).await.unwrap();
    assert_eq!(std::fs::read(&download.path).unwrap(), bytes);
    assert_eq!(server.seen()[1].header("range"), Some(format!("bytes={begun}-").as_str()));
    drop(download);
    assert_eq!(sandbox.leftovers(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn what_was_begun_is_not_believed() {
    let bytes = noise(10 << 20);
    let served = bytes.clone();
    let server = Server::start(move |request, _| Answer::file(request, &served));
    let wanted = file(WHEEL, server.url("/six.whl"), &bytes);
    let mut longer = bytes.clone();
    longer.push(0);
    for (begun, requests) in [(&bytes[..], 0), (&[7; 1000], 2), (&vec![7; bytes.len()], 1), (&longer, 1)] {
        let sandbox = Sandbox::new(server.url("/"));
        let path = kept(&sandbox, &bytes);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, begun).unwrap();
        let before = server.seen().len();
        let download = sandbox.client().download(&wanted, &silent).await.unwrap();
        assert!(std::fs::read(&download.path).unwrap() == bytes);
        assert_eq!(server.seen().len() - before, requests);
        // Whoever comes while it is used has a file of their own.
        let second = sandbox.client().download(&wanted, &silent).await.unwrap();
        assert!(second.path != download.path && std::fs::read(&second.path).unwrap() == bytes);
        drop((download, second));
        assert_eq!(sandbox.leftovers(), 0);
    }
}

#[tokio::test]
async fn wrong_files_are_refused_and_deleted() {
    let bytes = noise(1000);
    let served = bytes.clone();
    let server = Server::start(move |_, _| Answer::new(200, served.clone()));
    let sandbox = Sandbox::new(server.url("/")).env("PYBUN_HTTP_RETRIES", "0");
    let client = sandbox.client();
    let good = file(WHEEL, server.url("/six.whl"), &bytes);
    let mut wrong = good.clone();
    wrong.sha256 = Some(sha(b"other"));
    assert!(matches!(client.download(&wrong, &silent).await, Err(Error::HashMismatch { .. })));
    for size in [999, 1001] {
        let wrong = pybun_model::IndexFile { size: Some(size), ..good.clone() };
        assert!(matches!(client.download(&wrong, &silent).await, Err(Error::SizeMismatch { .. })), "{size}");
    }
    assert_eq!(sandbox.leftovers(), 0);
}

#[tokio::test]
async fn refusals_and_offline_are_told_apart() {
    let server = Server::start(|request, _| Answer::new(if request.path == "/gone" { 404 } else { 403 }, ""));
    let sandbox = Sandbox::new(server.url("/"));
    let at = |path| pybun_model::IndexFile { sha256: None, ..file(WHEEL, server.url(path), b"") };
    assert!(matches!(
        sandbox.client().download(&at("/gone"), &silent).await,
        Err(Error::HttpStatus { status: 404, .. })
    ));
    assert!(matches!(sandbox.client().download(&at("/no"), &silent).await, Err(Error::NotAllowed { status: 403, .. })));
    let error = sandbox.offline().download(&at("/no"), &silent).await.unwrap_err();
    assert!(error.to_string().contains(WHEEL), "{error}");
}

fn page(url: &str, bytes: &[u8]) -> String {
    let digest = sha(bytes);
    format!(r#"{{"files":[{{"filename":"{WHEEL}","url":"{url}","hashes":{{"sha256":"{digest}"}}}}]}}"#)
}

#[tokio::test]
async fn a_locked_file_is_found_without_its_page_once_the_storage_is_known() {
    let bytes = noise(1000);
    let hex = "0123456789abcdef".repeat(4);
    let path = format!("/packages/{}/{}/{}/{WHEEL}", &hex[..2], &hex[2..4], &hex[4..]);
    let (served, here) = (bytes.clone(), path.clone());
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/simple/six/" => Answer::json(page(&here, &served)),
        path if path == here => Answer::file(request, &served),
        _ => Answer::new(404, ""),
    });
    let sandbox = Sandbox::new(server.url("/simple"));
    let client = sandbox.client();
    let url = server.url(&path);
    let storage = storage_path(&url);
    let found = client.locate(&name(), WHEEL, &sha(&bytes), storage).await.unwrap();
    assert_eq!(found.url, url);
    // Another project of the same lock needs no page.
    let other = "other-1.0-py3-none-any.whl";
    let found = client.locate(&"other".parse().unwrap(), other, &sha(&bytes), storage).await.unwrap();
    assert_eq!(found.url, server.url(&path.replace(WHEEL, other)));
    assert_eq!(server.paths(), ["/simple/six/"]);
    assert!(
        client.download(&client.locate(&name(), WHEEL, &sha(&bytes), storage).await.unwrap(), &silent).await.is_ok()
    );
}

#[tokio::test]
async fn a_built_url_that_leads_nowhere_is_looked_up() {
    let bytes = noise(1000);
    let served = bytes.clone();
    let old = format!("/packages/00/00/{}/six-0.9.tar.gz", "0".repeat(60));
    let first = format!(
        r#"{{"files":[{{"filename":"six-0.9.tar.gz","url":"{old}"}},{}"#,
        page("/moved/six.whl", &bytes).trim_start_matches(r#"{"files":["#)
    );
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/simple/six/" => Answer::json(first.clone()),
        "/moved/six.whl" => Answer::file(request, &served),
        _ => Answer::new(404, ""),
    });
    let client = Sandbox::new(server.url("/simple")).client();
    let found = client.locate(&name(), WHEEL, &sha(&bytes), Some([7; 32])).await.unwrap();
    assert!(found.url.path().starts_with("/packages/07/07/"));
    let download = client.download(&found, &silent).await.unwrap();
    assert_eq!(download.size, 1000);
}

#[tokio::test]
async fn an_index_without_such_a_storage_is_asked_for_pages() {
    let bytes = noise(1000);
    let served = bytes.clone();
    let server = Server::start(move |_, _| Answer::json(page("/files/six.whl", &served)));
    let client = Sandbox::new(server.url("/simple")).client();
    for _ in 0..2 {
        let found = client.locate(&name(), WHEEL, &sha(&bytes), Some([7; 32])).await.unwrap();
        assert_eq!(found.url, server.url("/files/six.whl"));
    }
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_file_that_no_index_has_is_not_found() {
    let server = Server::start(|_, _| Answer::json(page("/six.whl", b"other content")));
    let sandbox = Sandbox::new(server.url("/simple"));
    let error = sandbox.client().locate(&name(), WHEEL, &sha(b"content"), None).await.unwrap_err();
    assert_eq!(pybun_model::Problem::from(error).code, "fetch/not-found");
    let found = sandbox.offline().locate(&name(), WHEEL, &sha(b"other content"), None).await.unwrap();
    assert_eq!(found.url, server.url("/six.whl"));
    let error =
        sandbox.offline().locate(&"other".parse().unwrap(), "other-1.0.tar.gz", &sha(b""), None).await.unwrap_err();
    assert!(matches!(&error, Error::Offline { what } if what == "`other-1.0.tar.gz`"), "{error}");
}

#[tokio::test]
async fn a_file_that_changed_while_it_came_is_fetched_in_one_piece() {
    let (old, new) = (noise(600_000), noise(600_001)[1..].to_vec());
    let served = (old.clone(), new.clone());
    // Without a strong validator nobody can say that the second part is of another file.
    let server = Server::start(move |request, before| match before {
        0 => Answer { cut: Some(300_000), ..Answer::new(200, served.0.clone()) },
        _ => Answer::file(request, &served.1),
    });
    let sandbox = Sandbox::new(server.url("/"));
    let download = sandbox.client().download(&file(WHEEL, server.url("/six.whl"), &new), &silent).await.unwrap();
    assert_eq!(std::fs::read(&download.path).unwrap(), new);
    let ranges: Vec<bool> = server.seen().iter().map(|request| request.header("range").is_some()).collect();
    assert_eq!(ranges, [false, true, false]);

    // One that is wrong in one piece is wrong.
    let error = sandbox.client().download(&file(WHEEL, server.url("/six.whl"), &old), &silent).await.unwrap_err();
    assert!(matches!(error, Error::HashMismatch { .. }), "{error}");
    assert_eq!((server.seen().len(), sandbox.leftovers()), (4, 1));
}

#[tokio::test]
async fn a_web_page_is_no_file() {
    for size in [None, Some(5)] {
        let server =
            Server::start(|_, _| Answer::new(200, "\n<!DOCTYPE html><form>").with("content-type", "text/html; x"));
        let sandbox = Sandbox::new(server.url("/"));
        let wanted = pybun_model::IndexFile { size, sha256: None, ..file(WHEEL, server.url("/six.whl"), b"") };
        let error = sandbox.client().download(&wanted, &silent).await.unwrap_err();
        assert!(matches!(error, Error::NotAFile { .. }), "{error}");
        assert_eq!((server.seen().len(), sandbox.leftovers()), (1, 0));
    }
}

#[tokio::test]
async fn a_length_that_is_not_true_gives_no_wrong_file() {
    let bytes = noise(10_000);
    // Fewer bytes than were announced: the connection ends too early, every time.
    let served = bytes.clone();
    let server = Server::start(move |_, _| Answer { cut: Some(9_000), ..Answer::new(200, served.clone()) });
    let sandbox = Sandbox::new(server.url("/")).env("PYBUN_HTTP_RETRIES", "1");
    let wanted = pybun_model::IndexFile { size: None, ..file(WHEEL, server.url("/six.whl"), &bytes) };
    let error = sandbox.client().download(&wanted, &silent).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    // More bytes than were announced: what was announced is not the file.
    let server = Server::start(move |_, _| Answer::new(200, bytes[..9_000].to_vec()));
    let wanted = pybun_model::IndexFile { url: server.url("/six.whl"), ..wanted };
    let error = sandbox.client().download(&wanted, &silent).await.unwrap_err();
    assert!(matches!(error, Error::HashMismatch { .. }), "{error}");
    assert_eq!(sandbox.leftovers(), 0);
}

#[tokio::test]
async fn more_than_any_distribution_has_is_refused_before_it_comes() {
    let stated = |size: Option<u64>, length: Option<u64>| async move {
        let server = Server::start(move |_, _| {
            let answer = Answer::new(200, "begins");
            length.map_or(answer.clone(), |length| answer.with("content-length", length.to_string()))
        });
        let sandbox = Sandbox::new(server.url("/"));
        let file = IndexFile { size, sha256: None, ..file(WHEEL, server.url("/six.whl"), b"begins") };
        sandbox.client().download(&file, &silent).await.map(|download| download.size)
    };
    let too_large = |limit: u64, result: Result<u64, Error>| {
        assert!(matches!(&result, Err(Error::TooLarge { limit: found, .. }) if *found == limit), "{result:?}");
    };
    too_large(16 << 30, stated(Some(1 << 50), None).await);
    too_large(16 << 30, stated(None, Some(1 << 50)).await);
    assert!(matches!(stated(None, None).await, Ok(6)));
}
