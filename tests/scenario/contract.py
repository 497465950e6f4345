"""proto/api/openapi.yaml as a test reads it: its operations, which answers it documents, whether an answer fits, and requests that are
wrong in every way its schemas say. Trusts the file and nothing of the server."""
import copy
import datetime
import json
import re

import jsonschema
import yaml

from kiyome_service import ROOT

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"


def date_time(value):
    try:
        datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ")
        return True
    except ValueError:
        return False


FORMATS = jsonschema.FormatChecker(formats=())
FORMATS.checks("date-time")(date_time)
FORMATS.checks("date")(lambda value: re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None)


class Operation:
    def __init__(self, contract, path, method, whole, own):
        self.contract, self.path, self.method = contract, path, method.upper()
        self.id, self.tag, self.open = own["operationId"], own["tags"][0], own.get("security") == []
        self.parameters = [contract.follow(each) for each in whole.get("parameters", []) + own.get("parameters", [])]
        self.responses = {status: contract.follow(each) for status, each in own["responses"].items()}
        content = contract.follow(own.get("requestBody", {})).get("content", {})
        self.body_type, self.body_schema = next(((kind, each["schema"]) for kind, each in content.items()), (None, None))
        self.problems = contract.common | codes_in(own.get("summary", "") + ". " + own.get("description", ""))
        self.sibling_methods = {each.upper() for each in METHODS if each in whole}

    def placed(self, where):
        return [each for each in self.parameters if each["in"] == where]


def codes_in(words):
    """(status, code) of "409 `decided` when …, `changed` when …; 404 `not-found`": a code belongs to the last status before it."""
    out, status = set(), None
    for number, code in re.findall(r"\b([45]\d\d)\b|`([a-z]+(?:-[a-z]+)*)`", words):
        if number:
            status = int(number)
        elif status:
            out.add((status, code))
    return out


