{% extends "layout/html.t" %}
{% block body %}
<h1 style="margin:0 0 16px; font-size:22px; line-height:28px; color:#111827;">Your address was changed</h1>
<p style="margin:0 0 16px;">{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}</p>
<p style="margin:0 0 16px;">The address of your account was changed from {{ old_email }} to {{ new_email }} ({{ at }}).</p>
<p style="margin:0 0 0;">If it was not you, tell an administrator at once.</p>
{% endblock %}
