use super::archive::{noise, tar_gz, zip};
use super::server::{Answer, Server};
use super::{Sandbox, file, sha};
use crate::Error;

const METADATA: &[u8] = b"Metadata-Version: 2.2\nName: Six\nVersion: 1.0\nRequires-Dist: a\n\nText\n";
const WHEEL: &str = "six-1.0-py3-none-any.whl";

fn wheel(filler: usize) -> Vec<u8> {
    zip(&[
        ("six.py", &noise(filler)),
        ("six/vendored-9.dist-info/METADATA", b"Name: no"),
        ("six-1.0.dist-info/METADATA", METADATA),
    ])
}

#[tokio::test]
async fn metadata_of_a_file_without_digest_is_asked_for_again() {
    let server = Server::start(|_, _| Answer::new(200, METADATA));
    let sandbox = Sandbox::new(server.url("/"));
    let file = pybun_model::IndexFile {
        sha256: None,
        core_metadata: Some(None),
        ..file(WHEEL, server.url("/f/six.whl"), b"wheel")
    };
    for (client, asked) in
        [(sandbox.client(), 1), (sandbox.client(), 1), (sandbox.refreshing(), 2), (sandbox.offline(), 2)]
    {
        client.metadata(&file).await.unwrap();
        assert_eq!(server.seen().len(), asked);
    }
}

#[tokio::test]
async fn declared_metadata_is_one_request_and_kept_for_ever() {
    let server = Server::start(|_, _| Answer::new(200, METADATA).with("cache-control", "no-store"));
    let sandbox = Sandbox::new(server.url("/"));
    let mut file = file(WHEEL, server.url("/f/six.whl"), b"wheel");
    file.core_metadata = Some(Some(sha(METADATA)));
    assert_eq!(sandbox.client().metadata(&file).await.unwrap().requires_dist.len(), 1);
    assert_eq!(sandbox.refreshing().metadata(&file).await.unwrap().requires_dist.len(), 1);
    assert_eq!(sandbox.offline().metadata(&file).await.unwrap().name.as_ref(), "six");
    assert_eq!(server.paths(), ["/f/six.whl.metadata"]);
    // Another file at the same place has metadata of its own.
    file.sha256 = Some(sha(b"another wheel"));
    assert!(matches!(sandbox.offline().metadata(&file).await, Err(Error::Offline { .. })));
}

#[tokio::test]
async fn declared_metadata_is_checked() {
    let server = Server::start(|_, _| Answer::new(200, METADATA));
    let sandbox = Sandbox::new(server.url("/"));
    let mut file = file(WHEEL, server.url("/f/six.whl"), b"wheel");
    file.core_metadata = Some(Some(sha(b"other")));
    assert!(matches!(sandbox.client().metadata(&file).await, Err(Error::HashMismatch { .. })));
    file.core_metadata = Some(None);
    file.distribution = pybun_model::Distribution::Wheel("six-2.0-py3-none-any.whl".parse().unwrap());
    assert!(matches!(sandbox.client().metadata(&file).await, Err(Error::BadMetadata { .. })));
}

#[tokio::test]
async fn one_range_is_enough_for_a_small_wheel_and_for_a_large_one() {
    for filler in [0, 200_000] {
        let bytes = wheel(filler);
        let served = bytes.clone();
        let server = Server::start(move |request, _| Answer::file(request, &served));
        let sandbox = Sandbox::new(server.url("/"));
        let file = file(WHEEL, server.url("/six.whl"), &bytes);
        assert_eq!(sandbox.client().metadata(&file).await.unwrap().requires_dist.len(), 1);
        assert_eq!(server.seen().len(), 1);
        assert_eq!(server.seen()[0].header("range"), Some("bytes=-65536"));
        assert_eq!(server.seen()[0].header("accept-encoding"), Some("identity"));
    }
}

#[tokio::test]
async fn metadata_and_directory_far_from_the_end_are_found() {
    let many: Vec<String> = (0..2000).map(|i| format!("six/a_rather_long_file_name_of_a_module_{i}.py")).collect();
    let noise = noise(150_000);
    let mut members: Vec<(&str, &[u8])> = vec![("six-1.0.dist-info/METADATA", METADATA), ("six.bin", &noise)];
    members.extend(many.iter().map(|name| (name.as_str(), &b""[..])));
    let bytes = zip(&members);
    let served = bytes.clone();
    let server = Server::start(move |request, _| Answer::file(request, &served));
    let file = file(WHEEL, server.url("/six.whl"), &bytes);
    let metadata = Sandbox::new(server.url("/")).client().metadata(&file).await.unwrap();
    assert_eq!((metadata.requires_dist.len(), server.seen().len()), (1, 3));
}

