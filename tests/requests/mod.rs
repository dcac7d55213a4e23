mod register;
mod token;
mod users;
