You are invited to {{ product }}
