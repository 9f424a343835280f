//! Errors as the catalogue's problems: code, message, hint and, where one exists, the command that mends it.

use crate::Error;
use pybun_model::{Problem, Safety};

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let problem = Problem::new(code(error), error.to_string());
        match error {
            Error::Unreachable { url, .. } => problem
                .hint("Check the network, the index URL and HTTPS_PROXY; `--offline` works from the cache alone")
                .with("url", url.as_str()),
            Error::Timeout { url, seconds } => problem
                .hint("Try again; PYBUN_HTTP_TIMEOUT sets how many seconds PyBun waits")
                .with("url", url.as_str())
                .with("seconds", *seconds),
            Error::Untrusted { url, .. } => problem
                .hint("If your network inspects TLS, name its certificates with SSL_CERT_FILE=<file.pem>")
                .with("url", url.as_str()),
            Error::Offline { what } => {
                problem.hint("Run the command once without `--offline`").with("missing", vec![what.as_str()])
            }
            Error::NotAllowed { url, host, status, with_credentials, withheld } => problem
                .hint(if *withheld {
                    format!(
                        "Only this project's files name {host}, so it gets no credentials of yours; if you trust it, \
                         name it yourself: PYBUN_INDEX=<name>=<url>, or [[index]] in your own configuration"
                    )
                } else if *with_credentials {
                    format!("The credentials for {host} were refused: check them in ~/.netrc or in the index URL")
                } else {
                    format!("Add `machine {host} login <name> password <token>` to ~/.netrc")
                })
                .with("url", url.as_str())
                .with("status", *status)
                .with("host", host.as_str())
                .with(
                    "credentials",
                    if *with_credentials {
                        "refused"
                    } else if *withheld {
                        "withheld"
                    } else {
                        "none"
                    },
                ),
            Error::HttpStatus { url, status } => problem
                .hint(match status {
                    429 => "The index asks to slow down; try again in a minute",
                    500.. => "The index has trouble; try again later",
                    _ => "Check the index URL",
                })
                .with("url", url.as_str())
                .with("status", *status),
            Error::TooManyRedirects { url, .. } => problem.hint("Check the index URL").with("url", url.as_str()),
            Error::TooLarge { what, limit } => {
                problem.hint("The index is broken or hostile").with("what", what.as_str()).with("limit", *limit)
            }
            Error::HashMismatch { filename, expected, actual } => problem
                .hint("The file changed on the index or on the way. If the change is expected, lock again")
                .fix(Safety::Review, ["pybun", "lock"])
                .with("filename", filename.as_str())
                .with("expected", expected.to_string())
                .with("actual", actual.to_string()),
            Error::SizeMismatch { filename, expected, actual } => problem
                .hint("The download was cut short or the index states a wrong size; try again")
                .with("filename", filename.as_str())
                .with("expected", *expected)
                .with("actual", *actual),
            Error::NotAFile { url, filename } => problem
                .hint("A portal or a proxy answered: log in there, or check the index URL")
                .with("url", url.as_str())
                .with("filename", filename.as_str()),
            Error::BadPage { url, .. } => {
                problem.hint("Check that the URL is one of a package index (PEP 503)").with("url", url.as_str())
            }
            Error::BadMetadata { filename, .. } => {
                problem.hint("Choose another release of the project").with("filename", filename.as_str())
            }
            Error::BadCertificates { path, origin, .. } => problem
                .hint(format!("{origin} must name a readable file with PEM certificates, or be unset"))
                .with("path", path.as_str())
                .with("origin", origin.as_str()),
            Error::BadUrl { text, .. } => problem
                .hint("An index URL looks like https://host/simple or file:///directory")
                .with("url", text.as_str()),
            Error::BadSetting { origin, value, expected } => {
                problem.hint(format!("Set {origin} to {expected}")).with("value", value.as_str())
            }
            Error::BadConfiguration { path, .. } => {
                problem.hint("Mend the file, or name another one with PIP_CONFIG_FILE").with("path", path.as_str())
            }
            Error::NotFound { filename, sha256, indexes } => problem
                .hint("The lock was made with other indexes, or the file was deleted: lock again")
                .fix(Safety::Review, ["pybun", "lock"])
                .with("filename", filename.as_str())
                .with("sha256", sha256.to_string())
                .with("indexes", indexes.clone()),
            Error::BadFindLinks { place, .. } => problem
                .hint("find-links names a directory with files, or a page that links to files")
                .with("place", place.as_str()),
            Error::DiskFull { path } => {
                problem.hint("Free some space, or move the cache with `--cache-dir`").with("path", path.as_str())
            }
            Error::CacheNotWritable { path, .. } => {
                problem.hint("Make it writable, or move the cache with `--cache-dir`").with("path", path.as_str())
            }
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

fn code(error: &Error) -> &'static str {
    match error {
        Error::Unreachable { .. } => "fetch/unreachable",
        Error::Timeout { .. } => "fetch/timeout",
        Error::Untrusted { .. } => "fetch/untrusted-certificate",
        Error::Offline { .. } => "fetch/offline",
        Error::NotAllowed { .. } => "fetch/not-allowed",
        Error::HttpStatus { .. } => "fetch/http-status",
        Error::TooManyRedirects { .. } => "fetch/too-many-redirects",
        Error::TooLarge { .. } => "fetch/too-large",
        Error::HashMismatch { .. } => "fetch/hash-mismatch",
        Error::SizeMismatch { .. } => "fetch/size-mismatch",
        Error::NotAFile { .. } => "fetch/not-a-file",
        Error::BadPage { .. } => "fetch/bad-page",
        Error::BadMetadata { .. } => "fetch/bad-metadata",
        Error::BadCertificates { .. } => "fetch/bad-certificates",
        Error::BadUrl { .. } => "fetch/bad-url",
        Error::BadSetting { .. } => "fetch/bad-setting",
        Error::BadConfiguration { .. } => "fetch/bad-configuration",
        Error::NotFound { .. } => "fetch/not-found",
        Error::BadFindLinks { .. } => "fetch/bad-find-links",
        Error::DiskFull { .. } => "fetch/disk-full",
        Error::CacheNotWritable { .. } => "fetch/cache-not-writable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_which_host_needs_credentials() {
        let error = Error::NotAllowed {
            url: "https://index.example/simple/a/".into(),
            host: "index.example".into(),
            status: 401,
            with_credentials: false,
            withheld: false,
        };
        let problem = Problem::from(&error);
        assert_eq!(problem.code, "fetch/not-allowed");
        assert!(problem.hint.unwrap().contains("machine index.example"));
        assert_eq!(problem.context["status"], 401);
    }

    #[test]
    fn a_changed_file_can_be_locked_again() {
        let sha = pybun_model::Sha256([0; 32]);
        let error = Error::HashMismatch { filename: "a.whl".into(), expected: sha, actual: sha };
        assert_eq!(Problem::from(error).fix.unwrap().command, ["pybun", "lock"]);
    }
}
