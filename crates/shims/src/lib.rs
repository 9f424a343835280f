//! The Python files that PyBun ships, as embedded text.
