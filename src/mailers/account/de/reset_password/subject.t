Wählen Sie ein neues Passwort für {{ product }}
