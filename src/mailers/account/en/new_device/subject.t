New sign-in to {{ product }}
