{% extends "layout/html.t" %}
{% block body %}
<h1 style="margin:0 0 16px; font-size:22px; line-height:28px; color:#111827;">Confirm your email address</h1>
<p style="margin:0 0 16px;">{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}</p>
<p style="margin:0 0 16px;">Somebody, most likely you, has registered this address with {{ product }}. Please confirm that it is yours.</p>
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 24px;">
<tr>
<td align="center" style="border-radius:6px; background-color:{{ color }};"><a href="{{ link }}" style="display:inline-block; padding:12px 28px; border-radius:6px; font-size:16px; font-weight:600; line-height:20px; color:#ffffff; text-decoration:none;">Confirm</a></td>
</tr>
</table>
<p style="margin:0 0 16px;">The link works once, until {{ expires_at }}.</p>
<p style="margin:0 0 16px; font-size:13px; line-height:20px; color:#4b5563;">If the button does not work, copy this link into your browser:<br><a href="{{ link }}" style="color:{{ color }}; word-break:break-all;">{{ link }}</a></p>
<p style="margin:0 0 0;">If it was not you, you need not do anything.</p>
{% endblock %}
