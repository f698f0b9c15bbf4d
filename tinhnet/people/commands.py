# SPDX-License-Identifier: MIT
"""`tinhnet user …`, `tinhnet session …`, `tinhnet token …`, `tinhnet evidence …`."""

import getpass
import sys
from datetime import datetime
from typing import Annotated

import typer

from tinhnet import access, actions, entrance
from tinhnet.console import Cell, Row, print_json, print_rows, say, warn
from tinhnet.context import context_of_command, local_actor
from tinhnet.errors import TinhnetError
from tinhnet.evidence_listing import entry_row, verification_row
from tinhnet.model.actor import Role, Session, Token, User
from tinhnet.model.audit import EvidenceFilter
from tinhnet.store.evidence import newest_entries
from tinhnet.store.people import list_tokens, list_users
from tinhnet.store.sessions import list_sessions
from tinhnet.text import composed

app = typer.Typer()
user_app = typer.Typer(help="Who may log in, and with which roles.", no_args_is_help=True)
session_app = typer.Typer(help="Who is signed in, and from where.", no_args_is_help=True)
token_app = typer.Typer(help="Credentials of programs.", no_args_is_help=True)
evidence_app = typer.Typer(help="The log of everything anybody did.", no_args_is_help=True)
app.add_typer(user_app, name="user")
app.add_typer(session_app, name="session")
app.add_typer(token_app, name="token")
app.add_typer(evidence_app, name="evidence")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Name = Annotated[str, typer.Argument(help="The login name.")]
Roles = Annotated[list[Role], typer.Option("--role", help="May be given several times.")]
FromInput = Annotated[
    bool, typer.Option("--stdin", help="Read the password from standard input, not a terminal.")
]


@user_app.command("add")
def add_user(
    name: Name,
    role: Roles,
    *,
    full_name: Annotated[str, typer.Option(help="The person's name.")] = "",
    stdin: FromInput = False,
) -> None:
    """Add a person; the password is asked for, never an argument."""
    with context_of_command() as context:
        user = User(name, full_name or name, frozenset(role), True, context.now, None)  # noqa: FBT003 field order of the type
        actions.add_user(context, local_actor(context), user, _password(from_input=stdin))
    say(f"user {name} added")


@user_app.command("list")
def show_users(*, as_json: AsJson = False) -> None:
    """Print who may log in."""
    with context_of_command() as context, context.store.reading() as connection:
        access.require(local_actor(context), "user.view")
        rows: list[Row] = [_user_row(user) for user in list_users(connection)]
    columns = {"name": "user", "full_name": "name", "roles": "roles", "is_enabled": "enabled"}
    print_rows(rows, columns | {"last_login_at": "last login"}, as_json=as_json)


@user_app.command("password")
def change_password(name: Name, *, stdin: FromInput = False) -> None:
    """Replace a password."""
    with context_of_command() as context:
        actions.set_password(context, local_actor(context), name, _password(from_input=stdin))
    say(f"user {name} has a new password")


@user_app.command("disable")
def disable_user(name: Name) -> None:
    """Refuse a login from now on; open sessions end at once."""
    with context_of_command() as context:
        actions.set_enabled(context, local_actor(context), name, is_enabled=False)
    say(f"user {name} is disabled")


@user_app.command("enable")
def enable_user(name: Name) -> None:
    """Let a person in again."""
    with context_of_command() as context:
        actions.set_enabled(context, local_actor(context), name, is_enabled=True)
    say(f"user {name} is enabled")


@user_app.command("roles")
def change_roles(name: Name, role: Roles) -> None:
    """Replace a person's roles."""
    with context_of_command() as context:
        actions.set_roles(context, local_actor(context), name, role)
    say(f"user {name} has the roles {', '.join(sorted(role))}")


