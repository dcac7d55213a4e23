{% extends "layout/text.t" %}
{% block body %}{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}

Your account is to have the address {{ new_email }}. Until you confirm
it, the old one stays.

{{ link }}

The link works once, until {{ expires_at }}.

If you did not ask for this, you need not do anything.{% endblock %}
