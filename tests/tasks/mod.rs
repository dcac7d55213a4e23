mod sessions_purge;
