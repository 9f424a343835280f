//! The whole client against a server on this machine.
