# SPDX-License-Identifier: MIT
"""Actions: the role is checked where it counts, and every deed is evidence."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest

from tests.clock import START, Clock
from tinhnet import access, actions, entrance
from tinhnet.catalogue import PlaybookMissingError, catalogue
from tinhnet.context import Context, local_actor
from tinhnet.model.actor import Actor, Role, User
from tinhnet.model.job import JobRequest, JobState, Risk
from tinhnet.store.evidence import newest_entries
from tinhnet.store.jobs import count_jobs

pytestmark = pytest.mark.patient

PASSWORD = "đủ dài để dùng"  # noqa: S105 nobody's password
NAME = "Nguyễn Thị Hồng Đào"
NAMED = """\
# tinhnet: {title_vi: Mạng diện rộng, title_en: The WAN, risk: change,
#   arguments: {device: {label_vi: Thiết bị, label_en: Device, pattern: '\\w+'}}}
- hosts: all
"""
WAN = """\
# SPDX-License-Identifier: MIT
# tinhnet: {title_vi: Mạng WAN, title_en: The WAN, risk: change, order: 10,
#   arguments: {device: {label_vi: Thiết bị, label_en: Device, required: true}}}
- hosts: all
"""


@pytest.fixture
def context(context: Context, tmp_path: Path) -> Context:
    """Return an open state with one playbook."""
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "wan.yml").write_text(WAN)
    return context


def actor(*roles: Role) -> Actor:
    """Return somebody with these roles."""
    return Actor("minh", frozenset(roles), "web", "10.90.99.7")


ADMIN = actor(Role.ADMIN)
WANTED = JobRequest("wan", "dien-ban", extra={"device": "core1"}, purpose="Điện Bàn")


def deeds(context: Context) -> list[str]:
    """Return the actions in the log, oldest first."""
    with context.store.reading() as connection:
        return [one.action for one in reversed(newest_entries(connection))]


def add_lan(context: Context, *roles: Role) -> User:
    """Add the user lan."""
    user = User("lan", "Nguyễn Thị Lan", frozenset(roles or {Role.ENGINEER}), True, START, None)  # noqa: FBT003 fields in order
    return actions.add_user(context, ADMIN, user, PASSWORD)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_are_kept_composed_whatever_was_typed(
    context: Context, form: Literal["NFC", "NFD"]
) -> None:
    """CLI, web and API all come through here: one name must not be stored in two forms."""
    typed = normalize(form, NAME)
    user = User("lan", typed, frozenset({Role.VIEWER}), True, START, None)  # noqa: FBT003 fields in order
    added = actions.add_user(context, ADMIN, user, PASSWORD)
    token, _ = actions.create_token(context, ADMIN, typed, Role.VIEWER)
    extra = {"device": normalize(form, "Điện")}
    (context.config.jobs.playbooks / "wan.yml").write_text(normalize(form, NAMED))
    job = actions.launch_job(context, actor(Role.ENGINEER), replace(WANTED, extra=extra))
    (card,) = catalogue(context.config.jobs.playbooks)
    with context.store.reading() as connection:
        said = str([one.details for one in newest_entries(connection)])

    assert added.full_name == token.name == NAME
    assert job.extra == {"device": "Điện"}
    assert card.title_vi == "Mạng diện rộng"
    assert normalize("NFC", said) == said


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ENGINEER])
def test_only_an_engineer_launches_a_change(context: Context, role: Role) -> None:
    """The refusal says what is needed, does nothing, and is evidence."""
    with pytest.raises(access.AccessDeniedError, match=r"job\.run\.change.*engineer"):
        actions.launch_job(context, actor(role), WANTED)

    with context.store.reading() as connection:
        assert count_jobs(connection) == 0
    assert deeds(context) == ["access.deny"]


def test_an_operator_may_look_but_not_change(context: Context) -> None:
    """A dry run changes nothing, so who may read may ask for it."""
    job = actions.launch_job(context, actor(Role.OPERATOR), replace(WANTED, check=True))

    assert (job.state, job.risk, job.playbook) == (JobState.WAITING, Risk.READ, "wan.yml")
    assert deeds(context) == ["job.launch"]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (replace(WANTED, limit="@/etc/shadow"), "is no limit"),
        (replace(WANTED, limit="core1; reboot"), "is no limit"),
        (replace(WANTED, limit=""), "is no limit"),
        (replace(WANTED, tags=("a b",)), "is no tag"),
        (replace(WANTED, extra={"device": "x", "ansible_user": "root"}), "takes no argument"),
        (replace(WANTED, extra={"device": "{{ lookup('file', '/etc/shadow') }}"}), "does not fit"),
        (replace(WANTED, extra={}), "needs the argument device"),
    ],
    ids=["file", "shell", "empty", "tag", "undeclared", "template", "missing"],
)
def test_what_does_not_fit_is_refused(context: Context, request_: JobRequest, says: str) -> None:
    """What people type goes to Ansible's command line: only what was declared gets there."""
    with pytest.raises(actions.RequestError, match=says):
        actions.launch_job(context, actor(Role.ENGINEER), request_)

    assert deeds(context) == []


