//! What the fuzzer calls (`fuzz/`).

use crate::{FORMAT, HEADER, Lock, MAGIC, decode, encode, framed};

/// As it is, and as the body of each format with a right header. What is read must be written as the same lock.
pub fn lock(bytes: &[u8]) {
    drop(decode(bytes));
    for version in 1..=FORMAT {
        if let Ok(lock) = decode(&framed(version, bytes)) {
            let written = encode(&lock);
            let again = decode(&written).expect("what was written can be read");
            assert_eq!(again, lock);
            assert_eq!(encode(&again), written);
        }
    }
    if let Some(body) = bytes.get(HEADER..).filter(|_| bytes.starts_with(MAGIC)) {
        drop(decode(&framed(FORMAT, body)));
    }
}

/// The lock that is in the bytes, or whose body they are.
pub fn read(bytes: &[u8]) -> Option<Lock> {
    decode(bytes).or_else(|_| decode(&framed(FORMAT, bytes))).ok()
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    use super::replay::replay;
    use super::*;

    #[test]
    fn known_inputs_do_no_harm() {
        replay("lock", lock);
    }
}
