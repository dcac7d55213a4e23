Ihr Passwort für {{ product }} wurde geändert
