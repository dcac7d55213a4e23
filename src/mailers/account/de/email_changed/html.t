{% extends "layout/html.t" %}
{% block body %}
<h1 style="margin:0 0 16px; font-size:22px; line-height:28px; color:#111827;">Ihre Adresse wurde geändert</h1>
<p style="margin:0 0 16px;">{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}</p>
<p style="margin:0 0 16px;">Die Adresse Ihres Kontos wurde von {{ old_email }} in {{ new_email }} geändert ({{ at }}).</p>
<p style="margin:0 0 0;">Falls Sie es nicht waren, wenden Sie sich sofort an die Administration.</p>
{% endblock %}
