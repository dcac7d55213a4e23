{% extends "layout/text.t" %}
{% block body %}{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}

Somebody, most likely you, has asked for a new password for your
account.

{{ link }}

The link works once, until {{ expires_at }}.

If it was not you, you need not do anything: your password stays as it
is.{% endblock %}
