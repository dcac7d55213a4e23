mod full_disk;
mod register;
