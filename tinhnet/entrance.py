# SPDX-License-Identifier: MIT
"""Actions of coming in and going out: logins, sessions, and the very first admin."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from tinhnet import access, actions
from tinhnet.context import Context
from tinhnet.model.actor import Actor, Role, Session, User
from tinhnet.store import first_run, people, sessions
from tinhnet.store.engine import Transaction

ADDRESS_FACTOR = 4
"""An address may fail this many times more often than a name: a district shares one."""
TOUCH = timedelta(minutes=1)
"""The last use of a session is written at most this often."""
LONGEST_BROWSER = 300
"""Characters kept of what a browser says of itself."""
FIRST_RUN = "first-run"
"""Who acts, and what is paused after wrong codes, before there is anybody."""


def log_in(
    context: Context, name: str, password: str, address: str | None, browser: str = ""
) -> Session:
    """Return a new session for name and password; LoginRefusedError otherwise.

    Wrong passwords pause the name, and with more patience the address.
    """
    known = name if actions.USER_NAME.fullmatch(name) else "unknown"
    keys = {f"user:{known}": 1, f"address:{address}": ADDRESS_FACTOR}
    with context.store.reading() as connection:
        _refuse_while_paused(context, connection, keys)
        user = people.find_user(connection, known)
        hashed = people.password_hash(connection, known)
    is_right = access.matches(password, hashed) and user is not None and user.is_enabled
    now = context.now
    session = Session(access.new_session_id(), known, address, browser[:LONGEST_BROWSER], now, now)
    with context.store.writing() as connection:
        _count(context, connection, keys, is_right=is_right)
        if user is not None and is_right:
            people.set_last_login(connection, known, now)
            sessions.forget_before(connection, oldest_session(context))
            sessions.add_session(connection, session)
        action = "login.accept" if is_right else "login.refuse"
        details = {"session": access.shown(session)} if is_right else {}
        actor = Actor(known, user.roles if user and is_right else frozenset(), "web", address)
        actions.record(context, connection, actor, action, f"user {known}", details)
    if not is_right:
        raise access.LoginRefusedError("name or password is wrong")
    return session


def log_out(context: Context, actor: Actor, session: str) -> None:
    """End one's own session because its person leaves."""
    with context.store.writing() as connection:
        sessions.end_session(connection, session)
        details = {"session": session[: access.SHOWN]}
        actions.record(context, connection, actor, "logout", f"user {actor.name}", details)


def end_session(context: Context, actor: Actor, identity: str) -> Session:
    """End a session: an admin anybody's, a person their own; it is refused from now on.

    `identity` may be the beginning of an id, as lists and evidence show it.
    """
    with context.store.reading() as connection:
        known = sessions.list_sessions(connection, oldest_session(context))
    found = [one for one in known if identity and one.id.startswith(identity)]
    session = found[0] if len(found) == 1 else None
    if session is None or session.user != actor.name:
        actions.require(context, actor, "user.manage", f"session {identity[: access.SHOWN]}")
    if session is None:
        raise actions.RequestError(
            "there is no session %(session)s",
            "it ended, or `tinhnet session list` has it",
            session=identity[: access.SHOWN],
        )
    with context.store.writing() as connection:
        sessions.end_session(connection, session.id)
        details = {"session": access.shown(session), "from": session.address or "unknown"}
        actions.record(context, connection, actor, "session.end", f"user {session.user}", details)
    return session


def end_sessions(context: Context, actor: Actor, name: str, keep: str | None = None) -> int:
    """End all sessions of a person but the one to keep; return how many there were."""
    if actor.name != name:
        actions.require(context, actor, "user.manage", f"user {name}")
    with context.store.writing() as connection:
        actions.existing(connection, name)
        ended = sessions.end_sessions_of(connection, name, keep)
        details = {"sessions_ended": str(ended)}
        actions.record(context, connection, actor, "session.end", f"user {name}", details)
    return ended


