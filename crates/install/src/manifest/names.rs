//! The names of all files of a wheel: what linking them one by one takes.

use super::sealed::{Part, part};
use super::{File, Folder, Outline, is_possible};
use serde::{Deserialize, Serialize};

/// In the order of the directories of the outline.
pub(crate) struct Names<'a>(Vec<Name<'a>>);

#[derive(Clone, Copy)]
pub(crate) struct Name<'a> {
    pub name: &'a str,
    pub executable: bool,
}

/// There are thousands, so that they are one text that is looked through once.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    /// A NUL byte after each.
    text: &'a str,
    /// Positions of those that are executable.
    executable: Vec<u32>,
}

impl<'a> Names<'a> {
    pub(super) fn encode<'f>(files: impl Iterator<Item = &'f File<'a>>) -> Vec<u8>
    where
        'a: 'f,
    {
        let (mut text, mut executable) = (String::new(), Vec::new());
        for (position, file) in (0..).zip(files) {
            text.push_str(file.name);
            text.push('\0');
            if file.executable {
                executable.push(position);
            }
        }
        postcard::to_stdvec(&Wire { text: &text, executable }).expect("texts and numbers always serialise")
    }

    /// Of a manifest whose first bytes, up to the end of the names, are given.
    pub fn decode(bytes: &'a [u8], outline: &Outline<'_>) -> Option<Self> {
        let Wire { text, executable } = postcard::from_bytes(part(bytes, Part::Names)?).ok()?;
        if text.bytes().any(|byte| matches!(byte, b'/' | b'\\')) {
            return None;
        }
        let counts = outline.groups.iter().flat_map(|group| &group.dirs).map(|folder| u64::from(folder.files));
        let count = usize::try_from(counts.sum::<u64>()).ok().filter(|count| *count <= text.len())?;
        let mut names = Vec::with_capacity(count);
        for name in text.split_terminator('\0') {
            if matches!(name, "" | "." | "..") || !is_possible(name) {
                return None;
            }
            names.push(Name { name, executable: false });
        }
        for position in executable {
            names.get_mut(position as usize)?.executable = true;
        }
        (names.len() == count).then_some(Self(names))
    }

    /// Every directory, with the position of its group.
    pub fn by_folder<'n>(
        &'n self,
        outline: &'n Outline<'a>,
    ) -> impl Iterator<Item = (usize, &'n Folder<'a>, &'n [Name<'a>])> {
        let groups = outline.groups.iter().enumerate();
        let folders = groups.flat_map(|(index, group)| group.dirs.iter().map(move |folder| (index, folder)));
        let mut rest = &self.0[..];
        folders.map(move |(index, folder)| {
            let (own, others) = rest.split_at(folder.files as usize);
            rest = others;
            (index, folder, own)
        })
    }
}
