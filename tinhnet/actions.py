# SPDX-License-Identifier: MIT
"""Everything a person does: the role is checked, the deed and its evidence are one transaction.

CLI, web and API call these functions, and those of `entrance.py` for coming
in and going out, and nothing else that writes.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from tinhnet import access, reasons
from tinhnet.catalogue import find_playbook
from tinhnet.context import Context
from tinhnet.errors import TinhnetError
from tinhnet.model.actor import Actor, Role, Session, Token, User
from tinhnet.model.job import Job, JobRequest, JobState, Playbook, Risk
from tinhnet.purpose import purpose_of, without_purpose
from tinhnet.store import jobs, leases, people, sessions
from tinhnet.store.engine import Transaction
from tinhnet.text import composed, hidden_sign

TOUCH = timedelta(minutes=1)
"""The last use of a token is written at most this often."""

USER_NAME = re.compile(r"[a-z][a-z0-9._-]{0,31}")
_LIMIT = re.compile(r"[A-Za-z0-9*!&:,._-]{1,1000}")
_TAG = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TEMPLATE = ("{{", "{%", "{#")


class RequestError(TinhnetError):
    """What was asked for makes no sense; nothing was done."""


def refuse_hidden(texts: Iterable[tuple[str, str]]) -> None:
    """Raise RequestError for a sign that nobody sees: no database, log or reader takes it well.

    `texts` are pairs: the name of a field, and what was typed there.
    """
    for where, text in texts:
        sign = hidden_sign(text)
        if sign is not None:
            raise RequestError(
                "%(where)s carries the sign %(sign)s, which nobody can see",
                "go back and type the text instead of pasting it",
                where=where,
                sign=sign,
            )


class LastAdminError(RequestError):
    """Nobody would be left to manage users; nothing was done."""


def launch_job(context: Context, actor: Actor, request: JobRequest) -> Job:
    """Ask for a run of a playbook; the change worker takes it from there.

    A dry run (`check`) needs no more than the right to read.  Raises
    PurposeError for a change that neither says what it is for nor follows a
    dry run of just the same.
    """
    playbook = find_playbook(context.config.jobs.playbooks, request.playbook)
    extra = {key: composed(value) for key, value in (request.extra or {}).items()}
    purpose = None if request.purpose is None else purpose_of(request.purpose)
    asked = replace(request, playbook=playbook.name, extra=extra, purpose=purpose)
    risk = Risk.READ if asked.check else playbook.risk
    require(context, actor, f"job.run.{risk}", f"playbook {playbook.name}")
    _check_request(asked, playbook)
    with context.store.writing() as connection:
        dry_run = None if risk is Risk.READ else _dry_run(context, connection, asked)
        if risk is not Risk.READ and purpose is None and dry_run is None:
            raise without_purpose(playbook.name, context.config.jobs.dry_run_hours)
        job = jobs.add_job(connection, asked, risk, actor.name, context.now, dry_run)
        details = {"playbook": asked.playbook, "limit": asked.limit or "all"}
        details |= {"mode": "check" if asked.check else "apply", "diff": str(asked.diff).lower()}
        details |= {"tags": ",".join(asked.tags)} if asked.tags else {}
        details |= {f"extra.{key}": value for key, value in (asked.extra or {}).items()}
        details |= {"purpose": purpose} if purpose else {}
        details |= {"dry_run": dry_run.id} if dry_run else {}
        record(context, connection, actor, "job.launch", f"job {job.id}", details)
    return job


def dry_run_of(context: Context, request: JobRequest) -> Job | None:
    """Return the dry run that a change would follow, None when none counts any more."""
    with context.store.reading() as connection:
        return _dry_run(context, connection, request)


def cancel_job(context: Context, actor: Actor, number: int) -> Job:
    """End a job: at once when it waits, through its worker when it runs."""
    require(context, actor, "job.cancel", f"job J{number}")
    with context.store.writing() as connection:
        job = jobs.find_job(connection, number)
        if job is None:
            raise RequestError(
                "there is no job %(job)s", "`tinhnet jobs` lists them", job=f"J{number}"
            )
        if job.state.is_final:
            raise RequestError("%(job)s has ended already (%(state)s)", job=job.id, state=job.state)
        leases.ask_to_cancel(connection, job, actor.name)
        record(context, connection, actor, "job.cancel", f"job {job.id}", {"state": job.state})
        if job.state is JobState.WAITING:
            reason = reasons.CANCELLED_WAITING % {"actor": actor.name}
            nothing = leases.not_attempted(job.devices)
            return leases.end_job(connection, job, JobState.CANCELLED, reason, nothing, context.now)
        return jobs.get_job(connection, number)


def add_user(context: Context, actor: Actor, user: User, password: str) -> User:
    """Add a person; `created_at` is set here."""
    require(context, actor, "user.manage", f"user {user.name}")
    check_user(user)
    hashed = access.hash_password(password, context.config.access)
    refuse_hidden([("name", user.full_name)])
    full_name = composed(user.full_name)
    added = replace(user, full_name=full_name, created_at=context.now, last_login_at=None)
    with context.store.writing() as connection:
        if people.find_user(connection, user.name):
            raise RequestError("user %(name)s exists already", name=user.name)
        people.add_user(connection, added, hashed)
        details = {"roles": _roles(user.roles), "full_name": full_name}
        record(context, connection, actor, "user.add", f"user {user.name}", details)
    return added


def set_password(
    context: Context, actor: Actor, name: str, password: str, session: Session | None = None
) -> Session | None:
    """Replace a password: an admin anybody's, a person their own.

    Every session of the person ends.  The `session` that asked for it goes
    on under the new id that is returned: a stolen copy of the old one is worthless.
    """
    if actor.name != name:
        require(context, actor, "user.manage", f"user {name}")
    hashed = access.hash_password(password, context.config.access)
    renewed = replace(session, id=access.new_session_id()) if session else None
    with context.store.writing() as connection:
        existing(connection, name)
        people.set_password(connection, name, hashed)
        people.put_failures(connection, f"user:{name}", people.Failures(0, context.now))
        details = {"sessions_ended": str(sessions.end_sessions_of(connection, name))}
        if renewed:
            sessions.add_session(connection, renewed)
            details["session"] = access.shown(renewed)
        record(context, connection, actor, "user.password", f"user {name}", details)
    return renewed


def set_enabled(context: Context, actor: Actor, name: str, *, is_enabled: bool) -> None:
    """Let a person in, or no longer: then their sessions and the tokens they made end at once.

    Raises LastAdminError when nobody else could let anybody in again.
    """
    require(context, actor, "user.manage", f"user {name}")
    with context.store.writing() as connection:
        user = existing(connection, name)
        if not is_enabled:
            _keep_an_admin(connection, user)
        people.set_enabled(connection, name, is_enabled=is_enabled)
        details = {} if is_enabled else _shut_out(connection, name)
        action = "user.enable" if is_enabled else "user.disable"
        record(context, connection, actor, action, f"user {name}", details)


def set_roles(context: Context, actor: Actor, name: str, roles: Iterable[Role]) -> None:
    """Replace a person's roles; their sessions and the tokens they made end at once.

    Raises LastAdminError when nobody else could hand out roles again.
    """
    wanted = frozenset(roles)
    require(context, actor, "user.manage", f"user {name}")
    if not wanted:
        raise RequestError(
            "user %(name)s would have no role", "disable the user instead", name=name
        )
    with context.store.writing() as connection:
        user = existing(connection, name)
        if user.roles == wanted:
            return
        if Role.ADMIN not in wanted:
            _keep_an_admin(connection, user)
        people.set_roles(connection, name, wanted)
        details = {"before": _roles(user.roles), "after": _roles(wanted)}
        details |= _shut_out(connection, name)
        record(context, connection, actor, "user.roles", f"user {name}", details)


def create_token(
    context: Context, actor: Actor, name: str, role: Role, days: int | None = None
) -> tuple[Token, str]:
    """Return a new token and its text, which is shown this once and never stored."""
    require(context, actor, "token.manage", f"token {name}")
    lasts = timedelta(days=days or context.config.access.token_days)
    identity, text, hashed = access.new_token()
    now = context.now
    refuse_hidden([("name", name)])
    name = composed(name)
    token = Token(identity, name, role, actor.name, now, now + lasts, None, is_revoked=False)
    with context.store.writing() as connection:
        people.add_token(connection, token, hashed)
        details = {"name": name, "role": role, "expires": token.expires_at.isoformat()}
        record(context, connection, actor, "token.create", f"token {identity}", details)
    return token, text


def revoke_token(context: Context, actor: Actor, token: str) -> None:
    """Refuse a token from now on."""
    require(context, actor, "token.manage", f"token {token}")
    with context.store.writing() as connection:
        if not people.revoke_token(connection, token):
            raise RequestError(
                "there is no token %(token)s", "`tinhnet token list` shows their ids", token=token
            )
        record(context, connection, actor, "token.revoke", f"token {token}", {})


def actor_of_token(context: Context, text: str, address: str | None) -> Actor | None:
    """Return who a token stands for, None when it is unknown, revoked or has ended."""
    now = context.now
    with context.store.reading() as connection:
        token = people.find_token(connection, access.token_hash(text))
    if token is None or token.is_revoked or token.expires_at <= now:
        return None
    if token.last_used_at is None or now - token.last_used_at > TOUCH:
        with context.store.writing() as connection:
            people.set_token_used(connection, token.id, now)
    return Actor(f"token:{token.name}", frozenset({token.role}), "api", address)


def check_user(user: User) -> None:
    """Raise RequestError when a new person has no fit name or no role."""
    if not USER_NAME.fullmatch(user.name):
        raise RequestError(
            "%(name)s is no user name",
            "expected a-z first, then a-z 0-9 . _ - (32 at most)",
            name=repr(user.name),
        )
    if not user.roles:
        raise RequestError(
            "user %(name)s has no role", "roles: %(roles)s", name=user.name, roles=", ".join(Role)
        )


def require(context: Context, actor: Actor, permission: str, subject: str) -> None:
    """Check the role; a refusal is evidence too."""
    try:
        access.require(actor, permission)
    except access.AccessDeniedError:
        with context.store.writing() as connection:
            details = {"permission": permission, "roles": _roles(actor.roles)}
            record(context, connection, actor, "access.deny", subject, details)
        raise


def record(
    context: Context,
    connection: Transaction,
    actor: Actor,
    action: str,
    subject: str,
    details: Mapping[str, str],
) -> None:
    """Write the entry of a deed in the transaction of the deed."""
    context.evidence.record(connection, actor, action, subject, details, context.now)


def existing(connection: Transaction, name: str) -> User:
    """Return a user; RequestError when there is none of that name."""
    user = people.find_user(connection, name)
    if user is None:
        raise RequestError("there is no user %(name)s", "`tinhnet user list` shows them", name=name)
    return user


def _keep_an_admin(connection: Transaction, user: User) -> None:
    """Raise LastAdminError when a person is the only one who may manage users."""
    admins = {one.name for one in people.list_users(connection) if one.is_enabled and _manages(one)}
    if admins == {user.name}:
        raise LastAdminError(
            "%(name)s is the last admin: nobody could manage users any more",
            "make another person admin first (`tinhnet user roles NAME --role admin`)",
            name=user.name,
        )


def _manages(user: User) -> bool:
    return bool(user.roles & access.PERMISSIONS["user.manage"])


def _shut_out(connection: Transaction, name: str) -> dict[str, str]:
    """End a person's sessions and the tokens they made; return what the evidence says of it."""
    ended = sessions.end_sessions_of(connection, name)
    tokens = people.revoke_tokens_by(connection, name)
    details = {"sessions_ended": str(ended)}
    return details | ({"tokens_revoked": ",".join(tokens)} if tokens else {})


