//! Mails: what they say stands in templates beside this file, one folder a language.

pub mod account;
pub mod recorded;
