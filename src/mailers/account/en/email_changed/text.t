{% extends "layout/text.t" %}
{% block body %}{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}

The address of your account was changed from {{ old_email }} to {{
new_email }} ({{ at }}).

If it was not you, tell an administrator at once.{% endblock %}
