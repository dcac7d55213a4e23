{% extends "layout/html.t" %}
{% block body %}
<h1 style="margin:0 0 16px; font-size:22px; line-height:28px; color:#111827;">Bestätigen Sie Ihre E-Mail-Adresse</h1>
<p style="margin:0 0 16px;">{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}</p>
<p style="margin:0 0 16px;">Jemand, vermutlich Sie selbst, hat diese Adresse bei {{ product }} registriert. Bitte bestätigen Sie, dass sie Ihnen gehört.</p>
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 24px;">
<tr>
<td align="center" style="border-radius:6px; background-color:{{ color }};"><a href="{{ link }}" style="display:inline-block; padding:12px 28px; border-radius:6px; font-size:16px; font-weight:600; line-height:20px; color:#ffffff; text-decoration:none;">Bestätigen</a></td>
</tr>
</table>
<p style="margin:0 0 16px;">Der Link gilt einmal, bis {{ expires_at }}.</p>
<p style="margin:0 0 16px; font-size:13px; line-height:20px; color:#4b5563;">Falls die Schaltfläche nicht funktioniert, kopieren Sie diesen Link in Ihren Browser:<br><a href="{{ link }}" style="color:{{ color }}; word-break:break-all;">{{ link }}</a></p>
<p style="margin:0 0 0;">Falls Sie es nicht waren, brauchen Sie nichts zu tun.</p>
{% endblock %}
