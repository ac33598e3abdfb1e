//! Requests and replies as plain data, and the bytes on a connection.

pub mod pages;
pub mod paths;
pub mod raw_connection;
pub mod raw_response;
pub mod reply;
pub mod route;
