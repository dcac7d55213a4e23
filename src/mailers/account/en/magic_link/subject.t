Your link to sign in to {{ product }}
