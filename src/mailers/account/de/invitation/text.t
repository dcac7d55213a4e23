{% extends "layout/text.t" %}
{% block body %}{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}

Eine Administratorin oder ein Administrator von {{ product }} hat ein
Konto für Sie angelegt. Ihr Benutzername ist {{ username }}.

Wählen Sie ein Passwort, um es zu benutzen.

{{ link }}

Der Link gilt einmal, bis {{ expires_at }}.

Falls Sie diese Einladung nicht erwartet haben, brauchen Sie nichts zu
tun.{% endblock %}