def person_of_session(
    context: Context, identity: str, address: str | None
) -> tuple[User, Session] | None:
    """Return who a session belongs to, None when it ended or its person may not come in."""
    with context.store.reading() as connection:
        session = sessions.find_session(connection, identity)
        user = people.find_user(connection, session.user) if session else None
    if session is None or user is None or not user.is_enabled:
        return None
    if session.seen_at < oldest_session(context):
        return None
    now = context.now
    if now - session.seen_at > TOUCH:
        session = replace(session, seen_at=now, address=address)
        with context.store.writing() as connection:
            sessions.set_seen(connection, session.id, now, address)
    return user, session


def is_open(context: Context, identity: str) -> bool:
    """Tell whether a session still stands, without counting as its use: for open streams."""
    with context.store.reading() as connection:
        return sessions.find_session(connection, identity) is not None


def oldest_session(context: Context) -> datetime:
    """Return the moment since which a session must have been used to be open."""
    return context.now - timedelta(seconds=context.config.web.session_s) - TOUCH


def offer_first_run(context: Context) -> str | None:
    """Return a new one-time code for the first admin, None once anybody exists.

    A code offered before is worthless from now on; only the hash is kept.
    """
    code = access.new_code()
    with context.store.writing() as connection:
        first_run.forget_offer(connection)
        if people.list_users(connection):
            return None
        first_run.put_offer(connection, access.code_hash(code), context.now)
        actor = Actor(FIRST_RUN, frozenset(), "worker")
        actions.record(context, connection, actor, "first.offer", FIRST_RUN, {})
    return code


def is_first_run(context: Context) -> bool:
    """Tell whether nobody exists yet."""
    with context.store.reading() as connection:
        return not people.list_users(connection)


def is_first_run_offered(context: Context) -> bool:
    """Tell whether a code was printed that the first admin can be made with."""
    with context.store.reading() as connection:
        return first_run.offered_hash(connection) is not None


def add_first_admin(
    context: Context, code: str, user: User, password: str, address: str | None
) -> User:
    """Add the first person, as admin, for whoever has the code; the code is used up.

    Raises LoginRefusedError for a wrong code (each one lengthens a pause) and
    once anybody exists.
    """
    keys = {FIRST_RUN: 1, f"address:{address}": ADDRESS_FACTOR}
    with context.store.reading() as connection:
        _refuse_while_paused(context, connection, keys)
    added = replace(user, roles=frozenset({Role.ADMIN}), created_at=context.now, last_login_at=None)
    actor = Actor(FIRST_RUN, added.roles, "web", address)
    if not _is_offered(context, code):
        with context.store.writing() as connection:
            _count(context, connection, keys, is_right=False)
            nobody = replace(actor, roles=frozenset())
            actions.record(context, connection, nobody, "first.refuse", FIRST_RUN, {})
        raise access.LoginRefusedError("the code is wrong or was used")
    actions.check_user(added)
    hashed = access.hash_password(password, context.config.access)
    with context.store.writing() as connection:
        if people.list_users(connection) or not first_run.forget_offer(connection):
            raise access.LoginRefusedError("the code is wrong or was used")
        people.add_user(connection, added, hashed)
        _count(context, connection, keys, is_right=True)
        details = {"roles": Role.ADMIN.value, "full_name": added.full_name}
        actions.record(context, connection, actor, "first.accept", f"user {added.name}", details)
    return added


def _is_offered(context: Context, code: str) -> bool:
    with context.store.reading() as connection:
        return first_run.offered_hash(connection) == access.code_hash(code)


def _count(
    context: Context, connection: Transaction, keys: Mapping[str, int], *, is_right: bool
) -> None:
    """Remember one more wrong try under every key, or forget them all."""
    for key in keys:
        failed = 0 if is_right else people.failures(connection, key).count + 1
        people.put_failures(connection, key, people.Failures(failed, context.now))


def _refuse_while_paused(
    context: Context, connection: Transaction, keys: Mapping[str, int]
) -> None:
    settings = context.config.access
    for key, factor in keys.items():
        found = people.failures(connection, key)
        until = access.paused_until(found.count // factor, found.last_at, settings)
        if found.count and until > context.now:
            seconds = round((until - context.now).total_seconds()) or 1
            raise access.LoginRefusedError(
                "too many wrong passwords", "try again in %(seconds)s seconds", seconds=seconds
            )