class Contract:
    def __init__(self, path=ROOT / "proto" / "api" / "openapi.yaml"):
        self.document = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.resolver = jsonschema.RefResolver("", self.document)
        self.common = codes_in(self.document["components"]["responses"]["Problem"]["description"]) - {(500, "internal")}
        self.operations = [Operation(self, path, method, whole, whole[method])
                           for path, whole in self.document["paths"].items() for method in METHODS if method in whole]

    def follow(self, value):
        while "$ref" in value:
            value = self.resolver.resolve(value["$ref"])[1]
        return value

    def misfit(self, value, schema):
        """Why a value is none of this schema, the members that the schema does not name among it; "" when it fits."""
        validator = jsonschema.Draft202012Validator(schema, resolver=self.resolver, format_checker=FORMATS)
        wrong = next(validator.iter_errors(value), None)
        return wrong.message if wrong else self.unnamed(value, schema, "")

    def unnamed(self, value, schema, place):
        schema = self.follow(schema)
        if isinstance(value, list):
            return next(filter(None, (self.unnamed(each, schema.get("items", {}), place + "[]") for each in value)), "")
        if not isinstance(value, dict):
            return ""
        if "properties" not in schema and schema.get("additionalProperties") is not False:
            return ""  # its members are whatever the one who wrote them had to say
        named = schema.get("properties", {})
        for name, inner in value.items():
            if name not in named:
                return f"{place}.{name} is not documented"
            if found := self.unnamed(inner, named[name], f"{place}.{name}"):
                return found
        return ""

    def fault(self, operation, answer, method=None):
        """What is wrong with an answer to any request at all; "" when nothing."""
        bare = (method or operation.method) == "HEAD"
        if answer.status < 400:
            return self.good_fault(operation, answer, bare)
        if bare:
            return "" if any(status == answer.status for status, _ in operation.problems) else f"{answer.status} is not documented"
        if answer.headers.get("content-type") != "application/problem+json":
            return f"{answer.status} is no problem+json but {answer.headers.get('content-type')}"
        problem = answer.json()
        if wrong := self.misfit(problem, {"$ref": "#/components/schemas/Problem"}):
            return wrong
        if problem["status"] != answer.status:
            return "two statuses"
        if " / " not in problem["title"] or problem["title"].startswith("エラーが発生しました"):
            return f"{problem['code']} has no words: {problem['title']}"
        if (answer.status, problem["code"]) not in operation.problems:
            return f"{answer.status} {problem['code']} is not documented"
        if answer.status == 405 and "allow" not in answer.headers:
            return "405 without Allow"
        if answer.status in (429, 503) and not re.fullmatch("[1-9][0-9]*", answer.headers.get("retry-after", "")):
            return f"{answer.status} without Retry-After"
        return ""

    def good_fault(self, operation, answer, bare):
        told = operation.responses.get(str(answer.status))
        if told is None:
            return f"{answer.status} is not documented"
        for name, header in told.get("headers", {}).items():
            given = answer.headers.get(name.lower())
            if given is None:
                return f"no {name}"
            kind = header["schema"].get("type")
            if wrong := self.misfit(int(given) if kind == "integer" and given.isdigit() else given, header["schema"]):
                return f"{name}: {wrong}"
        content = told.get("content")
        if bare or not content:
            return "" if answer.body == b"" else "a body that is not documented"
        kind = answer.headers.get("content-type", "").split(";")[0]
        if kind not in content:
            return f"Content-Type {kind} is not documented"
        return self.misfit(answer.json(), content[kind]["schema"]) if kind == "application/json" else ""

    # ---- what is wrong, from the schema ----
    def wrong_values(self, schema):
        """(name, value) of values that are none of this schema."""
        schema = self.follow(schema)
        kind = schema.get("type", "string" if "enum" in schema or "const" in schema else None)
        samples = {"null": None, "boolean": True, "number": 1, "fraction": 0.5, "string": "x", "array": [], "object": {}}
        same = {"integer": "number"}.get(kind, kind)
        yield from ((f"{name} for {kind}", value) for name, value in samples.items() if name != same)
        if kind == "string":
            if "maxLength" in schema:
                yield "too long", "a" * (schema["maxLength"] + 1)
                yield "much too long", "あ" * 60000
            if schema.get("minLength", 0) > 0:
                yield "too short", "a" * (schema["minLength"] - 1)
            if "pattern" in schema or "enum" in schema or "format" in schema:
                yield "of another form", "x"
            for name, text in (("NUL", "a\0bcdefgh"), ("escape", "a\x1b[2Jbcdef"), ("DEL", "abcdefg\x7f"), ("lone surrogate", "abcdefg\ud800")):
                yield name, text
        elif kind == "array":
            inner = schema.get("items", {})
            if schema.get("minItems", 0) > 0:
                yield "too few", []
            for name, value in self.wrong_values(inner):
                yield "item: " + name, [value]
            if "maxItems" in schema:
                yield "too many", [{} if self.follow(inner).get("type") == "object" else "a@city.example.jp"] * (schema["maxItems"] + 1)
        elif kind == "object":
            yield from self.wrong_members(schema, {})

    def wrong_members(self, schema, good):
        """Objects like `good`, each with one thing that the schema does not allow."""
        schema = self.follow(schema)
        for name in schema.get("required", []):
            yield f"without {name}", {key: value for key, value in good.items() if key != name}
        if schema.get("additionalProperties") is False:
            yield "with a member more", {**good, "more": 1}
            yield "with a long member more", {**good, "長" * 5000: 1}
        for name, inner in schema.get("properties", {}).items():
            for what, value in self.wrong_values(inner):
                changed = copy.deepcopy(good)
                changed[name] = value
                yield f"{name}: {what}", changed

    def wrong_bodies(self, operation, good):
        """(name, octets) of what is no right body."""
        for name, value in self.wrong_members(operation.body_schema, good):
            yield name, json.dumps(value).encode()
        right = json.dumps(good, ensure_ascii=False).encode()
        first = next(iter(good))
        for name, octets in (
                ("empty", b""), ("blank", b" \r\n"), ("null", b"null"), ("an array", b"[" + right + b"]"), ("a text", b'"x"'), ("a number", b"1"),
                ("cut", right[:-1]), ("garbage", b"\x00\xff\xfe garbage"), ("two of them", right + right), ("one more bracket", right + b"}"),
                ("a comment", b"/* */" + right), ("single quotes", right.replace(b'"', b"'")), ("a comma at the end", right[:-1] + b",}"),
                ("NaN", b'{"%b": NaN}' % first.encode()), ("a BOM", b"\xef\xbb\xbf" + right), ("UTF-16", right.decode().encode("utf-16")),
                ("a member twice", right[:-1] + b', "%b": %b}' % (first.encode(), json.dumps(good[first]).encode())),
                ("invalid UTF-8", b'{"%b": "\xc3\x28\xff"}' % first.encode()), ("overlong UTF-8", b'{"%b": "\xc0\xae\xc0\xae/"}' % first.encode()),
                ("a name of invalid UTF-8", right[:-1] + b', "\xff": 1}'), ("a name of nothing", right[:-1] + b', "": 1}'),
                ("huge numbers", b'{"%b": 1e999}' % first.encode()), ("long numbers", b'{"%b": %b}' % (first.encode(), b"9" * 5000)),
                ("deep", b"[" * 20000), ("deep objects", b'{"a":' * 20000), ("deep and whole", b"[" * 50 + b"]" * 50),
                ("many values", b'{"%b": [%b]}' % (first.encode(), b",".join([b"1"] * 20000))), ("2 MB", b'{"%b": "%b"}' % (first.encode(), b"a" * (2 << 20)))):
            yield name, octets
