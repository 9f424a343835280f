//! Reading one member: its local header must agree with the directory, its content with CRC and size.

use super::bytes::Bytes;
use super::directory::local_zip64;
use super::{Archive, Entry, ReadAt, ZipError};
use std::io::{self, Read};

const LOCAL: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
pub(super) const HEADER_SIZE: u64 = 30;
/// Sizes and CRC follow the data, and are in the central directory.
pub(super) const HAS_DESCRIPTOR: u16 = 1 << 3;
/// Flags whose difference would change the meaning: encryption, descriptor, patch, strong encryption, masking.
pub(super) const MEANINGFUL_FLAGS: u16 = 1 | 1 << 3 | 1 << 5 | 1 << 6 | 1 << 13;
/// Members up to this size are inflated as a whole by libdeflate (half the CPU of a streaming inflate). Each thread keeps
/// room for the largest one it met, which is most of the memory that a cold installation needs.
const WHOLE: u64 = 8 << 20;
const CHUNK: usize = 256 << 10;
/// What a local header may hold beside the data: its name and an extra block of 64 KiB each, and a descriptor.
const MAX_OVERHEAD: u64 = HEADER_SIZE + 2 * 65_535 + 24;

/// Buffers that one thread uses again for every member.
pub(crate) struct Scratch {
    input: Vec<u8>,
    output: Vec<u8>,
    inflate: libdeflater::Decompressor,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { input: Vec::new(), output: Vec::new(), inflate: libdeflater::Decompressor::new() }
    }
}

impl<R: ReadAt> Archive<R> {
    /// Gives the content to `sink`, in one piece or in chunks. What the sink got is only right when this returns `Ok`.
    pub fn extract(
        &self,
        entry: &Entry,
        scratch: &mut Scratch,
        sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), ZipError> {
        if entry.span > entry.compressed.saturating_add(MAX_OVERHEAD) {
            return Err(entry.bad("is followed by something that no directory names"));
        }
        if entry.size <= WHOLE && entry.compressed <= WHOLE {
            self.extract_whole(entry, scratch, sink)
        } else {
            self.extract_stream(entry, sink)
        }
    }

    fn extract_whole(
        &self,
        entry: &Entry,
        scratch: &mut Scratch,
        sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), ZipError> {
        let span = entry.span as usize;
        if scratch.input.len() < span {
            scratch.input.resize(span, 0);
        }
        let input = &mut scratch.input[..span];
        self.source.read_exact_at(input, entry.offset).map_err(ZipError::Read)?;
        let data_at = check_header(entry, input)? as usize;
        let (data, rest) = input[data_at..].split_at(entry.compressed as usize);
        check_rest(entry, rest)?;
        let content = if entry.method == 0 {
            data
        } else {
            let size = entry.size as usize;
            if scratch.output.len() < size {
                scratch.output.resize(size, 0);
            }
            let output = &mut scratch.output[..size];
            match scratch.inflate.deflate_decompress(data, output) {
                Ok(written) if written == size => output,
                _ => return Err(entry.bad("cannot be decompressed to the size it claims")),
            }
        };
        if libdeflater::crc32(content) != entry.crc {
            return Err(entry.bad("has a wrong checksum"));
        }
        sink(content).map_err(ZipError::Sink)
    }

    fn extract_stream(&self, entry: &Entry, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), ZipError> {
        let mut head = vec![0; entry.span.min(MAX_OVERHEAD) as usize];
        self.source.read_exact_at(&mut head, entry.offset).map_err(ZipError::Read)?;
        let data_at = check_header(entry, &head)?;
        let mut rest = vec![0; (entry.span - data_at - entry.compressed) as usize];
        let end = entry.offset + data_at + entry.compressed;
        self.source.read_exact_at(&mut rest, end).map_err(ZipError::Read)?;
        check_rest(entry, &rest)?;
        let mut data = Range { source: &self.source, at: entry.offset + data_at, end };
        if entry.method == 0 {
            return copy(entry, &mut data, sink);
        }
        copy(entry, &mut flate2::bufread::DeflateDecoder::new(io::BufReader::with_capacity(CHUNK, &mut data)), sink)
    }
}

/// Does a local header begin here?
pub(super) fn is_header(bytes: &[u8]) -> bool {
    Bytes(bytes).u32() == Some(LOCAL)
}

