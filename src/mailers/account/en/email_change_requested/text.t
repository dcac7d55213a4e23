{% extends "layout/text.t" %}
{% block body %}{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}

Somebody, most likely you, has asked to change the address of your
account to {{ new_email }} ({{ at }}). Nothing has changed yet: the new
address must be confirmed first.

If it was not you, change your password now: that makes the request void
and ends all other sessions.{% endblock %}
