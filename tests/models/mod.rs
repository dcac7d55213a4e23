mod clock;
mod errors;
mod hasher;
mod identifiers;
mod passwords;
mod timestamps;
mod users;
