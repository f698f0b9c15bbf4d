# SPDX-License-Identifier: MIT
"""Who is signed in: found in the session at every request, never trusted for longer."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from hashlib import sha256
from typing import ParamSpec, TypeVar

from flask import Flask, Response, abort, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user, login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from tinhnet.access import PERMISSIONS
from tinhnet.access import may as actor_may
from tinhnet.model.actor import Actor, Role, User
from tinhnet.store.people import find_user, password_hash
from webui.context import web
from webui.figures import here
from webui.page import Group

SEAL = "seal"
"""Key of the session that ties it to the password it was opened with."""

BEGAN = "began"
"""Key of the session that says when it was opened."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user, in the shape Flask-Login asks for."""

    user: User

    @property
    def name(self) -> str:
        """The login name."""
        return self.user.name

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles in their usual order."""
        return tuple(role for role in Role if role in self.user.roles)

    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """Tell whether the login is enabled."""
        return self.user.is_enabled

    def get_id(self) -> str:
        """Return what the session keeps."""
        return self.user.name


def person() -> Person | None:
    """Return who is signed in, None for a visitor."""
    found = current_user._get_current_object()  # noqa: SLF001 Flask-Login's own documented way
    return found if isinstance(found, Person) else None


def actor() -> Actor:
    """Return on whose behalf this request acts; a visitor ends in 401."""
    if "actor" in g:
        known: Actor = g.actor
        return known
    found = person()
    if found is None:
        abort(401)
    return Actor(found.name, found.user.roles, "web", request.remote_addr)


def may(permission: str) -> bool:
    """Tell whether the signed-in person may do something, for templates."""
    found = person()
    return found is not None and actor_may(Actor(found.name, found.user.roles, "web"), permission)


def needs(
    permission: str,
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Refuse a view with 403 to whoever lacks a permission of `tinhnet.access`."""
    if permission not in PERMISSIONS:
        raise KeyError(permission)

    def guard(view: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @wraps(view)
        def guarded(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            if not actor_may(actor(), permission):
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return guard


def visible(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """Return the navigation without what the signed-in person may not open."""
    kept = (
        Group(
            group.label,
            tuple(entry for entry in group.entries if not entry.action or may(entry.action)),
        )
        for group in groups
    )
    return tuple(group for group in kept if group.entries)


def sign_in(user: User) -> None:
    """Open a session for a user whose password was right; a new one, whatever was there."""
    session.clear()
    login_user(Person(user))
    session.permanent = True
    session[SEAL] = _seal(user.name)
    session[BEGAN] = web().now().isoformat()


def reseal(name: str) -> None:
    """Keep this session open after its person changed the password."""
    session[SEAL] = _seal(name)


def began_at() -> datetime | None:
    """Return when this session was opened."""
    text = str(session.get(BEGAN, ""))
    return datetime.fromisoformat(text) if text else None


def sign_out() -> None:
    """Close the session."""
    logout_user()
    session.clear()


def prepare(app: Flask, public: frozenset[str]) -> None:
    """Ask for a login everywhere but in the `public` blueprints."""
    manager = LoginManager(app)
    manager.session_protection = None  # addresses change behind carriers; the seal is ours
    manager.user_loader(_load)

    def ask() -> AnyResponse | None:
        if request.endpoint is None or request.endpoint == "static":
            return None
        if request.blueprint in public or person() is not None:
            return None
        return _to_login()

    app.before_request(ask)


def _to_login() -> AnyResponse:
    """Send a visitor to the login and back here; a part of a page reloads the whole."""
    target = url_for("login.show", next=here())
    if "HX-Request" in request.headers:
        return Response(status=401, headers={"HX-Redirect": url_for("login.show")})
    return redirect(target)


def _load(name: str) -> Person | None:
    """Return the user of a session, None once disabled, removed or with another password."""
    with web().store.reading() as connection:
        user = find_user(connection, name)
    if user is None or not user.is_enabled:
        return None
    if not hmac.compare_digest(str(session.get(SEAL, "")), _seal(name)):
        return None
    return Person(user)


def _seal(name: str) -> str:
    """Return a digest that changes when the user's password does."""
    with web().store.reading() as connection:
        hashed = password_hash(connection, name) or ""
    return sha256(hashed.encode()).hexdigest()[:16]
