"""Batches."""

from fastapi import APIRouter, Request, Response

from todo_api.dependencies.auth import CurrentActor, current_actor, needs
from todo_api.dependencies.session import CurrentSession
from todo_api.schemas.batch import BatchRequest, BatchResult
from todo_api.web.batch import Batch
from todo_api.web.route import Route

router = APIRouter(prefix="/v1/batch", tags=["batch"], route_class=Route)


@router.post("", dependencies=[needs()], response_model=BatchResult)
async def run_batch(data: BatchRequest, request: Request, session: CurrentSession, actor: CurrentActor) -> Response:
    """Run up to 100 operations in order, in one transaction.

    Each is answered as it would be alone, and needs the same scopes. `$ref:<op_id>`, in a path or as a string of a body, is the
    id that an earlier operation made. `atomic`: the first failure undoes everything, and the problem names its `op_id`, has its
    status and contains its own `problem`. Otherwise each operation succeeds or fails for itself. Logins, keys, sessions,
    streams and batches cannot be operations. One `Idempotency-Key` covers the whole.
    """
    answer = await Batch(request, session, actor, identify=current_actor).run(data)
    return Response(answer, media_type="application/json")
