mod ending;
mod invented;
mod lifetimes;
mod listing;
mod races;
mod refresh;
mod storage;
