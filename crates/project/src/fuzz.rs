//! What the fuzzer calls (`fuzz/`).

use crate::record::Record;

pub fn environment_record(bytes: &[u8]) {
    if let Some(record) = Record::parse(bytes, 7) {
        let again = Record::parse(record.to_text(7).as_bytes(), 7).expect("what is written is read");
        assert_eq!(again.to_text(7), record.to_text(7));
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
        replay("environment_record", environment_record);
    }
}
