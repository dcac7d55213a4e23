#![doc = include_str!("README.md")]

pub mod app;
pub mod clock;
pub mod controllers;
pub mod initializers;
pub mod mailers;
pub mod metrics;
pub mod models;
pub mod runtime;
pub mod settings;
pub mod tasks;
pub mod traces;
pub mod views;
pub mod workers;
