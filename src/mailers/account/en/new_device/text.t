{% extends "layout/text.t" %}
{% block body %}{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}

Somebody has signed in to your account from a device that we have not
seen before.

When: {{ at }}
Device: {{ device }}
{% if address %}Address: {{ address }}
{% endif %}
If it was you, you need not do anything. If not, change your password:
that ends all other sessions.{% endblock %}
