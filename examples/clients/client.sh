#!/usr/bin/env bash
# A client of Rollcall with curl and jq: logs in, reads pages, renews its session, understands refusals.
set -euo pipefail

base=${ROLLCALL_URL:-http://localhost:5150} access='' refresh=''

# `request METHOD PATH [curl's arguments]`: sets $status and $body.
request() {
  local method=$1 path=$2 head
  shift 2
  head=$(mktemp)
  for _ in 1 2 3; do
    body=$(curl -sS -X "$method" "$base$path" -D "$head" -H 'Accept: application/json' "$@")
    status=$(awk 'NR == 1 { print $2 }' "$head")
    # 429: nothing was done, and the answer says when to come again. So does 503, but what may have begun
    # is only asked again where that changes nothing.
    [ "$status" = 429 ] || { [ "$status" = 503 ] && [ "$method" = GET ]; } || break
    sleep "$(awk 'tolower($1) == "retry-after:" { print $2 + 0 }' "$head")"
  done
  rm "$head"
}

# What went wrong is a problem document (RFC 9457): `code` is for programs, `detail` for people.
problem() { jq -r '"\(.status) \(.code): \(.detail)", (.errors // [] | .[] | "  \(.pointer) \(.code)")' <<<"$body"; }
succeeded() { [ "${status:0:1}" = 2 ] || { problem >&2; exit 1; }; }

keep_tokens() {
  access=$(jq -r .access_token <<<"$body")
  # The next one; this one is spent, and sending it again ends the session.
  refresh=$(jq -r .refresh_token <<<"$body")
}

renew() {
  request POST /auth/token -d grant_type=refresh_token --data-urlencode "refresh_token=$refresh"
  [ "$status" = 200 ] && keep_tokens
}

# As `request`, as the account that is logged in. An access token lives for minutes: where it is refused,
# the session is renewed and the request made once more.
call() {
  request "$@" -H "Authorization: Bearer $access"
  if [ "$status" = 401 ] && [ "$(jq -r .code <<<"$body")" = invalid_token ] && renew; then
    request "$@" -H "Authorization: Bearer $access"
  fi
}

# --data-urlencode with @-: a password among a command's arguments could be read by others.
request POST /auth/token -d grant_type=password --data-urlencode "username=${1:?a username}" \
  --data-urlencode "password@"<(printf %s "${ROLLCALL_PASSWORD:?}")
succeeded
keep_tokens
call GET /v1/api/users
succeeded
jq -r '"logged in as \(.username), \(.role)"' <<<"$body"

cursor=''
while :; do
  call GET "/v1/api/admin/users?sort=username&limit=2$cursor"
  succeeded
  jq -r '"page: " + ([.items[].username] | join(", "))' <<<"$body"
  cursor="&cursor=$(jq -r .next <<<"$body")"
  [ "$cursor" != '&cursor=null' ] || break
done

call PATCH /v1/api/users -H 'Content-Type: application/json' -d '{"first_name":7,"nickname":"root"}'
problem

access=expired spent=$refresh
call GET /v1/api/users
succeeded
[ "$refresh" != "$spent" ] && echo "renewed, and asked again"

call POST /auth/logout
succeeded
renew || problem