def test_an_unknown_playbook_names_the_known_ones(context: Context) -> None:
    """A typo costs a second, not a search."""
    with pytest.raises(PlaybookMissingError, match=r"no playbook wann.*wan\.yml"):
        actions.launch_job(context, actor(Role.ENGINEER), replace(WANTED, playbook="wann"))


def test_a_person_logs_in_with_composed_or_decomposed_letters(context: Context) -> None:
    """Two keyboards type đủ in different ways; it is the same password."""
    add_lan(context)
    found = entrance.log_in(context, "lan", "đu\N{COMBINING HOOK ABOVE} dài để dùng", "10.64.1.10")

    assert (found.user, found.address) == ("lan", "10.64.1.10")
    assert deeds(context) == ["user.add", "login.accept"]


def test_wrong_passwords_pause_the_name_and_double(context: Context, clock: Clock) -> None:
    """Guessing gets slower and slower, even with the right password in between."""
    add_lan(context)
    for _ in range(5):
        with pytest.raises(access.LoginRefusedError, match="name or password is wrong"):
            entrance.log_in(context, "lan", "wrong", "10.64.1.10")

    with pytest.raises(access.LoginRefusedError, match="again in 60 seconds"):
        entrance.log_in(context, "lan", PASSWORD, "10.64.9.9")
    clock.now += timedelta(seconds=61)
    with pytest.raises(access.LoginRefusedError, match="is wrong"):
        entrance.log_in(context, "lan", "wrong", "10.64.1.10")
    with pytest.raises(access.LoginRefusedError, match="again in 120 seconds"):
        entrance.log_in(context, "lan", PASSWORD, "10.64.1.10")
    clock.now += timedelta(seconds=121)
    assert entrance.log_in(context, "lan", PASSWORD, "10.64.1.10").user == "lan"
    assert deeds(context).count("login.refuse") == 6


def test_an_address_that_tries_many_names_is_paused(context: Context) -> None:
    """Spraying one password over many names must not go round the pause."""
    for number in range(20):
        with pytest.raises(access.LoginRefusedError):
            entrance.log_in(context, f"user{number}", "Mat-khau-2016", "10.64.1.10")

    with pytest.raises(access.LoginRefusedError, match="again in"):
        entrance.log_in(context, "user99", "Mat-khau-2016", "10.64.1.10")


def test_a_disabled_user_is_out_at_once(context: Context) -> None:
    """Somebody who leaves the office must not keep a session, nor find it again afterwards."""
    add_lan(context)
    session = entrance.log_in(context, "lan", PASSWORD, None)
    assert entrance.person_of_session(context, session.id, None) is not None
    actions.set_enabled(context, ADMIN, "lan", is_enabled=False)

    assert entrance.person_of_session(context, session.id, None) is None
    assert not entrance.is_open(context, session.id)
    with pytest.raises(access.LoginRefusedError):
        entrance.log_in(context, "lan", PASSWORD, None)


