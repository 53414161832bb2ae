"""Brings about every answer that openapi.yaml documents; Api.check() judges each."""
import base64
import concurrent.futures
import json
import re
import signal
import socket

from running_relay import Answer, eventually, read_answer

OPEN = """
doors:
  - {type: http, listen: "127.0.0.1:0", max_body_bytes: 8KiB, max_batch_bytes: 64KiB}
  - {type: admin, listen: "127.0.0.1:0"}
  - {type: http, listen: "127.0.0.1:0", header_timeout: 200ms, max_connections: 1}
sinks:
  hangs: {url: "DOWNSTREAM", timeout: 1m}
  slow: {url: "DOWNSTREAM", timeout: 1m, limits: [2/1s], cost: json:/cost}
queues:
  q: {pull: true, dedup: 1h, classes: {otp: {priority: 0}}, retry: {max_attempts: 1}}
  driven: {sink: hangs}
  costly: {sink: slow}
  late: {sink: hangs, limits: [1/1h], ttl: 1s, on_late: refuse}
  small: {pull: true, max_messages: 1}
  tiny: {pull: true, max_bytes: 1KiB}
  counted: {pull: true, producer_limits: [2/1h]}
topics:
  t: {queues: [q], dedup: 1h}
  costly: {queues: [costly]}
  late: {queues: [late]}
  small: {queues: [small]}
  tiny: {queues: [tiny]}
  counted: {queues: [counted]}
"""
GUARDED = """
doors: [{type: http, listen: "127.0.0.1:0"}, {type: admin, listen: "127.0.0.1:0"}]
sinks: {s: {url: "http://127.0.0.1:9/"}}
queues: {q: {sink: s, classes: {otp: {priority: 0}}}, other: {pull: true}}
topics: {t: {queues: [q]}}
auth:
  tokens:
    - {name: nobody, token: secret-of-nobody, may: ["pull:other"]}
    - {name: operator, token: secret-of-operator, may: [admin]}
"""
NDJSON = ("Content-Type", "application/x-ndjson")
NO_ID = "0" * 26


