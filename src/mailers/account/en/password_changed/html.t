{% extends "layout/html.t" %}
{% block body %}
<h1 style="margin:0 0 16px; font-size:22px; line-height:28px; color:#111827;">Your password was changed</h1>
<p style="margin:0 0 16px;">{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}</p>
<p style="margin:0 0 16px;">The password of your account was changed ({{ at }}). All other sessions have ended.</p>
<p style="margin:0 0 0;">If it was not you, choose a new password at once with "forgot password", and tell an administrator.</p>
{% endblock %}
