{% extends "layout/html.t" %}
{% block body %}
<h1 style="margin:0 0 16px; font-size:22px; line-height:28px; color:#111827;">A new sign-in</h1>
<p style="margin:0 0 16px;">{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}</p>
<p style="margin:0 0 16px;">Somebody has signed in to your account from a device that we have not seen before.</p>
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px; font-size:16px; line-height:24px;">
<tr><td style="padding:0 16px 4px 0; color:#4b5563;">When</td><td style="padding:0 0 4px;">{{ at }}</td></tr>
<tr><td style="padding:0 16px 4px 0; color:#4b5563;">Device</td><td style="padding:0 0 4px;">{{ device }}</td></tr>
{% if address %}<tr><td style="padding:0 16px 4px 0; color:#4b5563;">Address</td><td style="padding:0 0 4px;">{{ address }}</td></tr>{% endif %}
</table>
<p style="margin:0 0 0;">If it was you, you need not do anything. If not, change your password: that ends all other sessions.</p>
{% endblock %}
