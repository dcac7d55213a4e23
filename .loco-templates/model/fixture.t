{#- src/fixtures/<plural>.yaml: rows of the development set, which belong to ada. -#}
to: "src/fixtures/{{ plural }}.yaml"
---
- id: 01980000-0000-7000-8000-000000000101
{%- if owner %}
  user_id: 01980000-0000-7000-8000-000000000002
{%- endif %}
{%- for parent in parents %}
  {{ parent.field }}: 01980000-0000-7000-8000-000000000101
{%- endfor %}
{%- for field in fields %}
  {{ field.name }}: {% if field.conversion or field.rust == "String" or field.is_day or field.is_uuid %}"{{ field.yaml | trim_start_matches(pat='"') | trim_end_matches(pat='"') }}"{% else %}{{ field.yaml }}{% endif %}
{%- endfor %}
  created_at: "2026-01-01T00:00:00Z"
  updated_at: null
