"""Who asks: an account of its own every second, because the requests end sessions, change passwords
and delete the account that they are sent by."""

import itertools
import os

import requests
import schemathesis

BASE = os.environ["ROLLCALL_BASE"]
PASSWORD = "correct horse battery"
NUMBERS = itertools.count()


@schemathesis.auth(refresh_interval=1)
class Account:
    def get(self, case, context):
        role = os.environ["ROLLCALL_ROLE"]
        name = f"caller-{role}-{os.getpid()}-{next(NUMBERS)}"
        account = {"username": name, "email": f"{name}@example.com", "password": PASSWORD, "role": role}
        requests.post(f"{BASE}/auth/register", json=account).raise_for_status()
        login = {"username": name, "password": PASSWORD}
        answer = requests.post(f"{BASE}/auth/token", json=login)
        answer.raise_for_status()
        return answer.json()["access_token"]

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"
