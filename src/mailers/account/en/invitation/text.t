{% extends "layout/text.t" %}
{% block body %}{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}

An administrator of {{ product }} has made an account for you. Your
username is {{ username }}.

Choose a password to use it.

{{ link }}

The link works once, until {{ expires_at }}.

If you did not expect this invitation, you need not do anything.{% endblock %}
