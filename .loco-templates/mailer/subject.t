{#- Its subject. -#}
{% set mail = name | snake_case -%}
{% set words = mail | replace(from="_", to=" ") -%}
to: "src/mailers/account/en/{{ mail }}/subject.t"
skip_exists: true
---
{% raw %}{{ product }}{% endraw %}: {{ words }}
