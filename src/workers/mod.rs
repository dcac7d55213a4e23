//! Work outside of a request. Each worker is a shell: a model says what is to be done.

pub mod deliver_mail;
