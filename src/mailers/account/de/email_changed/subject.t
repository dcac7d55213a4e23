Ihre E-Mail-Adresse bei {{ product }} wurde geändert
