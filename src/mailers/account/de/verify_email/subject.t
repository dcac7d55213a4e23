Bestätigen Sie Ihre E-Mail-Adresse für {{ product }}
