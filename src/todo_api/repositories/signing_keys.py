"""The service's secrets, kept in the database so that replicas share them."""

import secrets
from typing import Final

from sqlalchemy import delete, insert, select

from todo_api.domain.identifiers import new_id
from todo_api.models import SigningKey
from todo_api.repositories._base import SystemRepository
from todo_api.security.keyring import Secret

_BYTES: Final = 32
_KEPT: Final = 3  # the newest signs; two older ones still verify


class SigningKeyRepository(SystemRepository):
    """Secrets, the newest first."""

    async def all(self) -> list[Secret]:
        """Every accepted secret."""
        statement = select(SigningKey.id, SigningKey.secret).order_by(SigningKey.created_at.desc(), SigningKey.id.desc())
        return [Secret(row.id, bytes(row.secret)) for row in await self.session.execute(statement)]

    async def rotate(self) -> Secret:
        """Add a secret that signs from now on, and drop those beyond the newest three."""
        secret = Secret(new_id(), secrets.token_bytes(_BYTES))
        values = {"id": secret.id, "secret": secret.value, "created_at": self.clock()}
        await self.session.execute(insert(SigningKey), values)
        too_old = [old.id for old in (await self.all())[_KEPT:]]
        await self.session.execute(delete(SigningKey).where(SigningKey.id.in_(too_old)))
        return secret
