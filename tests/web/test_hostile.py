"""Hostile input at every place of every operation: never our failure, always a problem with a known code, and text kept exactly.

The places are read from the OpenAPI document, so a new route is covered by being there.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support import hostile
from tests.support.operations import OPERATIONS, Operation, make_ids, resolve
from tests.support.service import Account, Service
from todo_api.errors import catalogue

CODES = {error.code: error.status for error in catalogue()}
JSON = {"Content-Type": "application/json"}
ORDERED = sorted(OPERATIONS, key=lambda operation: operation.method == "DELETE")  # what is deleted serves no others
WITH_BODY = [operation for operation in ORDERED if operation.body]


class Prober:
    """Sends one operation in many ways, and collects what must not be."""

    def __init__(self, service: Service, account: Account, ids: dict[str, str]) -> None:
        self.service, self.ids = service, ids
        self.client = service.client(account)
        self.bad: list[Any] = []
        self.sent = 0

    def take(self, operation: Operation, *more: str) -> "Prober":
        """From now on, probe this operation; it may answer ``more`` besides what it documents."""
        self.operation = operation
        self.url = operation.path.format(**self.ids)
        self.statuses = {*operation.responses, *more}
        return self

    async def send(self, what: Any, url: str | None = None, **more: Any) -> httpx.Response:
        self.service.clock.advance(minutes=2)  # wrong passwords are slowed down
        answer = await self.client.request(self.operation.method, url or self.url, **more)
        self.sent += 1
        if complaint := self.complaint(answer):
            self.bad.append((self.operation, what, answer.status_code, complaint, answer.text[:200]))
        return answer

    async def send_json(self, what: Any, body: Any, **more: Any) -> httpx.Response:
        return await self.send(what, content=json.dumps(body).encode(), headers=JSON, **more)

    def complaint(self, answer: httpx.Response) -> str | None:
        if answer.status_code >= 500:
            return "our failure"
        if answer.status_code < 400:
            return None if str(answer.status_code) in self.statuses else "an undocumented success"
        if answer.headers.get("content-type") != "application/problem+json":
            return "not a problem"
        if CODES.get(answer.json()["code"]) != answer.status_code:
            return "an unknown code"
        if len(answer.content) > 20_000:
            return "an endless problem"
        return None if str(answer.status_code) in self.statuses else "an undocumented status"


@pytest.fixture
async def prober(service: Service, account: Account) -> Prober:
    return Prober(service, account, await make_ids(service, account))


def members(model: dict[str, Any], prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every member of a body, those of objects inside it as well."""
    for name, schema in model.get("properties", {}).items():
        yield (*prefix, name), resolve(schema)
        for kind in [resolve(schema), *(resolve(kind) for kind in resolve(schema).get("anyOf", ()))]:
            yield from members(kind, (*prefix, name))


