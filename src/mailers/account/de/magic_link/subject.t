Ihr Link zur Anmeldung bei {{ product }}
