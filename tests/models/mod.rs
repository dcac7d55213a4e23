mod housekeeping;
mod leases;
mod policy;
mod rehash;