def test_a_session_ends_when_it_was_not_used_for_long(context: Context, clock: Clock) -> None:
    """A forgotten browser in a district must not stay open; one in use must."""
    add_lan(context)
    session = entrance.log_in(context, "lan", PASSWORD, "10.64.1.10")
    lasts = timedelta(seconds=context.config.web.session_s)

    clock.now += lasts
    assert entrance.person_of_session(context, session.id, "10.64.7.10") is not None
    clock.now += lasts
    found = entrance.person_of_session(context, session.id, "10.64.7.10")
    assert found is not None
    assert found[1].address == "10.64.7.10"
    clock.now += lasts + timedelta(minutes=2)
    assert entrance.person_of_session(context, session.id, "10.64.7.10") is None


def test_a_person_ends_their_own_sessions_and_an_admin_anybodys(context: Context) -> None:
    """Whoever sees a stranger's session must be able to end it, and nobody else's."""
    add_lan(context)
    lan = Actor("lan", frozenset({Role.ENGINEER}), "web")
    first, second, third = (entrance.log_in(context, "lan", PASSWORD, None) for _ in range(3))

    with pytest.raises(access.AccessDeniedError):
        entrance.end_session(context, actor(Role.ENGINEER), first.id)
    entrance.end_session(context, lan, first.id[:8])
    with pytest.raises(actions.RequestError, match="no session"):
        entrance.end_session(context, ADMIN, first.id)
    assert entrance.end_sessions(context, lan, "lan", keep=second.id) == 1
    assert entrance.is_open(context, second.id)
    assert not entrance.is_open(context, third.id)
    entrance.end_session(context, ADMIN, second.id)

    assert not entrance.is_open(context, second.id)
    with context.store.reading() as connection:
        told = [one for one in newest_entries(connection) if one.action == "session.end"]
    assert [one.actor for one in told] == ["minh", "lan", "lan"]
    assert {one.subject for one in told} == {"user lan"}


def test_a_person_changes_their_own_password_only(context: Context) -> None:
    """An engineer who could set an admin's password would be one."""
    add_lan(context)
    lan = Actor("lan", frozenset({Role.ENGINEER}), "web")
    actions.set_password(context, lan, "lan", "mật khẩu mới đủ dài")

    with pytest.raises(access.AccessDeniedError):
        actions.set_password(context, lan, "minh", "mật khẩu mới đủ dài")
    assert entrance.log_in(context, "lan", "mật khẩu mới đủ dài", None).user == "lan"
    with pytest.raises(access.PasswordError, match="at least 12"):
        actions.set_password(context, lan, "lan", "ngắn")


def test_a_token_works_until_it_ends_and_only_its_hash_is_kept(
    context: Context, clock: Clock, tmp_path: Path
) -> None:
    """A stolen database must not open the API."""
    token, text = actions.create_token(context, ADMIN, "probe", Role.VIEWER, days=1)
    found = actions.actor_of_token(context, text, None)
    context.store.close()

    assert found == Actor("token:probe", frozenset({Role.VIEWER}), "api")
    assert actions.actor_of_token(context, text + "x", None) is None
    kept = b"".join(path.read_bytes() for path in (tmp_path / "var").glob("state.db*"))
    assert text.encode() not in kept
    clock.now += timedelta(days=1)
    assert actions.actor_of_token(context, text, None) is None
    assert token.expires_at == clock.now


def test_a_revoked_token_is_refused(context: Context) -> None:
    """A leaked token is taken back by its id."""
    token, text = actions.create_token(context, ADMIN, "probe", Role.VIEWER)
    actions.revoke_token(context, ADMIN, token.id)

    assert actions.actor_of_token(context, text, None) is None
    with pytest.raises(actions.RequestError, match="no token"):
        actions.revoke_token(context, ADMIN, "ffff")
    assert deeds(context) == ["token.create", "token.revoke"]


