"""Who schemathesis is: PERSONA is `anonymous`, `member` or `admin`.

A case may log its caller out, change its password or delete it. So the token is tried before each
case, and a new account takes the place of one that is gone.
"""

import base64
import itertools
import os

import requests
import schemathesis

PERSONA = os.environ["PERSONA"]
BASE = os.environ["ROLLCALL_URL"]
PASSWORD = "a quiet evening in may"
CLIENT = f"{os.environ['OAUTH_CLIENT_ID']}:{os.environ['OAUTH_CLIENT_SECRET']}"
BASIC = base64.b64encode(CLIENT.encode()).decode()
ROLES = {"member": "user", "admin": "admin"}

http = requests.Session()
numbers = itertools.count()


def new_account():
    """The token of a new account; its name is counted, so that a run can be repeated."""
    name = f"schemathesis{PERSONA}{next(numbers)}"
    account = {
        "username": name,
        "email": f"{name}@example.com",
        "first_name": "Schema",
        "last_name": "Thesis",
        "password": PASSWORD,
        "role": ROLES[PERSONA],
    }
    answer = http.post(f"{BASE}/auth/register", json=account)
    assert answer.status_code == 201, answer.text
    login = {"username": name, "password": PASSWORD}
    answer = http.post(f"{BASE}/auth/token", data=login)
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


if PERSONA != "anonymous":

    @schemathesis.auth(refresh_interval=None)
    class Caller:
        token = None

        def get(self, case, _):
            if case.path.startswith("/oauth/"):
                return f"Basic {BASIC}"
            if not (self.token and self.lives()):
                self.token = new_account()
            return f"Bearer {self.token}"

        def lives(self):
            bearer = {"Authorization": f"Bearer {self.token}"}
            path = "/v1/api/users/admin-only" if PERSONA == "admin" else "/v1/api/users/"
            return http.get(f"{BASE}{path}", headers=bearer).status_code == 200

        def set(self, case, data, _):
            case.headers["Authorization"] = data
