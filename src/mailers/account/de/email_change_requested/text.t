{% extends "layout/text.t" %}
{% block body %}{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}

Jemand, vermutlich Sie selbst, möchte die Adresse Ihres Kontos in {{
new_email }} ändern ({{ at }}). Noch ist nichts geändert: Die neue
Adresse muss erst bestätigt werden.

Falls Sie es nicht waren, ändern Sie jetzt Ihr Passwort: Damit ist die
Anforderung hinfällig, und alle anderen Sitzungen sind beendet.{% endblock %}
