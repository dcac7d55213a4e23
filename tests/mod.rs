mod house;
mod models;
mod requests;
mod settings;
mod support;
mod tasks;
mod workers;
