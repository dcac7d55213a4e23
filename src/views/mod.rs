//! Everything that goes out. Pure: no database, nothing async.

pub mod auth;
pub mod monitoring;
pub mod oauth;
pub mod problem;
pub mod sessions;
pub mod users;
