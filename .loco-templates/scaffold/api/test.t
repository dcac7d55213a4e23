{#- tests/requests/<plural>.rs, and the rows of the access matrix. -#}
{#- Of a parent that is not everybody's, only its owner and administrators know. -#}
{%- set_global is_confined = false -%}
{%- for parent in parents %}{% if not parent.is_shared and not parent.nullable %}{% set_global is_confined = true %}{% endif %}{% endfor -%}
{%- set good = ["good(", ")"] %}{% if parents %}{% set good = ["good(&s, &maker, ", ").await"] %}{% endif %}
{%- if is_shared %}{% set own = 403 %}{% set other = 403 %}{% set made = 403 %}{% set seen = 200 %}
{%- else %}{% set own = 200 %}{% set other = 404 %}{% set seen = 404 %}
{%- if is_confined %}{% set made = 422 %}{% else %}{% set made = 201 %}{% endif %}{% endif -%}
to: "tests/requests/{{ plural }}.rs"
message: "Tests of the requests: `cargo test requests::{{ plural }}`; and rows in `tests/requests/access_matrix.rs`."
injections:
- into: tests/requests/mod.rs
  append: true
  content: "mod {{ plural }};"
- into: tests/requests/access_matrix.rs
  before: "resources-inject"
  content: "    (\"{{ plural }}\", \"{{ singular }}.\", \"{{ route }}\"),"
- into: tests/requests/access_matrix.rs
  after: "rows-inject"
  content: |2-
        ("GET",    "{{ route }}",      [401, 200, 200, 200, 401, 404]),
        ("POST",   "{{ route }}",      [401, {% if is_shared %}403{% else %}201{% endif %}, {{ made }}, 201, 401, 404]),
        ("GET",    "{{ route }}/{id}", [401, 200, {{ seen }}, 200, 401, 404]),
        ("PATCH",  "{{ route }}/{id}", [401, {{ own }}, {{ other }}, 200, 401, 404]),
        ("DELETE", "{{ route }}/{id}", [401, {% if is_shared %}403, 403, 204{% else %}204, 404, 404{% endif %}, 401, 404]),
- into: tests/requests/access_matrix.rs
  after: "bodies-inject"
  content: |-
    ("POST", "{{ route }}") => Some(json!({
    {%- for parent in parents %}{% if not parent.nullable %}
        "{{ parent.field }}": "{% raw %}{{% endraw %}{{ parent.table }}{% raw %}}{% endraw %}",
    {%- endif %}{% endfor %}
    {%- for field in fields %}
        "{{ field.name }}": {{ field.another }},
    {%- endfor %}
    })),
    ("PATCH", "{{ route }}/{id}") => Some(json!({
    {%- for field in fields %}
        "{{ field.name }}": {{ field.one }},
    {%- endfor %}
    })),
---
//! `{{ route }}`

use std::path::Path;

use loco_rs::app::Hooks;
use rollcall::{app::App, models::{{ plural }} };
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::{Client, Service, in_parallel, service};

const PATH: &str = "{{ route }}";

/// A good body, another one for each caller.
{% if parents -%}
async fn good(s: &Service, maker: &Client, caller: &str) -> Value {
{%- else -%}
fn good(caller: &str) -> Value {
{%- endif %}
    {%- for parent in parents %}
    let {{ parent.field }} = super::{{ parent.table }}::made(s, maker, caller).await;
    {%- endfor %}
    json!({
        {%- for parent in parents %}
        "{{ parent.field }}": {{ parent.field }},
        {%- endfor %}
        {%- for field in fields %}
        "{{ field.name }}": {{ field.another }},
        {%- endfor %}
    })
}

{% if is_shared -%}
/// The id of one, made by somebody who may.
pub async fn made(s: &Service, _: &Client, caller: &str) -> String {
    let maker = s.admin(&format!("maker-of-{{ plural | replace(from="_", to="-") }}-{caller}")).await;
    let body = {% if parents %}good(s, &maker, caller).await{% else %}good(caller){% endif %};
    let answer = maker.post(PATH, body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.text_of("id").to_string()
}

/// Somebody who may make and change them.
async fn maker(s: &Service) -> Client {
    s.admin("maker").await
}
{%- else -%}
/// The id of one that this client makes.
pub async fn made({% if parents %}s{% else %}_{% endif %}: &Service, maker: &Client, caller: &str) -> String {
    let body = {% if parents %}good(s, maker, caller).await{% else %}good(caller){% endif %};
    let answer = maker.post(PATH, body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.text_of("id").to_string()
}

/// Somebody who may make and change their own.
async fn maker(s: &Service) -> Client {
    s.member("maker").await
}
{%- endif %}

async fn count(s: &Service) -> u64 {
    let count = {{ plural }}::Entity::find().count(&s.ctx.db).await;
    count.expect("a count")
}

#[tokio::test]
async fn what_is_made_is_read_changed_listed_and_deleted() {
    service(|s| async move {
        let maker = maker(&s).await;
        let body = {{ good.0 }}"ada"{{ good.1 }};

        let made = maker.post(PATH, body.clone()).await;

        assert_eq!(made.status, 201, "{made:?}");
        for (field, value) in body.as_object().expect("an object") {
            assert_eq!(&made.body[field], value);
        }
        {%- if owner %}
        assert_eq!(made.body["user_id"], maker.id());
        {%- endif %}
        assert_eq!(made.body["updated_at"], Value::Null);
        let path = format!("{PATH}/{}", made.text_of("id"));
        assert_eq!(maker.get(&path).await.body, made.body);
        assert_eq!(maker.get(PATH).await.body["items"], json!([made.body]));

        {%- if fields %}
        let change = json!({"{{ fields[0].name }}": {{ fields[0].one }}});
        let changed = maker.patch(&path, change).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        assert_eq!(changed.body["{{ fields[0].name }}"], json!({{ fields[0].one }}));
        assert!(changed.body["updated_at"].is_string());
        assert_eq!(maker.get(&path).await.body, changed.body);
        {%- endif %}

        assert_eq!(maker.delete(&path).await.status, 204);
        maker.get(&path).await.is_problem(404, "not_found");
        maker.delete(&path).await.is_problem(404, "not_found");
        assert_eq!(count(&s).await, 0);
    })
    .await;
}
{% if not is_shared %}
#[tokio::test]
async fn to_others_it_is_not_there_but_to_administrators() {
    service(|s| async move {
        let maker = maker(&s).await;
        let id = made(&s, &maker, "ada").await;
        let path = format!("{PATH}/{id}");
        let before = maker.get(&path).await.body;
        let stranger = s.member("stranger").await;

        stranger.get(&path).await.is_problem(404, "not_found");
        {%- if fields %}
        let change = json!({"{{ fields[0].name }}": {{ fields[0].one }}});
        stranger.patch(&path, change).await.is_problem(404, "not_found");
        {%- endif %}
        stranger.delete(&path).await.is_problem(404, "not_found");
        assert_eq!(stranger.get(PATH).await.body["items"], json!([]));
        {%- if owner %}
        let theirs = stranger.get(&format!("{PATH}?user_id={}", maker.id())).await;
        assert_eq!(theirs.body["items"], json!([]));
        {%- endif %}

        assert_eq!(maker.get(&path).await.body, before);
        let admin = s.admin("root").await;
        assert_eq!(admin.get(&path).await.body, before);
        assert_eq!(admin.get(PATH).await.body["items"], json!([before]));
    })
    .await;
}
{% endif %}
{%- if is_shared %}
#[tokio::test]
async fn everybody_reads_and_administrators_write() {
    service(|s| async move {
        let maker = maker(&s).await;
        let path = format!("{PATH}/{}", made(&s, &maker, "ada").await);
        let member = s.member("ada").await;

        assert_eq!(member.get(&path).await.status, 200);
        let body = {{ good.0 }}"grace"{{ good.1 }};
        member.post(PATH, body).await.is_problem(403, "forbidden");
        member.patch(&path, json!({})).await.is_problem(403, "forbidden");
        member.delete(&path).await.is_problem(403, "forbidden");

        assert_eq!(count(&s).await, 1);
    })
    .await;
}
{% endif %}
#[tokio::test]
async fn without_a_token_nothing_is_told() {
    service(|s| async move {
        let maker = maker(&s).await;
        let path = format!("{PATH}/{}", made(&s, &maker, "ada").await);
        let suspended = s.member("suspended").await;
        s.deactivate(&suspended).await;

        for client in [s.anonymous(), suspended] {
            client.get(PATH).await.is_problem(401, "invalid_token");
            client.get(&path).await.is_problem(401, "invalid_token");
            client.post(PATH, json!({})).await.is_problem(401, "invalid_token");
            client.patch(&path, json!({})).await.is_problem(401, "invalid_token");
            client.delete(&path).await.is_problem(401, "invalid_token");
        }

        assert_eq!(count(&s).await, 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_valid_is_told_at_once_and_changes_nothing() {
    service(|s| async move {
        let maker = maker(&s).await;
        let path = format!("{PATH}/{}", made(&s, &maker, "ada").await);
        let before = maker.get(&path).await.body;

        let empty = maker.post(PATH, json!({})).await;
        let wrong = json!({
            {%- for parent in parents %}
            "{{ parent.field }}": 7,
            {%- endfor %}
            {%- for field in fields %}
            "{{ field.name }}": {{ field.wrong }},
            {%- endfor %}
            "user_id": maker.id(),
            "surprise": true,
        });
        let posted = maker.post(PATH, wrong.clone()).await;
        let patched = maker.patch(&path, wrong).await;

        let required: Vec<&str> = sorted(&[
            {%- for parent in parents %}{% if not parent.nullable %}"/{{ parent.field }}",{% endif %}{% endfor -%}
            {%- for field in fields %}{% if not field.nullable %}"/{{ field.name }}",{% endif %}{% endfor -%}
        ]);
        if required.is_empty() {
            assert_eq!(empty.status, 201, "{empty:?}");
        } else {
            empty.is_problem(422, "validation_failed");
            assert_eq!(empty.pointers(), required);
        }
        let all: Vec<&str> = sorted(&[
            {%- for parent in parents %}"/{{ parent.field }}",{% endfor -%}
            {%- for field in fields %}"/{{ field.name }}",{% endfor -%}
            "/surprise",
            "/user_id",
        ]);
        for answer in [posted, patched] {
            answer.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), all);
        }
        assert_eq!(maker.get(&path).await.body, before);
        for query in ["limit=0", "limit=101", "limit=x", "cursor=x", "surprise=1"] {
            let answer = maker.get(&format!("{PATH}?{query}")).await;
            answer.is_problem(422, "validation_failed");
        }
        maker.get(&format!("{PATH}/no-id")).await.is_problem(404, "not_found");
    })
    .await;
}

fn sorted<'a>(pointers: &[&'a str]) -> Vec<&'a str> {
    let mut sorted = pointers.to_vec();
    sorted.sort_unstable();
    sorted
}
{% for field in fields %}{% if field.rust == "String" and not field.variants %}
#[tokio::test]
async fn {{ field.name }}_has_a_length_and_no_control_characters() {
    service(|s| async move {
        let maker = maker(&s).await;
        let good = {{ good.0 }}"ada"{{ good.1 }};
        for bad in [String::new(), "x".repeat(10_001), "a\u{0}b".to_string()] {
            let mut body = good.clone();
            body["{{ field.name }}"] = json!(bad);

            let answer = maker.post(PATH, body).await;

            answer.is_problem(422, "validation_failed");
            assert_eq!(answer.pointers(), ["/{{ field.name }}"]);
        }
        assert_eq!(count(&s).await, 0);
    })
    .await;
}
{% endif %}{% if field.nullable %}
#[tokio::test]
async fn {{ field.name }}_may_be_cleared() {
    service(|s| async move {
        let maker = maker(&s).await;
        let path = format!("{PATH}/{}", made(&s, &maker, "ada").await);

        let answer = maker.patch(&path, json!({"{{ field.name }}": null})).await;

        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.body["{{ field.name }}"], Value::Null);
    })
    .await;
}
{% endif %}{% if field.unique %}
#[tokio::test]
async fn of_twenty_at_once_with_the_same_{{ field.name }}_one_is_made() {
    service(|s| async move {
        let maker = maker(&s).await;
        let mut bodies = Vec::new();
        for n in 1..=20 {
            let mut body = {{ good.0 }}&"x".repeat(n){{ good.1 }};
            body["{{ field.name }}"] = json!({{ field.one }});
            bodies.push(body);
        }

        let answers = in_parallel(20, |n| {
            let (maker, body) = (maker.clone(), bodies[n].clone());
            async move { maker.post(PATH, body).await }
        })
        .await;

        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        for answer in answers.iter().filter(|answer| answer.status != 201) {
            answer.is_problem(409, "already_taken");
            assert_eq!(answer.pointers(), ["/{{ field.name }}"]);
        }
        assert_eq!(count(&s).await, 1);
    })
    .await;
}
{% endif %}{% endfor %}{% for parent in parents %}
#[tokio::test]
async fn what_belongs_to_no_{{ parent.singular }}_that_one_sees_is_refused() {
    service(|s| async move {
        let maker = maker(&s).await;
        let path = format!("{PATH}/{}", made(&s, &maker, "ada").await);
        let nobodys = json!(uuid::Uuid::now_v7());
        {%- if parent.is_shared %}
        let strangers = [nobodys];
        {%- else %}
        let stranger = s.member("stranger").await;
        let strangers = [nobodys, json!(super::{{ parent.table }}::made(&s, &stranger, "stranger").await)];
        {%- endif %}

        let good = {{ good.0 }}"grace"{{ good.1 }};
        for id in strangers {
            let mut body = good.clone();
            body["{{ parent.field }}"] = id.clone();
            for answer in [
                maker.post(PATH, body).await,
                maker.patch(&path, json!({"{{ parent.field }}": id})).await,
            ] {
                answer.is_problem(422, "validation_failed");
                assert_eq!(answer.body["errors"][0]["code"], "unknown_{{ parent.singular }}");
            }
        }

        assert_eq!(count(&s).await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_list_of_one_{{ parent.singular }}_has_no_others() {
    service(|s| async move {
        let maker = maker(&s).await;
        let one = made(&s, &maker, "ada").await;
        made(&s, &maker, "grace").await;
        let {{ parent.singular }} = maker.get(&format!("{PATH}/{one}")).await.body["{{ parent.field }}"].clone();

        let query = format!("{PATH}?{{ parent.field }}={}", {{ parent.singular }}.as_str().expect("an id"));
        let answer = maker.get(&query).await;

        let ids: Vec<&Value> = answer.body["items"].as_array().expect("rows").iter().map(|row| &row["id"]).collect();
        assert_eq!(ids, [&json!(one)]);
    })
    .await;
}
{% endfor %}
#[tokio::test]
async fn pages_hold_all_rows_once_the_newest_first() {
    service(|s| async move {
        let maker = maker(&s).await;
        let mut made_ids = Vec::new();
        for n in 1..=5 {
            made_ids.push(made(&s, &maker, &"x".repeat(n)).await);
            s.advance(chrono::Duration::seconds(1));
        }
        made_ids.reverse();

        let mut seen = Vec::new();
        let mut path = format!("{PATH}?limit=2");
        loop {
            let page = maker.get(&path).await;
            assert_eq!(page.status, 200, "{page:?}");
            let items = page.body["items"].as_array().expect("rows");
            seen.extend(items.iter().map(|row| row["id"].as_str().expect("an id").to_string()));
            let Some(next) = page.body["next"].as_str() else { break };
            assert!(page.headers.contains_key("link"));
            path = format!("{PATH}?limit=2&cursor={next}");
        }

        assert_eq!(seen, made_ids);
    })
    .await;
}

#[tokio::test]
async fn each_change_is_in_the_trail_once_and_none_when_nothing_changes() {
    service(|s| async move {
        let maker = maker(&s).await;
        let path = format!("{PATH}/{}", made(&s, &maker, "ada").await);
        {%- if fields %}
        for _ in 0..2 {
            let change = json!({"{{ fields[0].name }}": {{ fields[0].one }}});
            assert_eq!(maker.patch(&path, change).await.status, 200);
        }
        {%- endif %}
        maker.delete(&path).await;
        maker.delete(&path).await;

        let events = s.events().await;
        let count = |action: &str| events.iter().filter(|event| event.action == action).count();
        assert_eq!(count("{{ singular }}.created"), 1);
        {%- if fields %}
        assert_eq!(count("{{ singular }}.updated"), 1);
        {%- endif %}
        assert_eq!(count("{{ singular }}.deleted"), 1);
        let event = s.last_event("{{ singular }}.deleted").await;
        {%- if is_shared %}
        assert!(event.actor_id.is_some());
        {%- else %}
        assert_eq!(event.actor_id, Some(maker.uuid()));
        {%- endif %}
        {%- if owner %}
        assert_eq!(event.subject_id, Some(maker.uuid()));
        {%- endif %}
    })
    .await;
}

#[tokio::test]
async fn of_twenty_deletions_at_once_one_succeeds() {
    service(|s| async move {
        let maker = maker(&s).await;
        let path = format!("{PATH}/{}", made(&s, &maker, "ada").await);

        let answers = in_parallel(20, |_| {
            let (maker, path) = (maker.clone(), path.clone());
            async move { maker.delete(&path).await.status }
        })
        .await;

        assert_eq!(answers.iter().filter(|status| **status == 204).count(), 1);
        assert_eq!(answers.iter().filter(|status| **status == 404).count(), 19);
    })
    .await;
}

#[tokio::test]
async fn the_development_set_is_served() {
    service(|s| async move {
        App::seed(&s.ctx, Path::new("src/fixtures")).await.expect("to seed");
        let ada = s.log_in("ada", "rollcall-development").await;

        let page = ada.get(PATH).await;

        assert_eq!(page.body["items"].as_array().expect("rows").len(), 1);
    })
    .await;
}
