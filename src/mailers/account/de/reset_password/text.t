{% extends "layout/text.t" %}
{% block body %}{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}

Jemand, vermutlich Sie selbst, hat ein neues Passwort für Ihr Konto
angefordert.

{{ link }}

Der Link gilt einmal, bis {{ expires_at }}.

Falls Sie es nicht waren, brauchen Sie nichts zu tun: Ihr Passwort
bleibt, wie es ist.{% endblock %}
