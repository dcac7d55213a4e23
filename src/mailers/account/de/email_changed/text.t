{% extends "layout/text.t" %}
{% block body %}{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}

Die Adresse Ihres Kontos wurde von {{ old_email }} in {{ new_email }}
geändert ({{ at }}).

Falls Sie es nicht waren, wenden Sie sich sofort an die Administration.{% endblock %}