def _roles(roles: Iterable[Role]) -> str:
    return ",".join(sorted(roles))


def _dry_run(context: Context, connection: Transaction, asked: JobRequest) -> Job | None:
    lasts = timedelta(hours=context.config.jobs.dry_run_hours)
    return jobs.find_dry_run(connection, asked, context.now - lasts)


def _check_request(request: JobRequest, playbook: Playbook) -> None:
    if request.limit is not None and not _LIMIT.fullmatch(request.limit):
        raise RequestError(
            "%(limit)s is no limit",
            "expected devices, sites or groups joined by , or : (dien-ban,core1)",
            limit=repr(request.limit),
        )
    for tag in request.tags:
        if not _TAG.fullmatch(tag):
            raise RequestError("%(tag)s is no tag", tag=repr(tag))
    declared = {argument.name: argument for argument in playbook.arguments}
    for name, value in (request.extra or {}).items():
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise RequestError(
                "%(playbook)s takes no argument %(argument)s",
                "its arguments: %(known)s",
                playbook=playbook.name,
                argument=name,
                known=known,
            )
        pattern = declared[name].pattern
        if not re.fullmatch(pattern, value) or any(part in value for part in _TEMPLATE):
            raise RequestError(
                "%(argument)s = %(value)s does not fit",
                "expected %(pattern)s",
                argument=name,
                value=repr(value),
                pattern=pattern,
            )
    for name, argument in declared.items():
        if argument.is_required and name not in (request.extra or {}):
            raise RequestError(
                "%(playbook)s needs the argument %(argument)s",
                playbook=playbook.name,
                argument=name,
            )
