# SPDX-License-Identifier: MIT
"""Configuration: order, origins, mistakes."""

from pathlib import Path

import pytest

from tinhnet.config import Loaded, Setting, load_config, redacted
from tinhnet.errors import ProblemsError


def origin(loaded: Loaded, key: str) -> str:
    """Return where a setting came from."""
    return next(one.origin for one in loaded.settings if one.key == key)


def test_later_sources_win_and_each_value_knows_its_origin(tmp_path: Path) -> None:
    """An operator who asks "why 9090?" gets a file and a line."""
    (tmp_path / "tinhnet.toml").write_text('state = "here"\n\n[web]\nport = 9000\nthreads = 3\n')
    (tmp_path / "tinhnet.d").mkdir()
    (tmp_path / "tinhnet.d" / "10-site.toml").write_text("[web]\nport = 9090\n")

    loaded = load_config({"TINHNET__WEB__THREADS": "5"}, tmp_path)

    assert (loaded.config.web.port, loaded.config.web.threads) == (9090, 5)
    assert loaded.config.state == tmp_path / "here"
    assert origin(loaded, "web.port") == f"{tmp_path}/tinhnet.d/10-site.toml:2"
    assert origin(loaded, "web.threads") == "TINHNET__WEB__THREADS"
    assert origin(loaded, "state") == f"{tmp_path}/tinhnet.toml:1"
    assert origin(loaded, "web.host") == "default"


def test_the_state_variable_moves_the_state(tmp_path: Path) -> None:
    """Two labs on one machine keep their states apart by one variable."""
    loaded = load_config({"TINHNET_STATE": "/srv/state"}, tmp_path)

    assert loaded.config.state == Path("/srv/state")


def test_every_mistake_is_named_with_line_and_suggestion(tmp_path: Path) -> None:
    """One start shows all mistakes, not one per start."""
    (tmp_path / "tinhnet.toml").write_text('[web]\nprot = 1\nport = "many"\n[jobs]\nforks = 0\n')

    with pytest.raises(ProblemsError) as caught:
        load_config({"TINHNET__LOGS__LEVELL": "info"}, tmp_path)

    shown = str(caught.value)
    assert (
        f"{tmp_path}/tinhnet.toml:2: there is no setting web.prot; did you mean web.port?" in shown
    )
    assert f"{tmp_path}/tinhnet.toml:3: web.port = 'many'" in shown
    assert f"{tmp_path}/tinhnet.toml:5: jobs.forks = 0" in shown
    assert (
        "TINHNET__LOGS__LEVELL: there is no setting logs.levell; did you mean logs.level?" in shown
    )


def test_a_broken_file_names_its_line(tmp_path: Path) -> None:
    """A missing bracket is found by line."""
    (tmp_path / "tinhnet.toml").write_text("[web\nport = 1\n")

    with pytest.raises(ProblemsError, match=r"tinhnet\.toml:1: no TOML"):
        load_config({}, tmp_path)


def test_a_password_in_a_url_is_not_shown() -> None:
    """`config show` ends up in tickets."""
    setting = Setting("store.url", "postgresql://me:hidden-word@db/x", "default", "")

    assert redacted(setting) == "postgresql://me:***@db/x"


def test_a_list_comes_from_the_environment_with_commas(tmp_path: Path) -> None:
    """`up` with only one worker is one variable away."""
    loaded = load_config({"TINHNET__SUPERVISOR__WORKERS": "change"}, tmp_path)

    assert loaded.config.supervisor.workers == ["change"]
