{% extends "layout/text.t" %}
{% block body %}{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}

With this link you sign in without a password.

{{ link }}

The link works once, until {{ expires_at }}.

Do not forward this mail: whoever has the link can sign in as you. If
you did not ask for it, you need not do anything.{% endblock %}
