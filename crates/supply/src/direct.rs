//! Files that a requirement names by URL (PEP 508, "name @ URL").

use crate::Supply;
use pybun_model::{Distribution, IndexFile, PackageName, Problem, Sha256, Yanked};
use url::Url;

impl Supply {
    /// The file behind a URL, with its digest: the stated one, else that of what is there now.
    pub(crate) async fn direct_file(&self, name: &PackageName, text: &str) -> Result<IndexFile, Problem> {
        let mut file = parse(name, text)?;
        if file.sha256.is_none() {
            let download = self.shared.client.download(&file, &*self.shared.emit).await;
            let download = download.map_err(|error| Problem::from(&error))?;
            file.sha256 = Some(download.sha256);
            file.size = Some(download.size);
        }
        Ok(file)
    }
}

/// Reads the URL of a wheel or an sdist, with `#sha256=…` where it has that.
pub(crate) fn parse(name: &PackageName, text: &str) -> Result<IndexFile, Problem> {
    let mut url = Url::parse(text).map_err(|error| unusable(name, text, &error.to_string()))?;
    if !matches!(url.scheme(), "https" | "http" | "file") {
        return Err(unusable(name, text, &format!("URLs of kind `{}` cannot be installed yet", url.scheme())));
    }
    let sha256 = url.fragment().and_then(digest);
    url.set_fragment(None);
    let segment = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    let filename = percent_decoded(segment);
    let distribution =
        Distribution::parse(&filename, name).map_err(|error| unusable(name, text, &error.to_string()))?;
    Ok(IndexFile {
        filename: filename.into(),
        distribution,
        url,
        sha256,
        size: None,
        requires_python: None,
        yanked: Yanked::No,
        core_metadata: None,
        upload_time: None,
    })
}

fn digest(fragment: &str) -> Option<Sha256> {
    fragment.split('&').find_map(|part| part.strip_prefix("sha256="))?.parse().ok()
}

/// The only escapes that names of distributions need are `+` and `!`.
fn percent_decoded(segment: &str) -> String {
    segment.replace("%2B", "+").replace("%2b", "+").replace("%21", "!")
}

fn unusable(name: &PackageName, text: &str, why: &str) -> Problem {
    Problem::new("requirement/unusable-url", format!("`{name} @ {text}` cannot be used: {why}"))
        .hint("The URL must lead to a wheel or an sdist whose file name holds the project's name and version")
        .with("package", name.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<IndexFile, Problem> {
        parse(&"a".parse().unwrap(), text)
    }

    #[test]
    fn reads_wheels_and_sdists() {
        let hex = "0".repeat(64);
        let file = of(&format!("https://h.example/x/a-1.0%2Bcpu-py3-none-any.whl#sha256={hex}")).unwrap();
        assert_eq!(&*file.filename, "a-1.0+cpu-py3-none-any.whl");
        assert_eq!(file.sha256, Some(hex.parse().unwrap()));
        assert_eq!(file.url.fragment(), None);
        assert!(of("file:///x/a-1.0.tar.gz").is_ok());
    }

    #[test]
    fn refuses_what_it_cannot_install() {
        for text in ["git+https://h.example/a.git", "https://h.example/b-1.0.tar.gz", "https://h.example/main.zip", "x"]
        {
            assert_eq!(of(text).unwrap_err().code, "requirement/unusable-url", "{text}");
        }
    }
}
