//! Answers of single commands as tables.
