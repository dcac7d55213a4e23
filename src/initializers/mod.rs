//! Wiring at boot: what needs the router, and the database's pool.

pub mod database;
pub mod logger;
pub mod openapi;
