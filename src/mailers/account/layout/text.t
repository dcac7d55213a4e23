{% block body %}{% endblock %}

-- 
{{ product }}
{{ base_url }}
