Neue Anmeldung bei {{ product }}