def test_roles_change_with_evidence_of_before_and_after(context: Context) -> None:
    """Who gave whom which rights is what auditors ask first."""
    add_lan(context)
    actions.set_roles(context, ADMIN, "lan", {Role.VIEWER, Role.APPROVER})
    with context.store.reading() as connection:
        entry = newest_entries(connection)[0]

    assert entry.details == {
        "before": "engineer",
        "after": "approver,viewer",
        "sessions_ended": "0",
        "address": "10.90.99.7",
    }
    with pytest.raises(actions.RequestError, match="would have no role"):
        actions.set_roles(context, ADMIN, "lan", set())


@pytest.mark.parametrize("how", ["disable", "demote"])
def test_the_last_admin_stays(context: Context, how: str) -> None:
    """An installation without an admin is locked for ever; a second admin frees the first."""

    def leave() -> None:
        if how == "disable":
            actions.set_enabled(context, ADMIN, "lan", is_enabled=False)
        else:
            actions.set_roles(context, ADMIN, "lan", {Role.VIEWER})

    add_lan(context, Role.ADMIN)
    gone = User("gone", "Gone", frozenset({Role.ADMIN}), False, START, None)  # noqa: FBT003 fields in order
    actions.add_user(context, ADMIN, gone, PASSWORD)
    with pytest.raises(actions.LastAdminError, match=r"last admin.*make another person admin"):
        leave()
    actions.set_enabled(context, ADMIN, "gone", is_enabled=True)
    leave()

    assert deeds(context)[-1] == ("user.disable" if how == "disable" else "user.roles")


@pytest.mark.parametrize("how", ["disable", "other roles"])
def test_what_a_person_opened_and_made_ends_with_their_rights(context: Context, how: str) -> None:
    """A right that was taken away must not live on in an open page or a token."""
    second = User("hoa", "Hoa", frozenset({Role.ADMIN}), True, START, None)  # noqa: FBT003 fields in order
    actions.add_user(context, ADMIN, second, PASSWORD)
    add_lan(context, Role.ADMIN)
    lan = Actor("lan", frozenset({Role.ADMIN}), "web")
    session = entrance.log_in(context, "lan", PASSWORD, None)
    token, text = actions.create_token(context, lan, "probe", Role.ADMIN)
    _, others = actions.create_token(context, ADMIN, "wall", Role.VIEWER)

    if how == "disable":
        actions.set_enabled(context, ADMIN, "lan", is_enabled=False)
    else:
        actions.set_roles(context, ADMIN, "lan", {Role.VIEWER})

    assert entrance.person_of_session(context, session.id, None) is None
    assert actions.actor_of_token(context, text, None) is None
    assert actions.actor_of_token(context, others, None) is not None
    with context.store.reading() as connection:
        details = newest_entries(connection)[0].details
    assert (details["sessions_ended"], details["tokens_revoked"]) == ("1", token.id)


def test_the_same_roles_again_end_nothing(context: Context) -> None:
    """Saving a form without a change must not throw anybody out."""
    add_lan(context)
    session = entrance.log_in(context, "lan", PASSWORD, None)
    actions.set_roles(context, ADMIN, "lan", {Role.ENGINEER})

    assert entrance.is_open(context, session.id)


def test_a_command_acts_as_the_login_or_as_a_named_person(context: Context) -> None:
    """With TINHNET_USER an engineer's commands stand under their own name and roles."""
    add_lan(context)
    local = local_actor(context, {"SUDO_USER": "root-of-noc"})
    lan = local_actor(context, {"TINHNET_USER": "lan"})
    nobody = local_actor(context, {"TINHNET_USER": "gone"})

    assert (local.name, local.roles) == ("local:root-of-noc", frozenset(Role))
    assert (lan.name, lan.roles) == ("lan", frozenset({Role.ENGINEER}))
    assert nobody.roles == frozenset()


def test_nobody_who_runs_jobs_hands_out_roles() -> None:
    """One person alone must not be able to give themselves a right and use it."""
    runs = set().union(*(access.PERMISSIONS[f"job.run.{risk}"] for risk in Risk))

    assert not runs & access.PERMISSIONS["user.manage"]
    assert not runs & access.PERMISSIONS["token.manage"]
