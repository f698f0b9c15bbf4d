# SPDX-License-Identifier: MIT
"""The application: Flask with every page of `webui/pages/` and the API."""

import secrets as randomness
from datetime import timedelta
from importlib.metadata import version

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_openapi import Info, OpenAPI
from flask_wtf.csrf import CSRFProtect

from tinhnet.config import Loaded
from tinhnet.context import Context
from tinhnet.inventory.loader import load
from tinhnet.store.series.open import open_series
from webui import api, assets, failure, figures, language, limits, person, protection, sentences
from webui.answer import BLUEPRINT, Problem
from webui.browser import browser_name
from webui.context import EXTENSION, Web, surroundings
from webui.declared import Inventory
from webui.language import LANGUAGES
from webui.live import Pulse
from webui.loads import Loads
from webui.page import Page, navigation, pages
from webui.sights import Sights
from webui.theme import theme
from webui.words import word

SESSION_KEY = "web/session"
LARGEST_BODY = 256 * 1024
"""Bytes of a form or API body; no page takes files yet."""


def create_application(context: Context, loaded: Loaded) -> OpenAPI:
    """Return the application over an open context."""
    app = OpenAPI(
        "webui",
        info=Info(title="tinhnet", version="1", description=api.DESCRIPTION),
        security_schemes=api.SECURITY,
        doc_ui=False,
        validation_error_status=422,
        validation_error_model=Problem,
        validation_error_callback=api.refuse_input,
    )
    _configure(app, context)
    settings = context.config
    series = open_series(settings, context.clock)
    app.extensions[EXTENSION] = Web(
        context=context,
        loaded=loaded,
        inventory=Inventory(settings.inventory, load, context.clock),
        pulse=Pulse(context.store, settings.web.threads // 2),
        series=series,
        sights=Sights(),
        loads=Loads(series),
    )
    found = pages()
    public = frozenset(page.blueprint.name for page in found if page.public)
    language.prepare(app, settings.web.language)
    assets.prepare(app)
    figures.prepare(app)
    protection.prepare(app)
    failure.prepare(app)
    limits.prepare(app)
    csrf = CSRFProtect(app)
    api.register(app, csrf)
    person.prepare(app, public | {BLUEPRINT})
    for page in found:
        app.register_blueprint(page.blueprint)
    _prepare_templates(app, found)
    return app


def _configure(app: Flask, context: Context) -> None:
    """Set Flask up: cookies, key, body size, no traces of Python in HTML."""
    web = context.config.web
    key = context.secrets.ensure(SESSION_KEY, lambda: randomness.token_urlsafe(48))
    app.config.update(
        SECRET_KEY=key.value,
        SESSION_COOKIE_NAME="tinhnet_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=web.secure_cookie,
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=web.session_s),
        SESSION_REFRESH_EACH_REQUEST=True,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a wall of forms stays usable
        TEMPLATES_AUTO_RELOAD=False,
    )
    if isinstance(app.json, DefaultJSONProvider):
        app.json.ensure_ascii = False
        app.json.sort_keys = False
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")


def _prepare_templates(app: Flask, found: tuple[Page, ...]) -> None:
    """Make known what every template uses."""
    groups = navigation(found)
    product = version("tinhnet")

    def common() -> dict[str, object]:
        signed_in = person.person()
        return {
            "language": language.language(),
            "languages": LANGUAGES,
            "theme": theme(),
            "person": signed_in,
            "may": person.may,
            "here": figures.here(),
            "navigation": person.visible(groups) if signed_in else (),
            "version": product,
            **surroundings(),
        }

    app.context_processor(common)
    app.add_template_global(word)
    app.add_template_global(browser_name)
    for saying in (sentences.told_reason, sentences.told_sentence, sentences.event_text):
        app.add_template_global(saying)
