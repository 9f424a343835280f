//! The project itself, installed from its source.
