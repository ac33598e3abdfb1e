//! The bytes of a file or pipe, decompressed and converted to UTF-8.

pub mod compression;
pub mod encoding;
pub mod file_type;
pub mod source;
pub mod utf8;
pub mod watched_file;
