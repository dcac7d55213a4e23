{% extends "layout/text.t" %}
{% block body %}{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}

Somebody, most likely you, has registered this address with {{ product
}}. Please confirm that it is yours.

{{ link }}

The link works once, until {{ expires_at }}.

If it was not you, you need not do anything.{% endblock %}
