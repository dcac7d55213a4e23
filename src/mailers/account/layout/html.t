<!doctype html>
<html lang="{{ locale }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{{ product }}</title>
</head>
<body style="margin:0; padding:0; background-color:#f3f4f6; color:#1f2937; font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color:#f3f4f6;">
<tr>
<td align="center" style="padding:32px 12px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;">
<tr>
<td style="padding:0 8px 16px; font-size:18px; line-height:24px; font-weight:700; color:{{ color }};">{{ product }}</td>
</tr>
<tr>
<td style="background-color:#ffffff; border-top:4px solid {{ color }}; border-radius:8px; padding:32px; font-size:16px; line-height:24px; color:#1f2937;">
{% block body %}{% endblock %}
</td>
</tr>
<tr>
<td style="padding:16px 8px 0; font-size:13px; line-height:20px; color:#4b5563;">{{ product }} &middot; <a href="{{ base_url }}" style="color:#4b5563;">{{ base_url }}</a></td>
</tr>
</table>
</td>
</tr>
</table>
</body>
</html>
