{% extends "layout/html.t" %}
{% block body %}
<h1 style="margin:0 0 16px; font-size:22px; line-height:28px; color:#111827;">A change of your address was asked for</h1>
<p style="margin:0 0 16px;">{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}</p>
<p style="margin:0 0 16px;">Somebody, most likely you, has asked to change the address of your account to {{ new_email }} ({{ at }}). Nothing has changed yet: the new address must be confirmed first.</p>
<p style="margin:0 0 0;">If it was not you, change your password now: that makes the request void and ends all other sessions.</p>
{% endblock %}
