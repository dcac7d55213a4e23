{% extends "layout/html.t" %}
{% block body %}
<h1 style="margin:0 0 16px; font-size:22px; line-height:28px; color:#111827;">Eine Änderung Ihrer Adresse wurde angefordert</h1>
<p style="margin:0 0 16px;">{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}</p>
<p style="margin:0 0 16px;">Jemand, vermutlich Sie selbst, möchte die Adresse Ihres Kontos in {{ new_email }} ändern ({{ at }}). Noch ist nichts geändert: Die neue Adresse muss erst bestätigt werden.</p>
<p style="margin:0 0 0;">Falls Sie es nicht waren, ändern Sie jetzt Ihr Passwort: Damit ist die Anforderung hinfällig, und alle anderen Sitzungen sind beendet.</p>
{% endblock %}
