{% extends "layout/html.t" %}
{% block body %}
<h1 style="margin:0 0 16px; font-size:22px; line-height:28px; color:#111827;">Eine neue Anmeldung</h1>
<p style="margin:0 0 16px;">{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}</p>
<p style="margin:0 0 16px;">Jemand hat sich von einem Gerät, das wir noch nicht kennen, bei Ihrem Konto angemeldet.</p>
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px; font-size:16px; line-height:24px;">
<tr><td style="padding:0 16px 4px 0; color:#4b5563;">Zeit</td><td style="padding:0 0 4px;">{{ at }}</td></tr>
<tr><td style="padding:0 16px 4px 0; color:#4b5563;">Gerät</td><td style="padding:0 0 4px;">{{ device }}</td></tr>
{% if address %}<tr><td style="padding:0 16px 4px 0; color:#4b5563;">Adresse</td><td style="padding:0 0 4px;">{{ address }}</td></tr>{% endif %}
</table>
<p style="margin:0 0 0;">Falls Sie es waren, brauchen Sie nichts zu tun. Falls nicht, ändern Sie Ihr Passwort: Das beendet alle anderen Sitzungen.</p>
{% endblock %}
