mod register;
mod token;
