"""Every error of the service, one tree.

TodoApiError
├── BadRequestError                 400  ├── CursorInvalidError · IdempotencyKeyInvalidError · BodyInvalidError
├── UnauthenticatedError            401  ├── InvalidCredentialsError · RefreshTokenInvalidError
├── ForbiddenError                  403  ├── ScopeMissingError · RoleTooLowError · NotAuthorError · RegistrationClosedError
├── NotFoundError                   404  ├── TodoNotFoundError · ListNotFoundError · LabelNotFoundError · …
├── MethodNotAllowedError           405
├── NotAcceptableError              406
├── BodyLateError · HeaderLateError 408
├── ConflictError                   409  ├── EmailTakenError · ParentCycleError · ListTrashedError · …
├── VersionMismatchError            412
├── BodyTooLargeError               413
├── MediaTypeUnsupportedError       415
├── InvalidInputError               422  ├── FilterInvalidError · RecurrenceInvalidError · IdempotencyKeyReusedError
├── PreconditionRequiredError       428
├── TooManyRequestsError            429
├── HeaderTooLargeError             431
├── InternalError                   500
└── UnavailableError                503  ├── DatabaseBusyError · DatabaseUnavailableError · HashingBusyError

An error knows its HTTP status because every entry point needs one; nothing here imports a framework.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, Self


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with a request: exactly one of ``pointer``, ``parameter`` and ``header`` says where."""

    detail: str
    code: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None


