"""The same three people in every test: Alice owns things, Bob is another member, the admin moderates."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.utils import translation

from gallery.models import AuditEntry, AuditHead, User
from gallery.moderation import append_only
from tests.valkey_server import valkey, valkey_client, valkey_server

__all__ = ["valkey", "valkey_client", "valkey_server"]  # fixtures

PASSWORD = "correct horse battery"


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "leave out what uses no database, and what asks pages, which use it through the same functions"
    parser.addoption("--database-only", action="store_true", help=text)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database-only"):
        config.hook.pytest_deselected(items=[item for item in items if not uses_database(item)])
        items[:] = [item for item in items if uses_database(item)]
    # What takes longest begins first: as the last one it would have the machine to itself.
    items.sort(key=lambda item: item.path.name != "test_postgresql.py")


def uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", []))
    asks = bool({"db", "transactional_db"} & fixtures) or item.get_closest_marker("django_db") is not None
    return asks and "client" not in fixtures


@pytest.fixture(autouse=True)
def media_in_a_folder_of_its_own(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.UPLOADS_DIR = tmp_path / "uploads"


@pytest.fixture(autouse=True)
def static_files_by_their_plain_names(settings):
    """Pages render without `collectstatic`; the tests that start real processes run it as `serve` does."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture(autouse=True)
def texts_in_english():
    """The language that the last request of another test asked for stays active in the thread."""
    translation.activate("en")
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def quick_password_hashes(settings):
    """The real hash is slow by intent: half a second for each person that a test needs."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def alice(db) -> User:
    return User.objects.create_user("alice", "alice@example.org", PASSWORD)


@pytest.fixture
def bob(db) -> User:
    return User.objects.create_user("bob", "bob@example.org", PASSWORD)


@pytest.fixture
def admin(db) -> User:
    return User.objects.create_superuser("admin", "admin@example.org", PASSWORD)


@pytest.fixture
def emptied_audit_log(transactional_db) -> Iterator[None]:
    """For tests with real transactions, which empty all tables: the database lets nobody empty the log."""
    yield
    append_only.remove(connection)
    AuditEntry.objects.all().delete()
    AuditHead.objects.all().delete()
    append_only.install(connection)
