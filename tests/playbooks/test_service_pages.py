# SPDX-License-Identifier: MIT
"""The pages of the province's services that need no server: faults, forms, the outbox.

The database is played by a list of answers; that the pages work on PostgreSQL
is shown in `tests/playbooks/test_servers.py`.
"""

import importlib.util
import sys
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import urlencode

import pytest

ROLES = Path(__file__).parents[2] / "playbooks" / "roles"
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
NAME = "Trần Thị Mỹ Lệ"


class Answers:
    """Gives the next answer to every statement, and raises it where it is an error."""

    def __init__(self, *answers: object) -> None:
        self.asked: list[tuple[str, tuple[object, ...]]] = []
        self.all_given = threading.Event()
        self._answers = list(answers)

    def run(
        self, statement: str, values: tuple[object, ...] = (), *, returns: bool = True
    ) -> object:
        """Answer a statement."""
        del returns
        self.asked.append((statement, values))
        answer = self._answers.pop(0) if self._answers else []
        if not self._answers:
            self.all_given.set()
        if isinstance(answer, Exception):
            raise answer
        return answer


def loaded(name: str, path: Path) -> ModuleType:
    """Load a module as the servers do: by its path."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Return the shared module under the name that the services import."""
    module = loaded("service", ROLES / "application/files/service.py")
    monkeypatch.setitem(sys.modules, "service", module)
    return module


@pytest.fixture
def dvc(service: ModuleType) -> ModuleType:
    """Return the online public services."""
    del service
    return loaded("dvc", ROLES / "dvc/files/dvc.py")


@pytest.fixture
def docs(service: ModuleType) -> ModuleType:
    """Return the document exchange."""
    del service
    return loaded("docs", ROLES / "docs/files/docs.py")


def request(service: ModuleType, fields: dict[str, str], **groups: str) -> object:
    """Return a request as a browser sends a form."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    made = service.Request("POST", "/", "", urlencode(fields).encode(), headers)
    made.groups = groups
    return made


FORM = {"applicant": NAME, "identity": "012345678", "subject": "Đăng ký kết hôn"}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_application_is_kept_composed_and_gets_a_code(
    service: ModuleType, dvc: ModuleType, form: str
) -> None:
    """The citizen's name stands in the database in one form, whatever was typed."""
    database = Answers()
    fields = {key: unicodedata.normalize(form, value) for key, value in FORM.items()}
    answer = dvc.Applications("Dịch vụ công", database).submit(
        request(service, fields, key="ket-hon")
    )

    ((_, values),) = database.asked
    assert values[1:] == ("ket-hon", NAME, "012345678", "Đăng ký kết hôn")
    assert answer.status == 201
    assert answer.location == f"/ho-so/{values[0]}"


@pytest.mark.parametrize(
    ("key", "identity", "status"),
    [("ly-hon", "012345678", 404), ("ket-hon", "12345", 400), ("ket-hon", "٠١٢٣٤٥٦٧٨", 400)],
    ids=["procedure", "short", "other digits"],
)
def test_what_does_not_fit_is_refused_before_the_database(
    service: ModuleType, dvc: ModuleType, key: str, identity: str, status: int
) -> None:
    """Nothing half-right is kept."""
    database = Answers()
    with pytest.raises(service.FaultError) as caught:
        dvc.Applications("", database).submit(
            request(service, {**FORM, "identity": identity}, key=key)
        )

    assert caught.value.status == status
    assert database.asked == []


def test_the_same_document_twice_is_a_conflict(service: ModuleType, docs: ModuleType) -> None:
    """The database knows it already: no row comes back."""
    fields = {name: "x" for name, _ in docs.FIELDS}
    with pytest.raises(service.FaultError, match="đã có") as caught:
        docs.Exchange("", Answers([]), None).accept(request(service, fields))

    assert caught.value.status == 409


def test_without_a_far_end_the_link_says_so(service: ModuleType, docs: ModuleType) -> None:
    """An undeclared Government Office is no crash."""
    with pytest.raises(service.FaultError, match="Chưa khai báo liên thông"):
        docs.Exchange("", Answers(), None).link(request(service, {}))


def test_the_outbox_outlives_a_database_that_restarts(
    service: ModuleType, docs: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """Documents go out again without anybody restarting the service."""
    database = Answers(service.UnavailableError("database: it restarts"), [])
    forwarder = docs.Forwarder({"authority": AUTHORITIES}, database)
    with pytest.raises(service.UnavailableError, match="no longer emptied"):
        forwarder.check()
    forwarder.start()
    forwarder.wake()

    assert database.all_given.wait(20)
    forwarder.check()
    assert "docs: outbox: database: it restarts" in capsys.readouterr().err
