//! Thin handlers: extract, authorise, one model call, one view.

pub mod account_pages;
pub mod admin_users;
pub mod audit;
pub mod auth;
pub mod context;
pub mod dev_mails;
pub mod extractors;
pub mod invitations;
pub mod magic_links;
pub mod middlewares;
pub mod monitoring;
pub mod oauth;
pub mod passwords;
pub mod sessions;
pub mod users;
pub mod verification;