/// Checks the local header that `bytes` start with; says where the data starts. The data and a descriptor fit the span.
fn check_header(entry: &Entry, bytes: &[u8]) -> Result<u64, ZipError> {
    const DISAGREES: &str = "is described differently by its own header and the central directory";
    let header = Header::parse(bytes).ok_or_else(|| entry.bad("has no valid header"))?;
    let described_later = entry.flags & HAS_DESCRIPTOR != 0;
    let sizes =
        [(header.crc.into(), entry.crc.into()), (header.compressed, entry.compressed), (header.size, entry.size)];
    let same = (header.flags ^ entry.flags) & MEANINGFUL_FLAGS == 0
        && header.method == entry.method
        && entry.has_name(header.name)
        && sizes.iter().all(|(local, central): &(u64, u64)| local == central || (described_later && *local == 0));
    if !same {
        return Err(entry.bad(DISAGREES));
    }
    let data_at = HEADER_SIZE + header.name.len() as u64 + header.extra as u64;
    match data_at.checked_add(entry.compressed) {
        Some(end) if end <= entry.span => Ok(data_at),
        _ => Err(entry.bad("overlaps what follows it")),
    }
}

pub(super) struct Header<'a> {
    pub flags: u16,
    pub method: u16,
    pub crc: u32,
    pub compressed: u64,
    pub size: u64,
    pub name: &'a [u8],
    extra: usize,
}

impl<'a> Header<'a> {
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes);
        if bytes.u32()? != LOCAL {
            return None;
        }
        bytes.take(2)?; // the version that it needs
        let (flags, method) = (bytes.u16()?, bytes.u16()?);
        bytes.take(4)?; // time and date
        let (crc, compressed, size) = (bytes.u32()?, bytes.u32()?, bytes.u32()?);
        let (name, extra) = (bytes.u16()?, bytes.u16()?);
        let (name, extra) = (bytes.take(name.into())?, bytes.take(extra.into())?);
        let (mut size, mut compressed) = (u64::from(size), u64::from(compressed));
        if size == u64::from(u32::MAX) || compressed == u64::from(u32::MAX) {
            (size, compressed) = local_zip64(extra)?;
        }
        Some(Self { flags, method, crc, compressed, size, name, extra: extra.len() })
    }
}

/// Behind the data there is a descriptor that agrees, when the flags promise one, and nothing else.
fn check_rest(entry: &Entry, rest: &[u8]) -> Result<(), ZipError> {
    if entry.flags & HAS_DESCRIPTOR == 0 {
        let gap = "is followed by something that no directory names";
        return if rest.is_empty() { Ok(()) } else { Err(entry.bad(gap)) };
    }
    let wide = |bytes: &mut Bytes<'_>| Some((bytes.u32()?, bytes.u64()?, bytes.u64()?));
    let narrow = |bytes: &mut Bytes<'_>| Some((bytes.u32()?, bytes.u32()?.into(), bytes.u32()?.into()));
    let mut bytes = Bytes(rest);
    if matches!(rest.len(), 16 | 24) && bytes.u32() != Some(DESCRIPTOR) {
        return Err(entry.bad("has no valid descriptor"));
    }
    let descriptor = match rest.len() {
        12 | 16 => narrow(&mut bytes),
        20 | 24 => wide(&mut bytes),
        _ => None,
    };
    if descriptor == Some((entry.crc, entry.compressed, entry.size)) {
        Ok(())
    } else {
        Err(entry.bad("has no descriptor that agrees with the central directory"))
    }
}

/// A part of the source as a stream.
struct Range<'a, R> {
    source: &'a R,
    at: u64,
    end: u64,
}

impl<R: ReadAt> Read for Range<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = buffer.len().min(usize::try_from(self.end - self.at).unwrap_or(usize::MAX));
        self.source.read_exact_at(&mut buffer[..n], self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

fn copy(entry: &Entry, from: &mut dyn Read, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), ZipError> {
    let mut chunk = vec![0; CHUNK];
    let mut crc = libdeflater::Crc::new();
    let mut size = 0u64;
    loop {
        let n = match from.read(&mut chunk) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(entry.bad("cannot be decompressed")),
        };
        size += n as u64;
        if size > entry.size {
            return Err(entry.bad("is larger than it claims"));
        }
        crc.update(&chunk[..n]);
        sink(&chunk[..n]).map_err(ZipError::Sink)?;
    }
    if size == entry.size && crc.sum() == entry.crc { Ok(()) } else { Err(entry.bad("has a wrong checksum or size")) }
}
