{% extends "layout/text.t" %}
{% block body %}{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}

Jemand hat sich von einem Gerät, das wir noch nicht kennen, bei Ihrem
Konto angemeldet.

Zeit: {{ at }}
Gerät: {{ device }}
{% if address %}Adresse: {{ address }}
{% endif %}
Falls Sie es waren, brauchen Sie nichts zu tun. Falls nicht, ändern Sie
Ihr Passwort: Das beendet alle anderen Sitzungen.{% endblock %}
