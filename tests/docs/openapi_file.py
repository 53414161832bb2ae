"""docs/openapi.yaml: what it says of an answer, and what of it nobody has brought about yet."""
import json
import re

import jsonschema
import yaml

GENERAL_HEADERS = {"content-type", "content-length", "connection", "date", "cache-control", "content-security-policy"}
METHODS = ("get", "head", "post", "put", "delete", "patch", "options")


class Api:
    """check() collects complaints about answers; unseen() says what no answer has shown."""

    def __init__(self, path):
        with open(path) as file:
            self.document = yaml.safe_load(file)
        self.complaints = []
        self.seen = set()    # (door, method, template, status)
        self.words = set()   # (id of a response's object, kind of problem)
        self.any_route = self.document["x-every-route"]
        self.paths = self.document["paths"]
        by_length = sorted(self.paths, key=lambda template: len(re.sub(r"{\w+}", "", template)), reverse=True)
        self.patterns = [(re.compile(re.sub(r"\\{\w+\\}", "[^/:]+", re.escape(template)) + "$"), template)
                         for template in by_length]

    def follow(self, item):
        """The object behind a $ref, always the same one; or the item itself."""
        if "$ref" not in item:
            return item
        target = self.document
        for name in item["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        return target

    def door_of(self, template):
        return "admin" if "servers" in self.paths[template] else "http"

    def operations(self):
        """(door, method, template, operation) of each."""
        for template, item in self.paths.items():
            for method in METHODS:
                if method in item:
                    yield self.door_of(template), method.upper(), template, item[method]

    def template_of(self, door, path):
        path = path.split("?")[0]
        for pattern, template in self.patterns:
            if self.door_of(template) == door and pattern.match(path):
                return template
        return None

    # ---- an answer ----

    def check(self, door, method, path, answer):
        where = f"{door} {method} {path[:80]} {answer.status}"
        template = self.template_of(door, path)
        operation = self.paths[template].get(method.lower()) if template else None
        documented = operation["responses"].get(str(answer.status)) if operation else None
        response = self.follow(documented) if documented else None
        if method == "HEAD":
            if response is None:
                self.complain(where, "is not documented")
            self.seen.add((door, method, template, str(answer.status)))
            return
        if answer.media_type() == "application/problem+json":
            response = self.problem(where, response, answer)
        elif response is None:
            self.complain(where, f"is not documented: {answer.body[:200]}")
        if response is not None and response is not self.any_route.get(str(answer.status)):
            self.seen.add((door, method, template, str(answer.status)))
            self.content(where, response, answer)
            self.headers(where, response, answer)

    def problem(self, where, response, answer):
        """The response, of this path or of every route, that has this kind of problem."""
        word = json.loads(answer.body)["type"].removeprefix("/problems/")
        for candidate in (response, self.any_route.get(str(answer.status))):
            if candidate is not None and word in candidate["x-problems"]:
                self.words.add((id(candidate), word))
                if candidate is not response:
                    self.valid(where, {"$ref": "#/components/schemas/Problem"}, json.loads(answer.body))
                return candidate
        self.complain(where, f"the problem {word} is not documented: {answer.body.decode()}")
        return None

    def content(self, where, response, answer):
        media = response["content"].get(answer.media_type())
        if media is None:
            return self.complain(where, f"the content type {answer.media_type()} is not documented")
        body = answer.body.decode()
        is_json = answer.media_type().endswith("json")
        self.valid(where, media["schema"], json.loads(body) if is_json else body)

    def headers(self, where, response, answer):
        documented = {name.lower(): self.follow(header) for name, header in response.get("headers", {}).items()}
        for name in set(answer.headers) - GENERAL_HEADERS - set(documented):
            self.complain(where, f"the header {name} is not documented")
        for name, header in documented.items():
            if name in answer.headers:
                self.valid(f"{where}, {name}", header["schema"], answer.headers[name])
            elif name in ("location", "retry-after", "www-authenticate"):
                self.complain(where, f"the header {name} is missing")

    def valid(self, where, schema, value):
        resolver = jsonschema.RefResolver("", self.document)
        for error in jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(value):
            self.complain(where, f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")

    def complain(self, where, what):
        self.complaints.append(f"{where}: {what}")

    # ---- the file itself ----

    def loose_schemas(self):
        """Objects that would take any member, and members without a value: a text with a comma that nobody quoted."""
        def walk(where, schema):
            if isinstance(schema, dict):
                yield from (f"{where}/{name} has no value" for name, value in schema.items() if value is None)
                kinds = schema.get("type")
                is_object = "object" in (kinds if isinstance(kinds, list) else [kinds])
                if is_object and "additionalProperties" not in schema:
                    yield f"{where} takes any member"
                for name, below in schema.items():
                    yield from walk(f"{where}/{name}", below)
            elif isinstance(schema, list):
                for at, below in enumerate(schema):
                    yield from walk(f"{where}/{at}", below)
        yield from walk("", self.document)

    def unseen(self):
        responses = {f"every route {status}": response for status, response in self.any_route.items()}
        for door, method, template, operation in self.operations():
            for status, response in operation["responses"].items():
                response = self.follow(response)
                responses[f"{door} {method} {template} {status}"] = response
                excused = set(response.get("x-problems", [1])) <= set(response.get("x-not-provoked", {}))
                if not excused and (door, method, template, status) not in self.seen:
                    yield f"{door} {method} {template} {status}: was not provoked"
        for where, response in responses.items():
            excuses = response.get("x-not-provoked", {})
            for word in response.get("x-problems", []):
                seen = (id(response), word) in self.words
                if not seen and word not in excuses and " HEAD " not in where:
                    yield f"{where}: {word} was not provoked"
                if seen and word in excuses:
                    yield f"{where}: {word} was provoked; take it out of x-not-provoked"
            yield from (f"{where}: {word} is excused, and no problem of it" for word in set(excuses) - set(response.get("x-problems", [])))
