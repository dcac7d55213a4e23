{#- The subject in German. -#}
{% set mail = name | snake_case -%}
{% set words = mail | replace(from="_", to=" ") -%}
to: "src/mailers/account/de/{{ mail }}/subject.t"
skip_exists: true
---
Mitteilung von {% raw %}{{ product }}{% endraw %}: {{ words }}
