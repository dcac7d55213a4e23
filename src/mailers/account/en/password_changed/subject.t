Your password for {{ product }} was changed