class Downstream:
    """Takes connections and never answers."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = "http://127.0.0.1:%d/" % self.socket.getsockname()[1]
        return self

    def __exit__(self, *_):
        self.socket.close()


class Caller:
    """Asks the relay, has the answer judged, and gives back its JSON. A status that was not expected is a complaint."""

    def __init__(self, api, relay):
        self.api, self.relay = api, relay

    def ask(self, door, method, path, expected, body="", headers=(), word=None):
        body = json.dumps(body) if isinstance(body, (dict, list)) else body
        answer = self.relay.ask(door, method, path, body, headers)
        self.api.check(door, method, path, answer)
        said = json.loads(answer.body) if answer.media_type().endswith("json") and answer.body else {}
        kind = said.get("type", "").removeprefix("/problems/")
        if answer.status != expected or (word and kind != word):
            self.api.complain(f"{door} {method} {path[:60]}", f"{expected} {word or ''} was expected, {answer.status} {kind} came")
        return said

    def http(self, *call, **more):
        return self.ask("http", *call, **more)

    def admin(self, *call, **more):
        return self.ask("admin", *call, **more)


def everything(api, relay):
    call = Caller(api, relay)
    for where in ("queues", "topics"):
        publish(call, where)
        batches(call, where)
    pull(call)
    messages(call)
    look(call)
    change(call)
    dead_letters(call)
    config(call)
    unknown_names(call)
    bad_queries(call)
    stream(call)
    for door in ("http", "admin"):
        every_route(api, relay, door)
    forgotten(call)


# ---- publishing ----

def publish(call, where):
    good, path = ("q", "/v1/queues/{}/messages") if where == "queues" else ("t", "/v1/topics/{}/messages")

    def post(name, expected, body="x", headers=(), word=None):
        return call.http("POST", path.format(name), expected, body=body, headers=headers, word=word)

    examples = {item["name"]: item["example"] for item in call.api.document["components"]["parameters"].values() if "example" in item}
    hold = examples.pop("Forebay-Hold")
    forward = examples.pop("Forebay-Forward-*")
    examples["Idempotency-Key"] += where
    metadata = [*examples.items(), ("Forebay-Forward-X-Tenant", forward)]
    post(good, 202, headers=metadata)
    assert post(good, 202, headers=metadata)["deduplicated"]
    post(good, 422, body="another", headers=metadata, word="idempotency-key-reused")
    post(good, 202, headers=[("Forebay-Hold", hold)])
    post(good, 422, headers=[("Forebay-Hold", hold), ("Forebay-Delay", "1s")], word="hold-and-delay")
    post(good, 400, headers=[("Forebay-Key", "a"), ("Forebay-Key", "b")], word="malformed-request")
    post(good, 422, headers=[("Forebay-Delay", "soon")], word="bad-header")
    post(good, 400, headers=[("ce-id", "17")], word="bad-event")
    post(good, 422, headers=[("Forebay-Dely", "1s")], word="unknown-header")
    post(good, 422, headers=[("Forebay-Class", "none")], word="no-such-class")
    post("costly", 422, body={"cost": 3}, word="cost-too-high")
    post("tiny", 413, body="x" * 2000, word="too-large")
    post(good, 413, body="x" * 10_000, word="body-too-large")
    post("late", 202 if where == "queues" else 503)
    post("late", 503, word="too-late")
    post("small", 202 if where == "queues" else 503)
    post("small", 503, word="backlog-full")
    if where == "queues":
        post("counted", 202)
        post("counted", 202)
    post("counted", 429, word="producer-limit")


def batches(call, where):
    good, path = ("q", "/v1/queues/{}/messages:batch") if where == "queues" else ("t", "/v1/topics/{}/messages:batch")

    def post(name, expected, *lines, headers=(NDJSON,), word=None):
        body = "".join(json.dumps(line) + "\n" for line in lines)
        return call.http("POST", path.format(name), expected, body=body, headers=headers, word=word)

    whole = {"body": {"n": 1}, "key": "k", "class": "otp", "delay": "1h", "not_before": None, "ttl": "2h", "retries": 1,
             "idempotency_key": "batch" + where, "headers": {"X-Tenant": "acme"}}
    post(good, 202, {"body": "text"}, {"body_base64": "AAEC"}, whole, {"body": "held", "hold": "1m"})
    assert "messages" not in post(good, 202, {"body": 1}, headers=(NDJSON, ("Prefer", "return=minimal")))
    post(good, 202, {"release": {"from": "1h", "to": "2h", "rate": "1/s→5/s"}}, {"body": 1}, {"body": 2})
    post(good, 422, {"release": {"to": "1h"}}, {"body": 1, "delay": "1s"}, word="bad-release")
    post(good, 422, {"release": {"rate": "fast"}}, {"body": 1}, word="bad-line")
    post(good, 415, {"body": 1}, headers=(), word="not-ndjson")

    def events(expected, *list_of, word=None):
        headers = [("Content-Type", "application/cloudevents-batch+json")]
        return call.http("POST", path.format(good), expected, body=json.dumps(list_of), headers=headers, word=word)

    event = {"specversion": "1.0", "id": "event" + where, "source": "/shop", "type": "order.paid", "data": {"n": 1}}
    events(202, event)
    events(400, {**event, "id": ""}, word="bad-event")
    events(413, {**event, "data": "x" * 10_000}, word="bad-event")
    post(good, 422, headers=(NDJSON,), word="empty-batch")
    post(good, 422, {"body": 1, "dely": "1s"}, word="bad-line")
    post(good, 422, {"body": 1}, headers=(NDJSON, ("Forebay-Key", "k")), word="bad-header")
    post(good, 422, {"body": 1, "class": "none"}, word="no-such-class")
    post("costly", 422, {"body": {"cost": 3}}, word="cost-too-high")
    post(good, 422, {"body": 1, "hold": "1s", "delay": "1s"}, word="hold-and-delay")
    post(good, 422, {**whole, "body": "another"}, word="idempotency-key-reused")
    post(good, 413, {"body": "x" * 10_000}, word="bad-line")
    post(good, 413, *[{"body": "x" * 7_000}] * 12, word="body-too-large")
    post("tiny", 413, {"body": "x" * 2_000}, word="too-large")
    post("late", 503, {"body": 1}, word="too-late")
    post("small", 503, {"body": 1}, word="backlog-full")
    post("counted", 429, {"body": 1}, word="producer-limit")


# ---- afterwards ----

def pull(call):
    queue = "/v1/queues/q/messages"
    call.http("POST", queue, 202, body=b"\xff\x00", headers=[("Forebay-Class", "otp"), ("Forebay-Key", "k")])
    call.http("POST", queue, 202, body={"n": 1}, headers=[("Content-Type", "application/json"), ("Forebay-Class", "otp")])
    leased = call.http("POST", queue + ":lease", 200, body={"max": 10, "wait": "1s", "lease": "1m"})["messages"]
    lease_ids = [message["lease_id"] for message in leased]
    assert base64.b64decode(leased[0]["body_base64"]) == b"\xff\x00" and leased[1]["body"] == {"n": 1}
    call.http("POST", queue + ":lease", 200)
    statuses = []
    for verb, more in (("extend", {"lease": "2m"}), ("nack", {"delay": "1ms"}), ("ack", {})):
        answer = call.http("POST", f"{queue}:{verb}", 200, body={"lease_ids": [lease_ids[0], lease_ids[-1], "none"], **more})
        statuses += [result["status"] for result in answer["results"]]
        call.http("POST", f"{queue}:{verb}", 422, body={}, word="bad-lease-request")
        call.http("POST", f"/v1/queues/driven/messages:{verb}", 409, body={"lease_ids": ["none"]}, word="not-pulled")
    assert set(statuses) == {"done", "expired", "unknown"}, statuses
    call.http("POST", queue + ":lease", 422, body={"leese": "1s"}, word="bad-lease-request")
    call.http("POST", "/v1/queues/driven/messages:lease", 409, word="not-pulled")


def new_message(call, queue="q", **more):
    return call.http("POST", f"/v1/queues/{queue}/messages", 202, body="x", **more)["id"]


def messages(call):
    delayed = new_message(call, headers=[("Forebay-Delay", "1h")])
    call.http("GET", f"/v1/messages/{delayed}", 200)
    call.http("HEAD", f"/v1/messages/{delayed}", 200)
    call.http("DELETE", f"/v1/messages/{delayed}", 200)
    call.http("DELETE", f"/v1/messages/{delayed}", 409, word="finished")
    call.http("GET", f"/v1/messages/{delayed}", 200)
    held = new_message(call, headers=[("Forebay-Hold", "1h")])
    call.http("GET", f"/v1/messages/{held}", 200)
    call.http("POST", f"/v1/messages/{held}:release", 200)
    call.http("POST", f"/v1/messages/{held}:release", 409, word="not-held")
    flying = new_message(call, "driven")
    eventually(lambda: call.http("GET", f"/v1/messages/{flying}", 200)["state"] == "in_flight")
    call.http("DELETE", f"/v1/messages/{flying}", 409, word="in-flight")


# Neither in a finished message's status nor on disk after a restart.
def forgotten(call):
    done = new_message(call)
    call.http("DELETE", f"/v1/messages/{done}", 200)
    call.relay.stop(signal.SIGKILL)
    call.relay.start()
    for method, path in (("GET", ""), ("HEAD", ""), ("DELETE", "")):
        call.http(method, f"/v1/messages/{done}{path}", 404, word=None if method == "HEAD" else "forgotten")


# ---- the admin door ----

def look(call):
    for path in ("/", "/metrics", "/healthz", "/readyz", "/v1/status", "/v1/queues", "/v1/queues/q", "/v1/sinks", "/v1/sinks/slow"):
        call.admin("GET", path, 200)
        call.admin("GET", path + "?nope=1", 400, word="bad-request")


def change(call):
    for path in ("/v1/queues/late", "/v1/queues/q/classes/otp", "/v1/queues/q/keys/%2B49%2F1", "/v1/sinks/slow"):
        call.admin("POST", path + ":pause", 200)
        call.admin("GET", "/v1/status", 200)
        call.admin("POST", path + ":resume", 200)
    call.admin("POST", "/v1/queues/late:purge", 200)
    limits = "/v1/sinks/slow/limits"
    call.admin("PUT", limits, 200, body={"limits": ["1/1s", {"count": 9, "per": "day"}], "concurrency": 3, "pace": "off"})
    call.admin("GET", "/v1/sinks/slow", 200)
    call.admin("PUT", limits, 422, body={"limits": ["fast"]}, word="bad-pin")
    call.admin("PUT", limits, 400, body="{", word="bad-request")
    call.admin("DELETE", limits, 200)
    call.admin("PUT", "/v1/topics/t/subscriptions/small", 200)
    call.admin("DELETE", "/v1/topics/t/subscriptions/small", 200)
    call.admin("POST", "/v1/queues/q/keys/" + "k" * 2000 + ":pause", 422, word="bad-key")
    call.admin("POST", "/v1/queues/q/keys/" + "k" * 2000 + ":resume", 422, word="bad-key")
    with concurrent.futures.ThreadPoolExecutor(32) as many:
        list(many.map(lambda n: call.relay.ask("admin", "POST", f"/v1/queues/q/keys/{n}:pause"), range(1000)))
    call.admin("POST", "/v1/queues/q/keys/more:pause", 422, word="too-many-paused-keys")


def dead_letters(call):
    for _ in range(2):
        new_message(call, headers=[("Forebay-Class", "otp")])
    leases = call.http("POST", "/v1/queues/q/messages:lease", 200, body={"max": 100})["messages"]
    call.http("POST", "/v1/queues/q/messages:nack", 200, body={"lease_ids": [lease["lease_id"] for lease in leases]})
    path = "/v1/queues/q/dead"
    page = eventually(lambda: (lambda it: it if it["total"] >= 2 else None)(call.admin("GET", path + "?limit=1", 200)))
    call.admin("GET", f"{path}?limit=1&cursor={page['next']}", 200)
    call.http("GET", f"/v1/messages/{page['letters'][0]['id']}", 200)
    call.admin("GET", path + "?limit=0", 400, word="bad-request")
    call.admin("GET", path + "?cursor=none", 400, word="no-such-cursor")
    for method, verb in (("POST", ":replay"), ("DELETE", "")):
        call.admin(method, f"{path}{verb}?id={NO_ID}", 404, word="no-such-dead-letter")
    call.admin("POST", f"{path}:replay?id={page['letters'][0]['id']}", 200)
    call.admin("DELETE", path, 200)


def config(call):
    call.admin("POST", "/v1/config:reload", 200)
    good = (call.relay.path / "forebay.yaml").read_text()
    (call.relay.path / "forebay.yaml").write_text(good + "quues: {}\n")
    call.admin("POST", "/v1/config:reload", 422)
    (call.relay.path / "forebay.yaml").write_text(good)


# ---- what many paths share ----

def filled(template, **names):
    names = {"id": NO_ID, "queue": "none", "topic": "none", "sink": "none", "class": "none", "key": "k", **names}
    return re.sub(r"{(\w+)}", lambda found: names[found[1]], template)


def body_for(operation, template):
    if "requestBody" not in operation or template.endswith("/messages"):
        return "", ()
    if template.endswith(":batch"):
        return '{"body": 1}\n', (NDJSON,)
    return ('{"limits": ["1/1s"]}' if template.endswith("limits") else
            "" if template.endswith(":lease") else '{"lease_ids": ["none"]}'), ()


def unknown_names(call):
    for door, method, template, operation in call.api.operations():
        if "404" not in operation["responses"]:
            continue
        body, headers = body_for(operation, template)
        call.ask(door, method, filled(template), 404, body=body, headers=headers)
        if template.startswith("/v1/queues/{queue}/classes"):
            call.ask(door, method, filled(template, queue="q"), 404, word="no-such-class")
        if "subscriptions" in template:
            call.ask(door, method, filled(template, topic="t"), 404, word="no-such-queue")


def bad_queries(call):
    for door, method, template, operation in call.api.operations():
        if door != "admin" or method == "GET":
            continue
        call.admin(method, filled(template, queue="q") + "?nope=1", 400, word="bad-request")
        call.admin(method, filled(template, queue="q"), 403, headers=[("Origin", "http://elsewhere.example")], word="other-origin")


def every_route(api, relay, door):
    def raw(head, expected, body=b"", which=0):
        answer = relay.raw(door, (head + "\r\n\r\n").encode() + body, "POST", which)
        check_any(api, door, answer, expected)

    line = "POST /v1/queues/q:pause HTTP/1.1" if door == "admin" else "POST /v1/queues/q/messages HTTP/1.1"
    raw(line, 400)
    raw("GET /nowhere HTTP/1.1\r\nHost: x", 404)
    raw(line.replace("POST", "PATCH") + "\r\nHost: x", 405)
    raw(f"{line}\r\nHost: x\r\nContent-Length: 99999999", 413)
    raw(f"{line}\r\nHost: x\r\nContent-Length: 1\r\nExpect: more", 417, b"x")
    raw(f"{line}\r\nHost: x\r\nX-Long: " + "x" * 20_000, 431)
    raw("CONNECT x:1 HTTP/1.1\r\nHost: x", 501)
    raw(f"{line}\r\nHost: x\r\nTransfer-Encoding: gzip", 501)
    raw(line.replace("1.1", "2.0") + "\r\nHost: x", 505)
    if door == "admin":
        return
    with relay.connect("http", 1) as slow:
        slow.sendall(line.encode())
        with relay.connect("http", 1) as another:
            check_any(api, door, read_answer(another, "POST"), 503)
        check_any(api, door, read_answer(slow, "POST"), 408)


def check_any(api, door, answer, expected):
    api.check(door, "POST", "/any", answer)
    if answer.status != expected:
        api.complain(f"{door}, any route", f"{expected} was expected, {answer.status} came: {answer.body[:200]}")


def tokens(api, relay):
    call = Caller(api, relay)
    for door, method, template, operation in api.operations():
        path = filled(template, queue="q", topic="t", sink="s")
        if "401" in operation["responses"]:
            call.ask(door, method, path, 401)
        if "403" in operation["responses"]:
            call.ask(door, method, path, 403, headers=[("Authorization", "Bearer secret-of-nobody")])


def not_ready(api, relay):
    """A pin that no longer fits the config."""
    call = Caller(api, relay)
    operator = [("Authorization", "Bearer secret-of-operator")]
    pin = {"limits": [{"count": 10, "per": "day", "reserve": {"otp": "10%"}}]}
    call.admin("PUT", "/v1/sinks/s/limits", 200, body=pin, headers=operator)
    relay.stop()
    relay.write(GUARDED.replace(", classes: {otp: {priority: 0}}", ""))
    relay.start()
    call.admin("GET", "/readyz", 503, word="not-ready")


def stream(call):
    """A live stream: its head, and an event with the id that the producer is told, and the body."""
    path = "/v1/topics/costly/stream"
    with call.relay.connect("http") as reader:
        reader.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        seen = read_until(reader, "\r\n\r\n")
        status, *lines = seen.split("\r\n\r\n")[0].split("\r\n")
        headers = {line.split(": ")[0].lower(): line.split(": ")[1] for line in lines}
        call.api.check("http", "GET", path, Answer(int(status.split()[1]), headers, b""))
        said = call.http("POST", "/v1/topics/costly/messages", 202, body="live")
        read_until(reader, f"id: {said['id']}\ndata: live\n\n")


def read_until(reader, text):
    seen = b""
    while text.encode() not in seen:
        some = reader.recv(65536)
        assert some, f"the stream ended before {text!r}: {seen!r}"
        seen += some
    return seen.decode()
