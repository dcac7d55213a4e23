{% extends "layout/html.t" %}
{% block body %}
<h1 style="margin:0 0 16px; font-size:22px; line-height:28px; color:#111827;">Sign in</h1>
<p style="margin:0 0 16px;">{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}</p>
<p style="margin:0 0 16px;">With this link you sign in without a password.</p>
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 24px;">
<tr>
<td align="center" style="border-radius:6px; background-color:{{ color }};"><a href="{{ link }}" style="display:inline-block; padding:12px 28px; border-radius:6px; font-size:16px; font-weight:600; line-height:20px; color:#ffffff; text-decoration:none;">Sign in</a></td>
</tr>
</table>
<p style="margin:0 0 16px;">The link works once, until {{ expires_at }}.</p>
<p style="margin:0 0 16px; font-size:13px; line-height:20px; color:#4b5563;">If the button does not work, copy this link into your browser:<br><a href="{{ link }}" style="color:{{ color }}; word-break:break-all;">{{ link }}</a></p>
<p style="margin:0 0 0;">Do not forward this mail: whoever has the link can sign in as you. If you did not ask for it, you need not do anything.</p>
{% endblock %}