class TodoApiError(Exception):
    """Base of all errors; ``code`` is stable and public, ``title`` is fixed for a code.

    ``keeps_changes`` marks the few answers whose writes must survive them: an ended session family.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"
    keeps_changes: ClassVar[bool] = False

    def __init__(
        self,
        detail: str,
        *,
        flaws: Sequence[Flaw] = (),
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.flaws = tuple(flaws)
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})

    def within(self, pointer: str) -> Self:
        """The same error about the member ``pointer`` of a larger body: what its flaws point to lies there."""
        flaws = self.flaws or (Flaw(self.detail, self.code, pointer="#"),)
        self.flaws = tuple(
            flaw if flaw.pointer is None else replace(flaw, pointer=pointer + flaw.pointer.removeprefix("#")) for flaw in flaws
        )
        return self


# --- 400 -------------------------------------------------------------------------------------------------------------


class BadRequestError(TodoApiError):
    status = 400
    code = "bad_request"
    title = "The request cannot be read"


class BodyInvalidError(BadRequestError):
    code = "body_invalid"
    title = "The body is not valid JSON"


class CursorInvalidError(BadRequestError):
    code = "cursor_invalid"
    title = "The cursor is not valid here"

    def __init__(self) -> None:
        super().__init__(
            "This cursor was not issued for this request. Start again without a cursor, with the same parameters on every page."
        )


class IdempotencyKeyInvalidError(BadRequestError):
    code = "idempotency_key_invalid"
    title = "The Idempotency-Key is malformed"

    def __init__(self, reason: str = "must be 1 to 255 visible ASCII characters", code: str = "format") -> None:
        flaw = Flaw(reason, code, header="Idempotency-Key")
        super().__init__("Send one, of 1 to 255 visible ASCII characters, for example a UUID.", flaws=[flaw])


# --- 401, 403 ----------------------------------------------------------------------------------------------------------


class UnauthenticatedError(TodoApiError):
    status = 401
    code = "unauthenticated"
    title = "Credentials are missing or not valid"

    def __init__(self, detail: str = "Send a valid access token as a bearer token, or an API key in X-API-Key.") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="todo-api"'})


class InvalidCredentialsError(TodoApiError):
    """Wrong password or unknown account: the two are never told apart."""

    status = 401
    code = "invalid_credentials"
    title = "Email or password is wrong"

    def __init__(self) -> None:
        super().__init__("Email or password is wrong.", headers={"WWW-Authenticate": 'Bearer realm="todo-api"'})


class RefreshTokenInvalidError(TodoApiError):
    """Unknown, expired or replayed refresh token; a replay ended the whole session, and that is kept (RFC 9700 §4.14.2)."""

    status = 401
    code = "refresh_token_invalid"
    title = "The refresh token is not valid"
    keeps_changes = True

    def __init__(self) -> None:
        super().__init__("Log in again.", headers={"WWW-Authenticate": 'Bearer realm="todo-api"'})


class ForbiddenError(TodoApiError):
    status = 403
    code = "forbidden"
    title = "Not allowed"


class ScopeMissingError(ForbiddenError):
    code = "scope_missing"
    title = "The credential lacks a scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the scope {scope}.", extensions={"missing_scope": scope})


class RoleTooLowError(ForbiddenError):
    code = "role_too_low"
    title = "Your role does not allow this"

    def __init__(self, role: str, *, where: str = "") -> None:
        super().__init__(f"This needs the role {role} or higher{where}.", extensions={"missing_role": role})


class NotAuthorError(ForbiddenError):
    code = "not_author"
    title = "Only the author may do this"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)


class RegistrationClosedError(ForbiddenError):
    code = "registration_closed"
    title = "Registration is closed"

    def __init__(self) -> None:
        super().__init__("This server does not accept registrations. Ask its administrator for an account.")


# --- 404, 405, 406 -----------------------------------------------------------------------------------------------------


class NotFoundError(TodoApiError):
    status = 404
    code = "not_found"
    title = "Not found"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail or f"{self.title}, or not visible with these credentials.")


class PathNotFoundError(NotFoundError):
    code = "path_not_found"
    title = "No such path"

    def __init__(self) -> None:
        super().__init__("Nothing is served at this path; /docs lists what is.")


class TodoNotFoundError(NotFoundError):
    code = "todo_not_found"
    title = "No such todo"


class ListNotFoundError(NotFoundError):
    code = "list_not_found"
    title = "No such list"


class SectionNotFoundError(NotFoundError):
    code = "section_not_found"
    title = "No such section"


class CommentNotFoundError(NotFoundError):
    code = "comment_not_found"
    title = "No such comment"


class LabelNotFoundError(NotFoundError):
    code = "label_not_found"
    title = "No such label"


class FilterNotFoundError(NotFoundError):
    code = "filter_not_found"
    title = "No such saved filter"


class WorkspaceNotFoundError(NotFoundError):
    code = "workspace_not_found"
    title = "No such workspace"


class SessionNotFoundError(NotFoundError):
    code = "session_not_found"
    title = "No such session"


class ApiKeyNotFoundError(NotFoundError):
    code = "api_key_not_found"
    title = "No such API key"


class UserNotFoundError(NotFoundError):
    code = "user_not_found"
    title = "No such user"


class MethodNotAllowedError(TodoApiError):
    status = 405
    code = "method_not_allowed"
    title = "The path does not take this method"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"This path takes {allowed}.", headers={"Allow": allowed})


class NotAcceptableError(TodoApiError):
    status = 406
    code = "not_acceptable"
    title = "No acceptable representation"

    def __init__(self) -> None:
        super().__init__("Answers are application/json; problems are application/problem+json.")


# --- 409, 412, 413, 415 --------------------------------------------------------------------------------------------------


class ConflictError(TodoApiError):
    status = 409
    code = "conflict"
    title = "The request conflicts with the current state"


class EmailTakenError(ConflictError):
    code = "email_taken"
    title = "The email address has an account"

    def __init__(self) -> None:
        super().__init__("Log in instead, or register with another address.")


class LabelNameTakenError(ConflictError):
    code = "label_name_taken"
    title = "The workspace has a label of this name"

    def __init__(self) -> None:
        super().__init__("Use that label, or choose another name: case and accents do not make one.")


class IdTakenError(ConflictError):
    code = "id_taken"
    title = "The id is in use"

    def __init__(self) -> None:
        super().__init__("Another resource has this id. Make a new one.")


class ParentCycleError(ConflictError):
    code = "parent_cycle"
    title = "A todo cannot be below itself"

    def __init__(self) -> None:
        super().__init__("The parent is the todo itself or one of its subtasks.")


class NestingTooDeepError(ConflictError):
    code = "nesting_too_deep"
    title = "Subtasks are nested too deep"

    def __init__(self, depth: int) -> None:
        super().__init__(f"Todos nest at most {depth} levels deep.")


class ListTrashedError(ConflictError):
    code = "list_trashed"
    title = "The list is in the trash"

    def __init__(self) -> None:
        super().__init__("Restore the list first, or use another one.")


class ListArchivedError(ConflictError):
    code = "list_archived"
    title = "The list is archived"

    def __init__(self) -> None:
        super().__init__("An archived list is read-only. Unarchive it first: PATCH it with archived = false.")


class TodoTrashedError(ConflictError):
    code = "todo_trashed"
    title = "The todo is in the trash"

    def __init__(self) -> None:
        super().__init__("A todo with this id was deleted. Use a new id.")


class InboxProtectedError(ConflictError):
    code = "inbox_protected"
    title = "The inbox cannot be deleted or archived"

    def __init__(self) -> None:
        super().__init__("Every personal workspace keeps its inbox.")


class OccurrenceMismatchError(ConflictError):
    """``current`` is the key of the occurrence that may be completed or skipped now; None when the todo does not recur."""

    code = "occurrence_mismatch"
    title = "This is not the current occurrence"

    def __init__(self, current: str | None) -> None:
        extensions = {"current_occurrence": current}
        super().__init__("Read the todo and send its occurrence, or send none for the current one.", extensions=extensions)


class NotRecurringError(ConflictError):
    code = "not_recurring"
    title = "The todo does not recur"

    def __init__(self) -> None:
        super().__init__("Only a recurring todo that is open can be skipped or rescheduled.")


class DueChangedError(ConflictError):
    """Reopening would overwrite a due date that somebody set since; both values are told."""

    code = "due_changed"
    title = "The due date was changed since"

    def __init__(self, *, current: Any, recorded: Any) -> None:
        extensions = {"current_due": current, "recorded_due": recorded}
        super().__init__(
            "The due date is not the one that this completion set. Change it by PATCH instead.", extensions=extensions
        )


class TodoBlockedError(ConflictError):
    code = "todo_blocked"
    title = "Another todo must be done first"

    def __init__(self) -> None:
        super().__init__("Complete the todos in blocked_by first, or send force = true to complete it all the same.")


class BlockCycleError(ConflictError):
    code = "block_cycle"
    title = "Todos cannot block each other"

    def __init__(self) -> None:
        super().__init__("One of these todos waits, directly or through others, for this one.")


class ExternalTakenError(ConflictError):
    code = "external_taken"
    title = "The external reference is in use"

    def __init__(self) -> None:
        super().__init__("Another todo of the workspace has this source and id.")


class OpenSubtasksError(ConflictError):
    code = "open_subtasks"
    title = "The todo has open subtasks"

    def __init__(self) -> None:
        super().__init__("Complete the subtasks first, or send subtasks = complete or leave.")


class IdempotencyKeyInUseError(ConflictError):
    code = "idempotency_key_in_use"
    title = "A request with this Idempotency-Key is still running"

    def __init__(self) -> None:
        super().__init__("Ask again in a second.", headers={"Retry-After": "1"})


class CountMismatchError(ConflictError):
    """The todos are more or fewer than the caller thought; both numbers are told."""

    code = "count_mismatch"
    title = "It is another number of todos"

    def __init__(self, *, expected: int, count: int) -> None:
        extensions = {"expected_count": expected, "count": count}
        super().__init__("Nothing was done. Look again, then send the count or none.", extensions=extensions)


class VersionMismatchError(TodoApiError):
    """The ``If-Match`` precondition failed; ``current`` is the representation that the caller should look at."""

    status = 412
    code = "version_mismatch"
    title = "The resource has changed"

    def __init__(self, current: Any = None) -> None:
        super().__init__("Your If-Match does not name the current version. Read it, merge, and try again.")
        self.current = current


class AlreadyExistsError(TodoApiError):
    status = 412
    code = "already_exists"
    title = "The resource exists"

    def __init__(self) -> None:
        super().__init__("If-None-Match: * asks for a new resource, and this one exists.")


class BodyLateError(TodoApiError):
    status = 408
    code = "body_late"
    title = "The body did not arrive in time"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"A body must arrive within {seconds:g} s.", headers={"Connection": "close"})


class HeaderLateError(TodoApiError):
    status = 408
    code = "header_late"
    title = "The header did not arrive in time"

    def __init__(self) -> None:
        super().__init__("The whole header must arrive within 5 s.", headers={"Connection": "close"})


class BodyTooLargeError(TodoApiError):
    status = 413
    code = "body_too_large"
    title = "The body is too large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A body has at most {limit} bytes.")


class MediaTypeUnsupportedError(TodoApiError):
    status = 415
    code = "media_type_unsupported"
    title = "The body's type is not supported"


# --- 422, 428, 429, 431 --------------------------------------------------------------------------------------------------


class InvalidInputError(TodoApiError):
    status = 422
    code = "invalid_input"
    title = "The input is not valid"

    def __init__(self, flaws: Sequence[Flaw], detail: str | None = None) -> None:
        super().__init__(detail or "; ".join(flaw.detail for flaw in flaws[:3]), flaws=flaws)

    @classmethod
    def at(cls, pointer: str, detail: str, code: str = "value") -> "InvalidInputError":
        """The error for one member of the body, named by its JSON Pointer in fragment form (``#/title``)."""
        return cls([Flaw(detail, code, pointer=pointer)])


class FilterFault(Protocol):
    """What the filter language says of a text that is no filter; ``offset`` and ``length`` count code points."""

    @property
    def message(self) -> str: ...
    @property
    def offset(self) -> int: ...
    @property
    def length(self) -> int: ...
    @property
    def expected(self) -> Sequence[str]: ...


class FilterInvalidError(InvalidInputError):
    """A filter in the body, at ``pointer``, or in the query, in ``parameter``.

    ``offset``, ``length`` and ``expected`` are members of the problem, so that a client can mark the place.
    """

    code = "filter_invalid"
    title = "The filter cannot be read"

    def __init__(self, fault: FilterFault, *, pointer: str | None = None, parameter: str | None = None) -> None:
        super().__init__([Flaw(fault.message, "filter_syntax", pointer=pointer, parameter=parameter)])
        self.extensions = {"offset": fault.offset, "length": fault.length, "expected": list(fault.expected)}


class RecurrenceInvalidError(InvalidInputError):
    """A rule or an English text that is no recurrence; ``offset``, where it stops being one, is a member of the problem."""

    code = "recurrence_invalid"
    title = "The recurrence cannot be read"

    def __init__(self, flaw: Flaw, *, offset: int | None = None) -> None:
        super().__init__([flaw])
        self.extensions = {} if offset is None else {"offset": offset}


class NotInBatchError(InvalidInputError):
    code = "not_in_batch"
    title = "The path cannot be part of a batch"

    def __init__(self) -> None:
        super().__init__([], "Credentials, streams and batches are requests of their own.")


class BatchTooLargeError(InvalidInputError):
    code = "batch_too_large"
    title = "The batch does too much at once"

    def __init__(self, bound: str) -> None:
        super().__init__([], f"{bound} Send this operation in another one.")


class ReferenceInvalidError(InvalidInputError):
    """``$ref:<op_id>`` stands for nothing; ``reference`` is that op_id."""

    code = "reference_invalid"
    title = "The reference stands for no id"

    def __init__(self, reference: str, reason: str) -> None:
        super().__init__([], reason)
        self.extensions = {"reference": reference}


class OperationFailedError(TodoApiError):
    """An atomic batch did nothing, because the operation ``op_id`` failed; the status is that of its ``problem``."""

    status = 422
    code = "operation_failed"
    title = "An operation of the batch failed"

    def __init__(self, error: TodoApiError, *, op_id: str, problem: Mapping[str, Any], flaws: Sequence[Flaw]) -> None:
        detail = f"Nothing was done, because the operation {op_id} failed: {error.detail}"
        super().__init__(detail, flaws=flaws, headers=error.headers, extensions={"op_id": op_id, "problem": problem})
        self.status = error.status  # type: ignore[misc]  # the one error that has no status of its own


class TooManyTodosError(InvalidInputError):
    """A filter leaves more todos than one request may change; ``count`` says how many."""

    code = "too_many_todos"
    title = "These are too many todos at once"

    def __init__(self, *, count: int, limit: int) -> None:
        super().__init__([Flaw(f"leaves {count} todos, and {limit} may be changed at once", "too_many", pointer="#/filter")])
        self.extensions = {"count": count}


class IdempotencyKeyReusedError(TodoApiError):
    status = 422
    code = "idempotency_key_reused"
    title = "The Idempotency-Key was used for another request"

    def __init__(self) -> None:
        super().__init__("Repeat the same request, or send a new key with a new one.")


class PreconditionRequiredError(TodoApiError):
    status = 428
    code = "precondition_required"
    title = "If-Match is required"

    def __init__(self) -> None:
        super().__init__("This server takes changes only with If-Match: send the ETag of the version you read.")


class TooManyRequestsError(TodoApiError):
    """``seconds`` says when the next try may be made."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Try again in {seconds} s.", headers={"Retry-After": str(seconds)})


class HeaderTooLargeError(TodoApiError):
    status = 431
    code = "header_too_large"
    title = "The header is too large"

    def __init__(self) -> None:
        super().__init__("A header has at most 100 fields and 32 KiB, the address included.", headers={"Connection": "close"})


# --- 5xx -------------------------------------------------------------------------------------------------------------------


class InternalError(TodoApiError):
    def __init__(self) -> None:
        super().__init__("Something went wrong here. The request_id names this event in the server's log.")


class UnavailableError(TodoApiError):
    status = 503
    code = "unavailable"
    title = "Temporarily unavailable"

    def __init__(self, detail: str = "Try again shortly.", *, seconds: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(seconds)})


class DatabaseBusyError(UnavailableError):
    code = "database_busy"
    title = "Too many writes are waiting"


class DatabaseUnavailableError(UnavailableError):
    code = "database_unavailable"
    title = "The database does not answer"


class StorageFullError(UnavailableError):
    code = "storage_full"
    title = "The storage is full"


class WriteConflictError(UnavailableError):
    """Two transactions collided (SQLSTATE 40001, 40P01); the whole unit of work may be run again."""

    code = "write_conflict"
    title = "Concurrent writes collided"


class HashingBusyError(UnavailableError):
    code = "hashing_busy"
    title = "Too many logins are waiting"


# --- start-up ----------------------------------------------------------------------------------------------------------------


class StartupError(Exception):
    """The service cannot start; the message says what to type."""


def catalogue() -> list[type[TodoApiError]]:
    """Every public error, by status and code."""

    def below(cls: type[TodoApiError]) -> list[type[TodoApiError]]:
        return [cls, *(found for child in cls.__subclasses__() for found in below(child))]

    return sorted(set(below(TodoApiError)) - {TodoApiError}, key=lambda cls: (cls.status, cls.code))
