//! Everything that goes out. Pure: no database, nothing async.

pub mod account;
pub mod auth;
pub mod dev_mails;
pub mod monitoring;
pub mod oauth;
pub mod outbox_mails;
pub mod problem;
pub mod sessions;
pub mod templates;
pub mod users;
