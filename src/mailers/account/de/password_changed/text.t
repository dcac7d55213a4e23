{% extends "layout/text.t" %}
{% block body %}{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}

Das Passwort Ihres Kontos wurde geändert ({{ at }}). Alle anderen
Sitzungen sind beendet.

Falls Sie es nicht waren, wählen Sie sofort über „Passwort vergessen“
ein neues, und wenden Sie sich an die Administration.{% endblock %}