def placed(body: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The body with the value at this place."""
    head, *rest = path
    inside = body.get(head) if isinstance(body.get(head), dict) else {"date": "2027-03-14"}
    return body | {head: placed(inside, tuple(rest), value) if rest else value}  # type: ignore[arg-type]  # a dict


def is_plain_text(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "string" and not schema.keys() & {"format", "enum", "pattern", "writeOnly"}


def test_the_corpus_is_large() -> None:
    assert len(hostile.VALUES) >= 300


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
async def test_hostile_members_are_refused_or_kept_exactly(prober: Prober, operation: Operation) -> None:
    prober.take(operation)

    for path, schema in members(operation.body):
        for value in [*hostile.KINDS, *hostile.some(hostile.VALUES, f"{operation} {path}", 12)]:
            answer = await prober.send_json((path, value), placed(operation.example or {}, path, value))
            comparable = answer.is_success and len(path) == 1 and isinstance(value, str) and is_plain_text(schema)
            if comparable and answer.content and answer.json().get(path[0], value) != value:
                prober.bad.append((path, value, "came back as", answer.json()[path[0]]))

    assert prober.bad == []
    assert prober.sent > 0


async def test_hostile_names_of_members_are_refused(prober: Prober) -> None:
    for operation in WITH_BODY:
        prober.take(operation)
        for member in hostile.some(hostile.TEXTS, operation.name, 20):
            answer = await prober.send_json(member, {**(operation.example or {}), member: "x"})
            if answer.is_success:
                prober.bad.append((operation, member, "was taken"))

    assert prober.bad == []


async def test_hostile_bodies_are_refused(prober: Prober) -> None:
    for operation in WITH_BODY:
        prober.take(operation)
        for content in hostile.some(hostile.BODIES, operation.name, 10):
            await prober.send(content[:80], content=content, headers=JSON)

    assert prober.bad == []


async def test_hostile_parameters_are_refused_or_understood(prober: Prober) -> None:
    for operation in ORDERED:
        prober.take(operation)
        for parameter in operation.parameters("query"):
            values = hostile.CURSORS if parameter == "cursor" else hostile.QUERIES
            for value in hostile.some(values, f"{operation} {parameter}", 12):
                await prober.send((parameter, value), f"{prober.url}?{parameter}={value}")
            await prober.send((parameter, "often"), f"{prober.url}?{'&'.join([parameter + '=1'] * 101)}")

    assert prober.bad == []


async def test_unknown_parameters_change_nothing_in_silence(prober: Prober) -> None:
    for operation in ORDERED:
        prober.take(operation)
        for query in hostile.some(hostile.QUERIES, operation.name, 3):
            answer = await prober.send(query, f"{prober.url}?unknown={query}")
            if operation.path.startswith("/v1") and answer.is_success:
                prober.bad.append((operation, query, "was taken"))

    assert prober.bad == []


async def test_hostile_ids_are_refused(prober: Prober) -> None:
    for operation in [operation for operation in ORDERED if operation.parameters("path")]:
        prober.take(operation, "405")  # where the id has a slash, it is another path
        head, _, tail = operation.path.partition("{")
        more = {} if operation.example is None else {"json": operation.example}
        for value in hostile.some(hostile.IDS, operation.name, 12):
            await prober.send(value, f"{head}{value}{tail.partition('}')[2]}", **more)

    assert prober.bad == []


async def test_hostile_headers_are_refused_or_ignored(prober: Prober) -> None:
    for operation in ORDERED:
        prober.take(operation, "401")  # where the header is a credential
        body = b"" if operation.example is None else json.dumps(operation.example).encode()
        for header, value in hostile.some(hostile.HEADERS, operation.name, 10):
            headers = {b"content-type": b"application/json", b"x-api-key": prober.client.headers["x-api-key"].encode()}
            headers |= {header.lower().encode(): value}
            await prober.send((header, value[:40]), content=body, headers=list(headers.items()))

    assert prober.bad == []


async def test_a_hostile_host_does_not_break_the_next_page(client: httpx.AsyncClient) -> None:
    for title in ("a", "b"):
        await client.post("/v1/todos", json={"title": title})
    hosts = [value for name, value in hostile.HEADERS if name == "Host"]

    answers = [await client.get("/v1/todos?limit=1", headers=[(b"host", host)]) for host in hosts]

    assert [answer.status_code for answer in answers] == [200] * len(hosts)
    assert all(answer.json()["next_cursor"] for answer in answers)


async def test_text_of_every_kind_comes_back_exactly(client: httpx.AsyncClient) -> None:
    accepted, differing = 0, []
    for text in hostile.TEXTS:
        created = await client.post("/v1/todos", content=json.dumps({"title": f"a{text}", "notes": text}).encode(), headers=JSON)
        if created.status_code == 201:
            accepted += 1
            got = (await client.get(created.headers["location"])).json()
            if (got["title"], got["notes"]) != (f"a{text}", text):
                differing.append(text)

    assert differing == []
    assert accepted > 100


async def test_labels_with_long_keys_can_be_paged(client: httpx.AsyncClient) -> None:
    for name in ("\ufdfa" * 100, "\ufdfa" * 99):  # each character is eighteen in the key that labels are sorted by
        assert (await client.post("/v1/labels", json={"name": name})).status_code == 201
    first = (await client.get("/v1/labels?limit=1")).json()

    second = await client.get("/v1/labels", params={"limit": 1, "cursor": first["next_cursor"]})

    assert [label["name"] for label in first["items"] + second.json()["items"]] == ["\ufdfa" * 99, "\ufdfa" * 100]
