//! A lock of which the packages are not read yet: how much of them is wanted depends on what was asked for.

use crate::{Error, Inputs, Lock, v2};
use pybun_model::{MarkerEnvironment, Tags};

pub struct Opened<'a>(Content<'a>);

enum Content<'a> {
    Packages(Box<v2::Opened<'a>>),
    /// Of an older format.
    Lock(Box<Lock>),
}

/// Where something is to be installed.
#[derive(Clone, Copy)]
pub struct Here<'h> {
    pub markers: &'h MarkerEnvironment,
    pub tags: &'h Tags,
}

impl<'a> Opened<'a> {
    pub(crate) fn of_lock(lock: Lock) -> Self {
        Self(Content::Lock(Box::new(lock)))
    }

    pub(crate) fn of_packages(opened: v2::Opened<'a>) -> Self {
        Self(Content::Packages(Box::new(opened)))
    }

    pub fn inputs(&self) -> &Inputs {
        match &self.0 {
            Content::Packages(opened) => &opened.inputs,
            Content::Lock(lock) => &lock.inputs,
        }
    }

    pub fn whole(self) -> Result<Lock, Error> {
        match self.0 {
            Content::Packages(opened) => opened.whole(),
            Content::Lock(lock) => Ok(*lock),
        }
    }

    /// What one interpreter sees of it, in a third of the time: markers only say whether they hold, wheels that do not fit
    /// are left out, and so are the forks. Made to choose from what to install, and never to be saved.
    pub fn here(self, here: Here<'_>) -> Result<Lock, Error> {
        match self.0 {
            Content::Packages(opened) => opened.here(here),
            Content::Lock(lock) => Ok(*lock),
        }
    }
}
