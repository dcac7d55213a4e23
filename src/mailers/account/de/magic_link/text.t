{% extends "layout/text.t" %}
{% block body %}{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}

Mit diesem Link melden Sie sich ohne Passwort an.

{{ link }}

Der Link gilt einmal, bis {{ expires_at }}.

Leiten Sie diese Nachricht nicht weiter: Wer den Link hat, kann sich als
Sie anmelden. Falls Sie ihn nicht angefordert haben, brauchen Sie nichts
zu tun.{% endblock %}
