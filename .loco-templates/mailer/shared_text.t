{#- The text in German. -#}
{% set mail = name | snake_case -%}
{% set words = mail | replace(from="_", to=" ") -%}
to: "src/mailers/account/de/{{ mail }}/text.t"
skip_exists: true
---
{% raw %}{% extends "layout/text.t" %}
{% block body %}{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}{% endraw %}

es geht um Ihr Konto: {{ words }}{% raw %} ({{ at }}).{% endblock %}{% endraw %}
