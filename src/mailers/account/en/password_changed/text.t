{% extends "layout/text.t" %}
{% block body %}{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}

The password of your account was changed ({{ at }}). All other sessions
have ended.

If it was not you, choose a new password at once with "forgot password",
and tell an administrator.{% endblock %}
