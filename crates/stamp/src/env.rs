use std::ffi::OsStr;

/// Named by the launcher or the shim and of no influence on what is decided.
const EXEMPT: [&str; 4] = ["PYBUN_NO_LAUNCHER", "PYBUN_KEEP_BIN", "PYBUN_CLI", "PYBUN_ENGINE"];

/// Where indexes and configuration come from, besides `PYBUN_*`. Not HOME and its like: by them the state is found that holds
/// the stamp, and the user's own configuration is compared; a stamp of root's counts for those who have another HOME.
const COUNTED: [&str; 5] =
    ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_CONFIG_FILE"];

/// Whether the variable may change what PyBun decides.
pub fn counts(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    let named = |known: &[&str]| known.iter().any(|known| known.as_bytes() == bytes);
    named(&COUNTED) || (bytes.starts_with(b"PYBUN_") && !named(&EXEMPT))
}

/// One short text for all variables that count; 32 hexadecimal digits. The order of `variables` does not matter.
pub fn digest<N: AsRef<OsStr>, V: AsRef<OsStr>>(variables: impl IntoIterator<Item = (N, V)>) -> String {
    let mut counted: Vec<(N, V)> = variables.into_iter().filter(|(name, _)| counts(name.as_ref())).collect();
    counted.sort_by(|(a, _), (b, _)| a.as_ref().cmp(b.as_ref()));
    let mut hasher = blake3::Hasher::new();
    for (name, value) in &counted {
        for part in [name.as_ref(), value.as_ref()] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_encoded_bytes());
        }
    }
    crate::key::short(&hasher)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_counts_counts() {
        let base = digest([("PIP_NO_INDEX", "1"), ("PYBUN_OFFLINE", "1"), ("VIRTUAL_ENV", "/v")]);
        assert_eq!(base.len(), 32);
        let same = [("PYBUN_OFFLINE", "1"), ("HOME", "/x"), ("PIP_NO_INDEX", "1"), ("PYBUN_KEEP_BIN", "1")];
        assert_eq!(base, digest(same));
        assert_ne!(base, digest([("PIP_NO_INDEX", "1"), ("PYBUN_OFFLINE", "0")]));
        assert_ne!(base, digest([("PIP_NO_INDEX", "1")]));
        assert_ne!(base, digest([("PIP_NO_INDEX", "1"), ("PYBUN_OFFLINE", "1"), ("PIP_INDEX_URL", "")]));
    }

    #[test]
    fn names_and_values_do_not_run_together() {
        assert_ne!(digest([("PYBUN_A", "BC")]), digest([("PYBUN_AB", "C")]));
    }
}
