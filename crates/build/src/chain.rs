//! What is being built because of what: a build requirement may itself have to be built.

use crate::Error;

/// The builds that wait for this one, from the outermost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain(Vec<String>);

/// Deeper than any real tool chain.
const MAX_DEPTH: usize = 16;

impl Chain {
    /// The chain for what `name` needs. An error when `name` already waits for itself.
    pub fn with(&self, name: &str) -> Result<Self, Error> {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        if self.0.iter().any(|waiting| waiting == name) || names.len() > MAX_DEPTH {
            return Err(Error::Cycle { chain: names });
        }
        Ok(Self(names))
    }

    pub fn names(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_itself_is_a_cycle() {
        let chain = Chain::default().with("a 1").unwrap().with("b 1").unwrap();
        assert_eq!(chain.names(), ["a 1", "b 1"]);
        assert!(matches!(chain.with("a 1"), Err(Error::Cycle { chain }) if chain == ["a 1", "b 1", "a 1"]));
    }

    #[test]
    fn endless_chains_end() {
        let mut chain = Chain::default();
        let error = (0..100).find_map(|i| match chain.with(&format!("p{i}")) {
            Ok(longer) => {
                chain = longer;
                None
            }
            Err(error) => Some(error),
        });
        assert!(error.is_some());
    }
}
