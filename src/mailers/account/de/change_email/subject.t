Bestätigen Sie Ihre neue E-Mail-Adresse für {{ product }}
