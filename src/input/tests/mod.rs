//! Tests of the input from bytes to rows: whole messages, whole files, and properties of any bytes.

mod compressed;
mod files;
mod keys;
mod labels;
mod layout;
mod lists;
mod properties;
mod refused;
mod text;
mod values;
