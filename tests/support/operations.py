"""The operations of the OpenAPI document, and real ids to call them with: for tests that walk all of them."""

from typing import Any, Final

import httpx

from tests.support.service import PASSWORD, Account, Service
from todo_api.main import create_app
from todo_api.settings import Settings

APP: Final = create_app(Settings.model_construct())
DOCUMENT: Final = APP.openapi()


class Operation:
    """One operation: its method and path, what it documents, and an example of its body."""

    def __init__(self, method: str, path: str, document: dict[str, Any]) -> None:
        self.name: str = document["operationId"]
        self.method = method.upper()
        self.path = path
        self.document = document
        self.responses: frozenset[str] = frozenset(document["responses"])
        schema = document.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        self.body: dict[str, Any] = {} if schema is None else resolve(schema)
        self.example: dict[str, Any] | None = dict(self.body["examples"][0]) if self.body else None

    def __repr__(self) -> str:
        return self.name

    @property
    def scopes(self) -> list[str] | None:
        """What the credential needs; None where no credential is asked for."""
        security = self.document["security"]
        return list(security[0]["AccessToken"]) if security else None

    def parameters(self, place: str) -> list[str]:
        """Names of the parameters at this place: path, query or header."""
        return [parameter["name"] for parameter in self.document.get("parameters", ()) if parameter["in"] == place]

    def members(self, format_: str) -> list[str]:
        """Members of the body with this format, as texts or in an array."""
        found = {name: resolve(schema) for name, schema in self.body.get("properties", {}).items()}
        kinds = {name: resolve(schema.get("items", schema)) for name, schema in found.items()}
        return [name for name, schema in kinds.items() if schema.get("format") == format_]


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema itself, without reference and without null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        return resolve(kinds[0])
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][name] if name else schema
    return found


OPERATIONS: Final = [
    Operation(method, path, document) for path, item in DOCUMENT["paths"].items() for method, document in item.items()
]


async def make_ids(service: Service, account: Account) -> dict[str, str]:
    """An id of the account for every parameter of a path; a new parameter needs a line here."""
    client = service.client(account)
    login = {"email": account.email, "password": PASSWORD}
    todo_id = await _created(
        client, "/v1/todos", {"title": "x", "external": {"source": "github", "id": account.user_id}, "due": "2027-03-10"}
    )
    list_id = await _created(client, "/v1/lists", {"name": "x"})
    return {
        "todo_id": todo_id,
        "list_id": list_id,
        "section_id": await _created(client, f"/v1/lists/{list_id}/sections", {"name": "x"}),
        "comment_id": await _created(client, f"/v1/todos/{todo_id}/comments", {"body": "x"}),
        "filter_id": await _created(client, "/v1/filters", {"name": "x", "query": "overdue"}),
        "source": "github",
        "external_id": account.user_id,
        "view": "today",
        "label_id": await _created(client, "/v1/labels", {"name": "x"}),
        "key_id": await _created(client, "/v1/keys", {"name": "x", "preset": "read-only"}),
        "session_id": (await client.post("/v1/auth/login", json=login)).json()["session_id"],
        "workspace_id": account.workspace_id,
        "code": "not_found",
    }


async def _created(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> str:
    made = await client.post(path, json=body)
    assert made.status_code == 201, made.text
    id_: str = made.json()["id"]
    return id_
