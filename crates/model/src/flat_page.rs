//! Pages and directories that list files of any project: what pip calls find-links.

use crate::html_page;
use crate::index_page::{BadPage, Builder, MAX_FILES, RawFile, Yanked};
use crate::{PackageName, ProjectPage};
use url::Url;

/// The files of all projects in one place.
#[derive(Debug)]
pub struct FlatPage {
    base: Url,
    /// Each with its name in the normalised form of PEP 503, which tells quickly whose it cannot be.
    files: Vec<(Box<str>, RawFile<'static>)>,
}

impl FlatPage {
    /// Every link of an HTML page. `base` is the URL the page came from.
    pub fn from_html(bytes: &[u8], base: &Url) -> Result<Self, BadPage> {
        let text = std::str::from_utf8(bytes).map_err(|_| BadPage::NotText)?;
        let mut page = Self { base: html_page::base_of(text, base), files: Vec::new() };
        for file in html_page::files(text).filter(|file| is_distribution(&file.filename)) {
            page.push(file)?;
        }
        Ok(page)
    }

    /// Files by name, with their URL and their size in bytes. `base` is the URL of their directory.
    pub fn from_files(base: &Url, files: impl Iterator<Item = (String, Url, Option<u64>)>) -> Result<Self, BadPage> {
        let mut page = Self { base: base.clone(), files: Vec::new() };
        for (filename, url, size) in files.filter(|(filename, ..)| is_distribution(filename)) {
            page.push(RawFile {
                filename: filename.into(),
                url: String::from(url).into(),
                sha256: None,
                size,
                requires_python: None,
                yanked: Yanked::No,
                core_metadata: None,
                upload_time: None,
            })?;
        }
        Ok(page)
    }

    /// What is there of one project, in the order of the page.
    pub fn page(&self, name: &PackageName) -> ProjectPage {
        let prefix = format!("{name}-");
        let mut builder = Builder::new(name, &self.base);
        for (_, file) in self.files.iter().filter(|(normalised, _)| normalised.starts_with(&prefix)) {
            // The bound on files was checked for all projects together.
            let _ = builder.push(file.clone());
        }
        builder.finish()
    }

    fn push(&mut self, file: RawFile<'static>) -> Result<(), BadPage> {
        if self.files.len() >= MAX_FILES {
            return Err(BadPage::TooManyFiles(MAX_FILES));
        }
        self.files.push((normalised(&file.filename), file));
        Ok(())
    }
}

fn is_distribution(filename: &str) -> bool {
    [".whl", ".tar.gz", ".zip"].iter().any(|suffix| filename.ends_with(suffix))
}

/// The rule for names, for the whole file name: runs of `-`, `_` and `.` are one `-`.
fn normalised(filename: &str) -> Box<str> {
    let mut text = String::with_capacity(filename.len());
    for c in filename.chars() {
        match c {
            '-' | '_' | '.' if text.ends_with('-') => {}
            '-' | '_' | '.' => text.push('-'),
            c => text.push(c.to_ascii_lowercase()),
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filenames(page: &FlatPage, name: &str) -> Vec<String> {
        page.page(&name.parse().unwrap()).files.iter().map(|file| file.filename.to_string()).collect()
    }

    #[test]
    fn a_page_has_files_of_many_projects() {
        let html = r#"<base href="/w/"><a href="My_Pkg-1.0-py3-none-any.whl">x</a> <a href="my.pkg-1.1.tar.gz">y</a>
            <a href="my-pkg-extra-2.0.tar.gz">z</a> <a href="https://other.example/six-1.0%2Bcpu.tar.gz">six</a>
            <a href="notes.html">no</a> <a href="file:///etc/six-2.0.tar.gz">no</a>"#;
        let base = Url::parse("https://links.example/all.html").unwrap();
        let page = FlatPage::from_html(html.as_bytes(), &base).unwrap();
        assert_eq!(filenames(&page, "my-pkg"), ["My_Pkg-1.0-py3-none-any.whl", "my.pkg-1.1.tar.gz"]);
        assert_eq!(filenames(&page, "my-pkg-extra"), ["my-pkg-extra-2.0.tar.gz"]);
        assert_eq!(filenames(&page, "six"), ["six-1.0+cpu.tar.gz"]);
        assert_eq!(filenames(&page, "absent"), [""; 0]);
        let file = &page.page(&"my-pkg".parse().unwrap()).files[0];
        assert_eq!(file.url.as_str(), "https://links.example/w/My_Pkg-1.0-py3-none-any.whl");
    }

    #[test]
    fn a_directory_has_sizes() {
        let base = Url::parse("file:///w/").unwrap();
        let files = ["six-1.0.tar.gz", "README"].map(|name| (name.to_owned(), base.join(name).unwrap(), Some(3)));
        let page = FlatPage::from_files(&base, files.into_iter()).unwrap().page(&"six".parse().unwrap());
        assert_eq!((page.files.len(), page.ignored, page.files[0].size), (1, 0, Some(3)));
        assert_eq!(page.files[0].url.as_str(), "file:///w/six-1.0.tar.gz");
    }
}
