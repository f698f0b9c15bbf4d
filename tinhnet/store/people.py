# SPDX-License-Identifier: MIT
"""Rows of users, tokens and wrong passwords."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from tinhnet.model.actor import Role, Token, User
from tinhnet.store.schema.columns import EPOCH
from tinhnet.store.schema.people import login_failures, tokens, users


@dataclass(frozen=True, slots=True)
class Failures:
    """Wrong passwords in a row for one key (a name, or an address)."""

    count: int
    last_at: datetime


def find_user(connection: Connection, name: str) -> User | None:
    """Return a user, None when there is none of that name."""
    row = connection.execute(select(users).where(users.c.name == name)).first()
    return None if row is None else _user(row)


def list_users(connection: Connection) -> tuple[User, ...]:
    """Return all users by name."""
    return tuple(_user(row) for row in connection.execute(select(users).order_by(users.c.name)))


def password_hash(connection: Connection, name: str) -> str | None:
    """Return the stored hash, None when there is no such user."""
    found = connection.execute(select(users.c.password_hash).where(users.c.name == name))
    return found.scalar_one_or_none()


def add_user(connection: Connection, user: User, hashed: str) -> None:
    """Add a user."""
    connection.execute(
        insert(users).values(
            name=user.name,
            full_name=user.full_name,
            roles=sorted(role.value for role in user.roles),
            password_hash=hashed,
            is_enabled=user.is_enabled,
            created_at=user.created_at,
            last_login_at=user.last_login_at,
        )
    )


def set_password(connection: Connection, name: str, hashed: str) -> None:
    """Replace a user's password."""
    connection.execute(update(users).where(users.c.name == name).values(password_hash=hashed))


def set_enabled(connection: Connection, name: str, *, is_enabled: bool) -> None:
    """Let a user log in, or no longer."""
    connection.execute(update(users).where(users.c.name == name).values(is_enabled=is_enabled))


def set_roles(connection: Connection, name: str, roles: Iterable[Role]) -> None:
    """Replace a user's roles."""
    values = sorted(role.value for role in roles)
    connection.execute(update(users).where(users.c.name == name).values(roles=values))


def set_last_login(connection: Connection, name: str, at: datetime) -> None:
    """Remember when a user came in last."""
    connection.execute(update(users).where(users.c.name == name).values(last_login_at=at))


def failures(connection: Connection, key: str) -> Failures:
    """Return the wrong passwords in a row for a key."""
    found = connection.execute(select(login_failures).where(login_failures.c.key == key))
    row = found.mappings().first()
    return Failures(0, EPOCH) if row is None else Failures(row["count"], row["last_at"])


def put_failures(connection: Connection, key: str, found: Failures) -> None:
    """Replace what is known of a key."""
    connection.execute(delete(login_failures).where(login_failures.c.key == key))
    if found.count:
        values = {"key": key, "count": found.count, "last_at": found.last_at}
        connection.execute(insert(login_failures).values(values))


def add_token(connection: Connection, token: Token, hashed: str) -> None:
    """Add a token."""
    connection.execute(
        insert(tokens).values(
            id=token.id,
            name=token.name,
            role=token.role.value,
            hash=hashed,
            created_by=token.created_by,
            created_at=token.created_at,
            expires_at=token.expires_at,
            last_used_at=token.last_used_at,
            is_revoked=token.is_revoked,
        )
    )


def find_token(connection: Connection, hashed: str) -> Token | None:
    """Return the token with this hash, None when there is none."""
    row = connection.execute(select(tokens).where(tokens.c.hash == hashed)).first()
    return None if row is None else _token(row)


def list_tokens(connection: Connection) -> tuple[Token, ...]:
    """Return all tokens, newest first."""
    statement = select(tokens).order_by(tokens.c.created_at.desc())
    return tuple(_token(row) for row in connection.execute(statement))


def set_token_used(connection: Connection, token: str, at: datetime) -> None:
    """Remember when a token was used last."""
    connection.execute(update(tokens).where(tokens.c.id == token).values(last_used_at=at))


def revoke_token(connection: Connection, token: str) -> bool:
    """Refuse a token from now on; False when there is none of that id."""
    done = connection.execute(update(tokens).where(tokens.c.id == token).values(is_revoked=True))
    return done.rowcount > 0


def revoke_tokens_by(connection: Connection, creator: str) -> tuple[str, ...]:
    """Refuse every token that a person made; return the ids of those that worked until now."""
    theirs = (tokens.c.created_by == creator) & tokens.c.is_revoked.is_(False)
    found = tuple(connection.execute(select(tokens.c.id).where(theirs)).scalars())
    connection.execute(update(tokens).where(theirs).values(is_revoked=True))
    return found


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(
        name=row.name,
        full_name=row.full_name,
        roles=frozenset(Role(role) for role in row.roles),
        is_enabled=row.is_enabled,
        created_at=row.created_at,
        last_login_at=row.last_login_at,
    )


def _token(row: Row[tuple[object, ...]]) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        is_revoked=row.is_revoked,
    )
