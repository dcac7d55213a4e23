mod house;
mod models;
mod requests;
mod serving;
mod settings;
mod support;
mod tasks;
mod workers;
