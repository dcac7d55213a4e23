Choose a new password for {{ product }}
