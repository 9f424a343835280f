//! The bytes of a manifest: magic and version, then length and BLAKE3 of each part, then the parts (postcard). A file of
//! another version is no manifest, nor is one with another checksum: its store entry is made again.

const MAGIC: [u8; 8] = *b"pbwhl\0\x03\n";
/// A length, little endian, and a BLAKE3.
const ENTRY: usize = 8 + 32;
const HEAD: usize = MAGIC.len() + PARTS * ENTRY;
const PARTS: usize = 3;

/// In the order in which they are wanted more and more seldom: whoever needs few reads the beginning of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Outline,
    Names,
    Contents,
}

pub(crate) fn seal(parts: [&[u8]; PARTS]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + parts.iter().map(|part| part.len()).sum::<usize>());
    bytes.extend_from_slice(&MAGIC);
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(blake3::hash(part).as_bytes());
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Where a part ends in its file. Nothing when the bytes are not the beginning of a manifest of this version.
pub(crate) fn end_of(bytes: &[u8], part: Part) -> Option<usize> {
    let head = bytes.get(..HEAD)?.strip_prefix(&MAGIC)?;
    head.chunks_exact(ENTRY).take(part as usize + 1).try_fold(HEAD, |end, entry| {
        let length = u64::from_le_bytes(*entry.first_chunk()?);
        end.checked_add(usize::try_from(length).ok()?)
    })
}

/// A part that is there as it was written.
pub(super) fn part(bytes: &[u8], part: Part) -> Option<&[u8]> {
    let end = end_of(bytes, part)?;
    let entry = &bytes[MAGIC.len() + part as usize * ENTRY..][..ENTRY];
    let (length, digest) = entry.split_first_chunk()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let found = bytes.get(end.checked_sub(length)?..end)?;
    (*digest == *blake3::hash(found).as_bytes()).then_some(found)
}

/// Are the parts all that there is?
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    end_of(bytes, Part::Contents) == Some(bytes.len())
}
