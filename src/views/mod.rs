//! Everything that goes out. Pure: no database, nothing async.

pub mod account;
pub mod admin;
pub mod audit;
pub mod auth;
pub mod dev_mails;
pub mod export;
pub mod monitoring;
pub mod oauth;
pub mod outbox_mails;
pub mod page;
pub mod problem;
pub mod sessions;
pub mod templates;
pub mod users;
