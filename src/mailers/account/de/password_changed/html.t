{% extends "layout/html.t" %}
{% block body %}
<h1 style="margin:0 0 16px; font-size:22px; line-height:28px; color:#111827;">Ihr Passwort wurde geändert</h1>
<p style="margin:0 0 16px;">{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}</p>
<p style="margin:0 0 16px;">Das Passwort Ihres Kontos wurde geändert ({{ at }}). Alle anderen Sitzungen sind beendet.</p>
<p style="margin:0 0 0;">Falls Sie es nicht waren, wählen Sie sofort über „Passwort vergessen“ ein neues, und wenden Sie sich an die Administration.</p>
{% endblock %}
