{% extends "layout/text.t" %}
{% block body %}{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}

Jemand, vermutlich Sie selbst, hat diese Adresse bei {{ product }}
registriert. Bitte bestätigen Sie, dass sie Ihnen gehört.

{{ link }}

Der Link gilt einmal, bis {{ expires_at }}.

Falls Sie es nicht waren, brauchen Sie nichts zu tun.{% endblock %}
