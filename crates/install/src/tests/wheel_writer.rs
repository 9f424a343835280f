//! Writes wheels for the tests.

use super::zip_writer::{Member, zip};
use crate::record::write_row;
use pybun_model::WheelName;
use sha2::Digest;

/// A wheel that is right unless it is changed.
#[derive(Clone)]
pub(crate) struct WheelWriter {
    pub name: String,
    pub version: String,
    pub metadata: String,
    pub wheel: String,
    pub entry_points: Option<String>,
    /// In place of the right one.
    pub record: Option<String>,
    /// Without RECORD and the files above.
    pub files: Vec<Member>,
}

impl WheelWriter {
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            metadata: format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nText\n"),
            wheel: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_owned(),
            entry_points: None,
            record: None,
            files: Vec::new(),
        }
    }

    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.member(Member::new(name, content))
    }

    pub fn member(mut self, member: Member) -> Self {
        self.files.push(member);
        self
    }

    pub fn entry_points(mut self, text: &str) -> Self {
        self.entry_points = Some(text.to_owned());
        self
    }

    /// `{name}-{version}`
    pub fn stem(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    pub fn filename(&self) -> WheelName {
        format!("{}-py3-none-any.whl", self.stem()).parse().unwrap()
    }

    pub fn members(&self) -> Vec<Member> {
        let info = |file: &str| format!("{}.dist-info/{file}", self.stem());
        let mut members = self.files.clone();
        members.push(Member::new(info("METADATA"), &self.metadata));
        members.push(Member::new(info("WHEEL"), &self.wheel));
        if let Some(text) = &self.entry_points {
            members.push(Member::new(info("entry_points.txt"), text));
        }
        let record = self.record.clone().unwrap_or_else(|| {
            let mut text = String::new();
            for member in &members {
                let path = String::from_utf8_lossy(&member.name);
                write_row(&mut text, &path, &sha2::Sha256::digest(&member.content), member.content.len() as u64);
            }
            format!("{text}{},,\n", info("RECORD"))
        });
        members.push(Member::new(info("RECORD"), record));
        members
    }

    pub fn bytes(&self) -> Vec<u8> {
        zip(&self.members())
    }
}
