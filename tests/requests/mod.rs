mod register;
mod sessions;