#[tokio::test]
async fn a_server_without_ranges_gives_the_whole_file() {
    let bytes = wheel(100_000);
    for status in [200, 416, 501] {
        let served = bytes.clone();
        let server = Server::start(move |request, _| match request.header("range") {
            Some(_) if status != 200 => Answer::new(status, ""),
            _ => Answer::new(200, served.clone()),
        });
        let sandbox = Sandbox::new(server.url("/"));
        let file = file(WHEEL, server.url("/six.whl"), &bytes);
        assert_eq!(sandbox.client().metadata(&file).await.unwrap().requires_dist.len(), 1, "{status}");
        assert_eq!(server.seen().len(), 2);
        assert_eq!(sandbox.leftovers(), 0);
    }
}

#[tokio::test]
async fn metadata_that_is_declared_and_absent_is_cut_out_of_the_wheel() {
    let bytes = wheel(10);
    let served = bytes.clone();
    let server = Server::start(move |request, _| match request.path.as_str() {
        "/six.whl" => Answer::file(request, &served),
        _ => Answer::new(404, ""),
    });
    let mut file = file(WHEEL, server.url("/six.whl"), &bytes);
    file.core_metadata = Some(None);
    Sandbox::new(server.url("/")).client().metadata(&file).await.unwrap();
    assert_eq!(server.paths(), ["/six.whl.metadata", "/six.whl"]);
}

#[tokio::test]
async fn parts_that_are_of_something_else_are_not_believed() {
    let bytes = wheel(100_000);
    let served = bytes.clone();
    let server = Server::start(move |request, _| match request.header("range") {
        Some(_) => Answer::new(206, noise(65_536)).with("content-range", "bytes 100000-165535/165536"),
        None => Answer::new(200, served.clone()),
    });
    let sandbox = Sandbox::new(server.url("/"));
    let file = file(WHEEL, server.url("/six.whl"), &bytes);
    assert_eq!(sandbox.client().metadata(&file).await.unwrap().requires_dist.len(), 1);
    assert_eq!((server.seen().len(), sandbox.leftovers()), (2, 0));
}

#[tokio::test]
async fn broken_wheels_are_bad_metadata() {
    let double = zip(&[("six-1.0.dist-info/METADATA", METADATA), ("Six-1.0.dist-info/METADATA", METADATA)]);
    for bytes in [b"no zip".to_vec(), zip(&[("six.py", b"")]), double] {
        let served = bytes.clone();
        let server = Server::start(move |request, _| Answer::file(request, &served));
        let file = file(WHEEL, server.url("/six.whl"), &bytes);
        let error = Sandbox::new(server.url("/")).client().metadata(&file).await.unwrap_err();
        assert!(matches!(error, Error::BadMetadata { .. }), "{error}");
    }
}

#[tokio::test]
async fn sdists_tell_what_a_build_cannot_change() {
    let dynamic = String::from_utf8(METADATA.to_vec()).unwrap().replace("2.2", "2.1");
    let other = b"Metadata-Version: 2.2\nName: no\nVersion: 3\n";
    for (info, expected) in [(METADATA, Some(1)), (dynamic.as_bytes(), None), (&other[..], None)] {
        let members: [(&str, &[u8]); 2] = [("six-1.0/six.egg-info/PKG-INFO", other), ("six-1.0/PKG-INFO", info)];
        for (filename, bytes) in [("six-1.0.tar.gz", tar_gz(&members)), ("six-1.0.zip", zip(&members))] {
            let served = bytes.clone();
            let server = Server::start(move |_, _| Answer::new(200, served.clone()));
            let sandbox = Sandbox::new(server.url("/"));
            let file = file(filename, server.url("/s"), &bytes);
            for client in [sandbox.client(), sandbox.offline()] {
                let found = client.sdist_metadata(&file).await.unwrap();
                assert_eq!(found.map(|metadata| metadata.requires_dist.len()), expected, "{filename}");
            }
            assert_eq!((server.seen().len(), sandbox.leftovers()), (1, 0));
        }
    }
}
