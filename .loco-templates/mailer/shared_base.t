{#- The same as HTML, in German. -#}
{% set mail = name | snake_case -%}
{% set words = mail | replace(from="_", to=" ") -%}
to: "src/mailers/account/de/{{ mail }}/html.t"
skip_exists: true
---
{% raw %}{% extends "layout/html.t" %}
{% block body %}{% endraw %}
<h1 style="margin:0 0 16px; font-size:22px; line-height:28px; color:#111827;">{{ words | title_case }}</h1>
{% raw %}<p style="margin:0 0 16px;">{% if name %}Guten Tag {{ name }},{% else %}Guten Tag,{% endif %}</p>{% endraw %}
<p style="margin:0 0 0;">es geht um Ihr Konto: {{ words }}{% raw %} ({{ at }}).</p>
{% endblock %}{% endraw %}
