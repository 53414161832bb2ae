"""Holds docs/openapi.yaml to the running program: every route of either is in the other, every answer is as documented,
and every documented status and kind of problem is brought about, or excused with a reason in the file."""
import re
import sys
import traceback
import warnings

warnings.simplefilter("ignore", DeprecationWarning)  # of jsonschema, by its newer self

import provoke
import source_tables
from openapi_file import Api
from running_relay import Relay


def starred(template):
    return re.sub(r"{\w+}", "*", template)


def same_routes(api):
    """What the code's tables have is what the file has."""
    code = {(door, method, path) for door, method, path in source_tables.routes()}
    file = {(door, method, starred(template)) for door, method, template, _ in api.operations()}
    for route in sorted(code - file):
        yield f"{' '.join(route)}: is in the code, not in openapi.yaml"
    for route in sorted(file - code):
        yield f"{' '.join(route)}: is in openapi.yaml, not in the code"


def same_fields(api):
    """The metadata's headers and the envelope's members are those of the code."""
    schemas, parameters = api.document["components"]["schemas"], api.document["components"]["parameters"]
    named = {item["name"] for item in parameters.values() if item["in"] == "header"} - {"Prefer", "Forebay-Forward-*"}
    code = source_tables.metadata_headers()
    if named != code:
        yield f"metadata headers differ: {sorted(named ^ code)}"
    if set(schemas["Envelope"]["properties"]) != source_tables.envelope_members():
        yield f"members of an envelope differ: {sorted(set(schemas['Envelope']['properties']) ^ source_tables.envelope_members())}"


def allowed_methods(api, relay):
    """A path has the documented methods and no others: the program lists them when asked for one that it has not."""
    for template, item in api.paths.items():
        door = api.door_of(template)
        methods = {method.upper() for method in item if method in ("get", "head", "post", "put", "delete")}
        if door == "admin" and "GET" in methods:
            methods.add("HEAD")
        answer = relay.ask(door, "PATCH", re.sub(r"{\w+}", "x", template))
        allow = set(answer.headers.get("allow", "").split(", "))
        if answer.status != 405 or allow != methods:
            yield f"{door} {template}: the program allows {sorted(allow)} ({answer.status}), openapi.yaml has {sorted(methods)}"


def run(api, wrong):
    with provoke.Downstream() as downstream:
        with Relay(provoke.OPEN.replace("DOWNSTREAM", downstream.url)) as relay:
            wrong += allowed_methods(api, relay)
            provoke.everything(api, relay)
    with Relay(provoke.GUARDED) as relay:
        provoke.tokens(api, relay)
        provoke.not_ready(api, relay)


def main(path):
    api = Api(path)
    wrong = list(api.loose_schemas()) + list(same_routes(api)) + list(same_fields(api))
    try:
        run(api, wrong)
        wrong += api.unseen()
    except Exception:  # said after what led to it
        api.complaints.append(traceback.format_exc())
    for line in wrong + api.complaints:
        print(line)
    print(f"{len(api.seen)} documented answers and {len(api.words)} kinds of problem were seen")
    sys.exit(1 if wrong or api.complaints else 0)


main(sys.argv[1])
