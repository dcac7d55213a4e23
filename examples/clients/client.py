"""A client of Rollcall with Python's own library: logs in, reads pages, renews its session, understands refusals."""

import json
import os
import sys
import time
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen


class Problem(Exception):
    """An answer of 400 and above (RFC 9457): `code` is for programs, `detail` for people."""

    def __init__(self, status, document):
        super().__init__(f"{status} {document.get('code')}: {document.get('detail')}")
        self.status = status
        self.code = document.get("code")
        self.errors = document.get("errors") or []


class Client:
    def __init__(self, base):
        self.base = base
        self.access_token = None
        self.refresh_token = None

    def log_in(self, username, password):
        self._tokens(grant_type="password", username=username, password=password)

    def renew(self):
        self._tokens(grant_type="refresh_token", refresh_token=self.refresh_token)

    def call(self, method, path, body=None):
        """As the account that is logged in. An access token lives for minutes: where it is refused, the session is
        renewed and the request made once more."""
        try:
            return self._json(method, path, body)
        except Problem as problem:
            if problem.code != "invalid_token" or self.refresh_token is None:
                raise
        self.renew()
        return self._json(method, path, body)

    def pages(self, path, **query):
        """Each page of a list; a cursor is good for the filters and the order that it was given with."""
        while True:
            page = self.call("GET", f"{path}?{urlencode(query)}")
            yield page["items"]
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    def _tokens(self, **form):
        content = "application/x-www-form-urlencoded"
        answer = self._send("POST", "/auth/token", urlencode(form).encode(), {"Content-Type": content})
        self.access_token = answer["access_token"]
        # The next one; the one before is spent, and sending it again ends the session.
        self.refresh_token = answer["refresh_token"]

    def _json(self, method, path, body):
        headers = {"Authorization": f"Bearer {self.access_token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self._send(method, path, None if body is None else json.dumps(body).encode(), headers)

    def _send(self, method, path, data, headers):
        for last in (False, False, True):
            try:
                with urlopen(Request(self.base + path, data, headers, method=method), timeout=30) as answer:
                    return json.loads(answer.read() or "null")
            except HTTPError as error:
                # 429: nothing was done, and the answer says when to come again. So does 503, but what may
                # have begun is only asked again where that changes nothing.
                may_repeat = error.code == 429 or (error.code == 503 and method == "GET")
                if last or not may_repeat:
                    is_ours = error.headers.get_content_type() == "application/problem+json"
                    document = json.load(error) if is_ours else {"detail": error.reason}
                    raise Problem(error.code, document) from None
                time.sleep(int(error.headers.get("Retry-After", "1")))


def main():
    client = Client(os.environ.get("ROLLCALL_URL", "http://localhost:5150"))
    client.log_in(sys.argv[1], os.environ["ROLLCALL_PASSWORD"])
    me = client.call("GET", "/v1/api/users")
    print(f"logged in as {me['username']}, {me['role']}")

    for items in client.pages("/v1/api/admin/users", sort="username", limit=2):
        print("page:", ", ".join(item["username"] for item in items))

    try:
        client.call("PATCH", "/v1/api/users", {"first_name": 7, "nickname": "root"})
    except Problem as problem:
        print(problem)
        for error in problem.errors:
            print(" ", error["pointer"], error["code"])

    client.access_token, spent = "expired", client.refresh_token
    client.call("GET", "/v1/api/users")
    if client.refresh_token != spent:
        print("renewed, and asked again")

    client.call("POST", "/auth/logout")
    try:
        client.renew()
    except Problem as problem:
        print(problem)


if __name__ == "__main__":
    main()
