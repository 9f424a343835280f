//! What the fuzzer calls (`fuzz/`).

use crate::parse;

/// The checksum at the end is made right, so that the lines before it are read.
pub fn stamp(bytes: &[u8]) {
    drop(parse(bytes));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(stamp) = parse(crate::text::sealed(text).as_bytes()) {
        assert_eq!(parse(stamp.to_text().as_bytes()), Ok(stamp));
    }
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
        replay("stamp", stamp);
    }
}
