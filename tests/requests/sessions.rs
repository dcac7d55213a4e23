mod lifetimes;
mod refresh;
mod storage;
