//! Writes ZIP archives, right ones and wrong ones.

/// A member whose header and directory record can be made to lie.
#[derive(Clone)]
pub(crate) struct Member {
    pub name: Vec<u8>,
    pub content: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub mode: u32,
    /// Sizes and CRC follow the data.
    pub descriptor: bool,
    /// Sizes are in a zip64 field.
    pub zip64: bool,
    pub extra: Vec<u8>,
    /// Of the central directory.
    pub lie: Lie,
    /// Bytes after the data that nothing names.
    pub gap: Vec<u8>,
    /// Instead of the compressed content.
    pub data: Option<Vec<u8>>,
}

/// What is written in place of the truth.
#[derive(Clone, Default)]
pub(crate) struct Lie {
    pub local_name: Option<Vec<u8>>,
    pub local_method: Option<u16>,
    pub local_size: Option<u32>,
    pub crc: Option<u32>,
    pub size: Option<u32>,
    pub offset: Option<u32>,
    pub disk: u16,
    pub descriptor_crc: Option<u32>,
}

impl Member {
    pub fn new(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        Self {
            name: name.as_ref().to_vec(),
            content: content.as_ref().to_vec(),
            method: 8,
            flags: 1 << 11,
            mode: 0o100_644,
            descriptor: false,
            zip64: false,
            extra: Vec::new(),
            lie: Lie::default(),
            gap: Vec::new(),
            data: None,
        }
    }

    fn data(&self) -> Vec<u8> {
        match (&self.data, self.method) {
            (Some(data), _) => data.clone(),
            (None, 8) => deflate(&self.content),
            (None, _) => self.content.clone(),
        }
    }
}

fn deflate(content: &[u8]) -> Vec<u8> {
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut out = vec![0; compressor.deflate_compress_bound(content.len())];
    let size = compressor.deflate_compress(content, &mut out).unwrap();
    out.truncate(size);
    out
}

/// The whole archive; its parts can be changed before they are joined.
#[derive(Default)]
pub(crate) struct Parts {
    pub members: Vec<u8>,
    pub directory: Vec<u8>,
    pub entries: u64,
    pub zip64_end: bool,
    /// What the short end record says about the number of members, in place of the truth.
    pub short_entries: Option<u16>,
    pub disk: u16,
    pub comment: Vec<u8>,
}

pub(crate) fn zip(members: &[Member]) -> Vec<u8> {
    parts(members).join()
}

pub(crate) fn parts(members: &[Member]) -> Parts {
    let mut parts = Parts { entries: members.len() as u64, ..Parts::default() };
    for member in members {
        let data = member.data();
        let offset = parts.members.len() as u32;
        let crc = member.lie.crc.unwrap_or_else(|| libdeflater::crc32(&member.content));
        let size = member.lie.size.unwrap_or(member.content.len() as u32);
        write_local(&mut parts.members, member, &data, crc, size);
        write_central(&mut parts.directory, member, data.len() as u32, crc, size, offset);
    }
    parts
}

fn write_local(out: &mut Vec<u8>, member: &Member, data: &[u8], crc: u32, size: u32) {
    let name = member.lie.local_name.as_ref().unwrap_or(&member.name);
    let (local_crc, compressed, local_size) = match (member.descriptor, member.zip64) {
        (true, _) => (0, 0, 0),
        (false, true) => (crc, u32::MAX, u32::MAX),
        (false, false) => (crc, data.len() as u32, member.lie.local_size.unwrap_or(size)),
    };
    let extra = extra(member, data.len() as u64, size.into());
    out.extend(0x0403_4b50u32.to_le_bytes());
    out.extend(20u16.to_le_bytes());
    out.extend(flags(member).to_le_bytes());
    out.extend(member.lie.local_method.unwrap_or(member.method).to_le_bytes());
    out.extend([0; 4]);
    for number in [local_crc, compressed, local_size] {
        out.extend(number.to_le_bytes());
    }
    out.extend((name.len() as u16).to_le_bytes());
    out.extend((extra.len() as u16).to_le_bytes());
    out.extend(name);
    out.extend(extra);
    out.extend(data);
    if member.descriptor {
        out.extend(0x0807_4b50u32.to_le_bytes());
        for number in [member.lie.descriptor_crc.unwrap_or(crc), data.len() as u32, size] {
            out.extend(number.to_le_bytes());
        }
    }
    out.extend(&member.gap);
}

fn write_central(out: &mut Vec<u8>, member: &Member, compressed: u32, crc: u32, size: u32, offset: u32) {
    let extra = extra(member, compressed.into(), size.into());
    let (compressed, size) = if member.zip64 { (u32::MAX, u32::MAX) } else { (compressed, size) };
    out.extend(0x0201_4b50u32.to_le_bytes());
    out.extend([20, 3, 20, 0]);
    out.extend(flags(member).to_le_bytes());
    out.extend(member.method.to_le_bytes());
    out.extend([0; 4]);
    for number in [crc, compressed, size] {
        out.extend(number.to_le_bytes());
    }
    out.extend((member.name.len() as u16).to_le_bytes());
    out.extend((extra.len() as u16).to_le_bytes());
    out.extend(0u16.to_le_bytes());
    out.extend(member.lie.disk.to_le_bytes());
    out.extend(0u16.to_le_bytes());
    out.extend((member.mode << 16).to_le_bytes());
    out.extend(member.lie.offset.unwrap_or(offset).to_le_bytes());
    out.extend(&member.name);
    out.extend(extra);
}

fn flags(member: &Member) -> u16 {
    member.flags | if member.descriptor { 1 << 3 } else { 0 }
}

fn extra(member: &Member, compressed: u64, size: u64) -> Vec<u8> {
    let mut extra = member.extra.clone();
    if member.zip64 {
        extra.extend([1, 0, 16, 0]);
        extra.extend(size.to_le_bytes());
        extra.extend(compressed.to_le_bytes());
    }
    extra
}

impl Parts {
    pub fn join(&self) -> Vec<u8> {
        let mut out = self.members.clone();
        let (offset, size) = (out.len() as u64, self.directory.len() as u64);
        out.extend(&self.directory);
        let end64_at = out.len() as u64;
        if self.zip64_end {
            out.extend(0x0606_4b50u32.to_le_bytes());
            out.extend(44u64.to_le_bytes());
            out.extend([45, 0, 45, 0]);
            out.extend([0; 8]);
            for number in [self.entries, self.entries, size, offset] {
                out.extend(number.to_le_bytes());
            }
            out.extend(0x0706_4b50u32.to_le_bytes());
            out.extend([0; 4]);
            out.extend(end64_at.to_le_bytes());
            out.extend(1u32.to_le_bytes());
        }
        let entries = self.short_entries.unwrap_or(self.entries as u16);
        out.extend(0x0605_4b50u32.to_le_bytes());
        for number in [self.disk, self.disk, entries, entries] {
            out.extend(number.to_le_bytes());
        }
        out.extend((size as u32).to_le_bytes());
        out.extend((offset as u32).to_le_bytes());
        out.extend((self.comment.len() as u16).to_le_bytes());
        out.extend(&self.comment);
        out
    }
}
