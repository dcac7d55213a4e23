//! Wiring at boot: what needs the router, and what runs beside the requests.

pub mod audit_sealing;
pub mod authentication_watch;
pub mod database_watch;
pub mod doctor;
pub mod housekeeping;
pub mod logger;
pub mod mail_delivery;
pub mod metrics;
pub mod openapi;
pub mod serving;
