{% extends "layout/text.t" %}
{% block body %}{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}

Ihr Konto soll die Adresse {{ new_email }} bekommen. Bis Sie sie
bestätigen, bleibt die alte.

{{ link }}

Der Link gilt einmal, bis {{ expires_at }}.

Falls Sie das nicht angefordert haben, brauchen Sie nichts zu tun.{% endblock %}
