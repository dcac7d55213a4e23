{#- The English text of a notice, and its kind: what the compiler then asks for is where it is sent. -#}
{% set mail = name | snake_case -%}
{% set words = mail | replace(from="_", to=" ") -%}
{% set kind = mail | pascal_case -%}
to: "src/mailers/account/en/{{ mail }}/text.t"
skip_exists: true
message: "The mail is there, in English and German. Order it in the transaction of what it tells of: `outbox.order(&txn, Kind::{{ kind }}, &user, &user.email, &Details::default(), now)`, and `outbox.deliver(..)` after the commit."
injections:
- into: src/models/outbox_mails.rs
  before: "^    VerifyEmail,"
  content: "    {{ kind }},"
- into: src/models/outbox_mails.rs
  before: 'Self::PasswordChanged => "password_changed"'
  content: "            Self::{{ kind }} => \"{{ mail }}\","
- into: src/models/outbox_mails.rs
  before: "^            Self::PasswordChanged$"
  content: "            Self::{{ kind }} |"
---
{% raw %}{% extends "layout/text.t" %}
{% block body %}{% if name %}Hello {{ name }},{% else %}Hello,{% endif %}{% endraw %}

This is about your account: {{ words }}{% raw %} ({{ at }}).{% endblock %}{% endraw %}