@session_app.command("list")
def show_sessions(
    *,
    user: Annotated[str | None, typer.Option(help="Only this person's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print who is signed in, the session used last first."""
    with context_of_command() as context, context.store.reading() as connection:
        access.require(local_actor(context), "user.view")
        found = list_sessions(connection, entrance.oldest_session(context), user)
        rows: list[Row] = [_session_row(session) for session in found]
    columns = {"id": "session", "user": "user", "address": "from", "browser": "browser"}
    print_rows(rows, columns | {"began_at": "since", "seen_at": "last used"}, as_json=as_json)


@session_app.command("end")
def end_session(session: Annotated[str, typer.Argument(help="Its id in the list.")]) -> None:
    """Sign somebody out of one browser; open pages of theirs get nothing more."""
    with context_of_command() as context:
        ended = entrance.end_session(context, local_actor(context), session)
    say(f"the session of {ended.user} from {ended.address or 'unknown'} has ended")


@token_app.command("create")
def create_token(
    *,
    name: Annotated[str, typer.Option(help="Which program it is for.")],
    role: Annotated[Role, typer.Option(help="What the program may do.")],
    days: Annotated[int | None, typer.Option(min=1, help="Days until it ends.")] = None,
) -> None:
    """Print a new token and nothing else; it is shown this once."""
    with context_of_command() as context:
        _, text = actions.create_token(context, local_actor(context), name, role, days)
    say(text)


@token_app.command("list")
def show_tokens(*, as_json: AsJson = False) -> None:
    """Print the tokens, newest first; never their text."""
    with context_of_command() as context, context.store.reading() as connection:
        access.require(local_actor(context), "token.manage")
        rows: list[Row] = [_token_row(token) for token in list_tokens(connection)]
    columns = {"id": "token", "name": "for", "role": "role", "expires_at": "ends"}
    columns |= {"last_used_at": "last used", "is_revoked": "revoked"}
    print_rows(rows, columns, as_json=as_json)


@token_app.command("revoke")
def revoke_token(token: Annotated[str, typer.Argument(help="Its id in the list.")]) -> None:
    """Refuse a token from now on."""
    with context_of_command() as context:
        actions.revoke_token(context, local_actor(context), token)
    say(f"token {token} is revoked")


@evidence_app.command("list")
def show_evidence(  # noqa: PLR0913 one parameter per option
    *,
    actor: Annotated[str | None, typer.Option(help="Part of who did it.")] = None,
    action: Annotated[str | None, typer.Option(help="What was done: job.launch, ….")] = None,
    subject: Annotated[str | None, typer.Option(help="Part of what it was done to.")] = None,
    since: Annotated[str | None, typer.Option(help="From 2026-11-24T07:00 on.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this moment.")] = None,
    before: Annotated[int | None, typer.Option(min=1, help="Go on before this entry.")] = None,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Print the newest entries first; moments without a zone are this machine's."""
    actor, subject = (composed(part) if part else None for part in (actor, subject))
    wanted = EvidenceFilter(actor, action, subject, _moment(since), _moment(until))
    with context_of_command() as context, context.store.reading() as connection:
        access.require(local_actor(context), "evidence.view")
        found = newest_entries(connection, before=before, limit=count, wanted=wanted)
    rows: list[Row] = [entry_row(one) for one in found]
    columns = {"seq": "entry", "at": "at", "actor": "who", "action": "did", "subject": "to"}
    print_rows(rows, columns | {"details": "details"}, as_json=as_json)


@evidence_app.command("verify")
def verify_evidence(*, as_json: AsJson = False) -> None:
    """Check the whole log; exit 1 and name the first entry that does not hold."""
    with context_of_command() as context, context.store.reading() as connection:
        found = context.evidence.verify(connection)
    if as_json:
        print_json(verification_row(found))
    elif found.broken is None:
        say(f"{found.entries} entries hold; head {found.head}")
    else:
        warn(f"entry {found.broken.seq} does not hold: {found.broken.reason}")
        warn(f"  the {found.entries} entries before it do")
    if found.broken is not None:
        sys.exit(1)


def _user_row(user: User) -> dict[str, Cell]:
    return {
        "name": user.name,
        "full_name": user.full_name,
        "roles": sorted(role.value for role in user.roles),
        "is_enabled": user.is_enabled,
        "created_at": user.created_at.isoformat(),
        "last_login_at": user.last_login_at.isoformat() if user.last_login_at else None,
    }


def _session_row(session: Session) -> dict[str, Cell]:
    return {
        "id": access.shown(session),
        "user": session.user,
        "address": session.address,
        "browser": session.browser,
        "began_at": session.began_at.isoformat(),
        "seen_at": session.seen_at.isoformat(),
    }


def _token_row(token: Token) -> dict[str, Cell]:
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role.value,
        "created_by": token.created_by,
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
        "last_used_at": token.last_used_at.isoformat() if token.last_used_at else None,
        "is_revoked": token.is_revoked,
    }


def _moment(text: str | None) -> datetime | None:
    """Return a moment as it is typed, in this machine's zone where none is given."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        raise TinhnetError(
            f"{text!r} is no moment", "expected 2026-11-24 or 2026-11-24T07:00"
        ) from error


def _password(*, from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise TinhnetError("the two passwords differ", "nothing was changed")
    return first
