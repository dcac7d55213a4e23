{% extends "layout/html.t" %}
{% block body %}
<h1 style="margin:0 0 16px; font-size:22px; line-height:28px; color:#111827;">Bestätigen Sie Ihre neue Adresse</h1>
<p style="margin:0 0 16px;">{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}</p>
<p style="margin:0 0 16px;">Ihr Konto soll die Adresse {{ new_email }} bekommen. Bis Sie sie bestätigen, bleibt die alte.</p>
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 24px;">
<tr>
<td align="center" style="border-radius:6px; background-color:{{ color }};"><a href="{{ link }}" style="display:inline-block; padding:12px 28px; border-radius:6px; font-size:16px; font-weight:600; line-height:20px; color:#ffffff; text-decoration:none;">Bestätigen</a></td>
</tr>
</table>
<p style="margin:0 0 16px;">Der Link gilt einmal, bis {{ expires_at }}.</p>
<p style="margin:0 0 16px; font-size:13px; line-height:20px; color:#4b5563;">Falls die Schaltfläche nicht funktioniert, kopieren Sie diesen Link in Ihren Browser:<br><a href="{{ link }}" style="color:{{ color }}; word-break:break-all;">{{ link }}</a></p>
<p style="margin:0 0 0;">Falls Sie das nicht angefordert haben, brauchen Sie nichts zu tun.</p>
{% endblock %}
