//! Thin handlers: extract, authorise, one model call, one view.

pub mod auth;
pub mod extractors;
pub mod middlewares;
pub mod monitoring;
pub mod oauth;
pub mod sessions;
pub mod users;
