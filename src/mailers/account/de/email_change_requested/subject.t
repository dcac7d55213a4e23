Ihre E-Mail-Adresse bei {{ product }} soll geändert werden
