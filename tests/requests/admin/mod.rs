//! What administrators do, and what is written of it.

mod accounts;
mod audit_chain;
mod audit_events;
mod batch;
mod last_admin;
mod lifecycle;
mod own_data;
mod search;
mod suspension;

const USERS: &str = "/v1/api/admin/users";
