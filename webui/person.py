# SPDX-License-Identifier: MIT
"""Who is signed in: found in the session at every request, never trusted for longer."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import Flask, Response, abort, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user, login_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from tinhnet import entrance
from tinhnet.access import PERMISSIONS
from tinhnet.access import may as actor_may
from tinhnet.model.actor import Actor, Role, Session, User
from webui.context import web
from webui.figures import here
from webui.page import Group

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user with the session, in the shape Flask-Login asks for."""

    user: User
    session: Session

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
        """Return what the cookie keeps: the session's id, signed with the rest of it."""
        return self.session.id


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


def sign_in(opened: Session) -> None:
    """Give the browser the session that was opened; a new cookie, whatever was there."""
    session.clear()
    found = _load(opened.id)
    if found is None:  # disabled in this very moment
        abort(401)
    login_user(found)
    session.permanent = True


def sign_out() -> None:
    """Take the session back from the browser."""
    logout_user()
    session.clear()


def still_here() -> Callable[[], bool]:
    """Return what tells, after the request too, whether its session still stands."""
    found, context = person(), web().context
    identity = found.session.id if found else ""
    return lambda: entrance.is_open(context, identity)


def prepare(app: Flask, public: frozenset[str]) -> None:
    """Ask for a login everywhere but in the `public` blueprints."""
    manager = LoginManager(app)
    manager.session_protection = None  # addresses change behind carriers
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


def _load(identity: str) -> Person | None:
    """Return whose session this is, None once it ended or its person may not come in."""
    found = entrance.person_of_session(web().context, identity, request.remote_addr)
    return Person(*found) if found else None
