"""Every address of the app, asked by everybody about everything: who gets what, and that nobody learns of
what is not theirs to see. An address that is in no table fails by its name."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from django.db import transaction
from django.test.utils import override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from gallery.index import forget_indexes
from generator import progress
from tests.clipweb.addresses import (
    accounts,
    administration,
    everybodys,
    labelling,
    making,
    moderating,
    own,
    pictures,
    policing,
)
from tests.clipweb.addresses.asking import problems, rows_at_stake
from tests.clipweb.addresses.world import FRAME, ROLES, World, build
from tests.gallery.colour_model import ColourModel
from tests.gallery.conftest import Limits, RunningEncoder

pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")

QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PREVIEW = progress.Frame(step=3, total=9, loss=0.5, picture=FRAME)
MODULES = (accounts, administration, everybodys, labelling, making, moderating, own, pictures, policing)
TABLES = [module.TABLE for module in MODULES]
TABLE = {name: asks for table in TABLES for name, asks in table.items()}


def names_of(resolver: URLResolver, space: str = "", route: str = "") -> Iterator[str]:
    """Of every address; one without a name is known by its route."""
    for pattern in resolver.url_patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield f"{space}{pattern.name}" if pattern.name else here
        else:
            yield from names_of(pattern, f"{pattern.namespace}:" if pattern.namespace else space, here)


def test_every_address_is_in_a_table_and_every_table_is_true():
    names = Counter(names_of(get_resolver()))
    assert [name for name, count in names.items() if count > 1] == []
    assert sum(map(len, TABLES)) == len(TABLE)
    assert set(names) == set(TABLE)


@pytest.fixture(scope="module")
def one_world(django_db_setup, django_db_blocker, valkey_server) -> Iterator[tuple[World, dict[str, object]]]:
    """One for all tests, which undo what they do; with the settings that lead to its files and encoder."""
    folder = Path(tempfile.mkdtemp(prefix="clipweb-"))  # short: a socket's path has at most 107 bytes
    limits = Limits(max_body=2_000_000, max_pixels=1_000_000, max_texts=50, max_characters=400, max_batch=4)
    encoder = RunningEncoder(folder, ColourModel(), limits)
    encoder.may_load.set()
    encoder.start()
    encoder.wait_until_ready()
    places = {"MEDIA_ROOT": folder / "media", "UPLOADS_DIR": folder / "uploads", "ENCODER_URL": encoder.url}
    forget_indexes()
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(**places, PASSWORD_HASHERS=QUICK):
            world = build()
            world.rows = rows_at_stake(world)
        yield world, places
        transaction.set_rollback(True)
    forget_indexes()
    encoder.stop()
    shutil.rmtree(folder)


@pytest.fixture
def world(one_world, db, settings, media_in_a_folder_of_its_own) -> World:
    for name, place in one_world[1].items():
        setattr(settings, name, place)
    settings.ACCOUNT_RATE_LIMITS = False  # all come from one address
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 24 * 3600  # longer than these tests take
    progress.publish(one_world[0].things["job"].pk, PREVIEW)
    return one_world[0]


@pytest.mark.parametrize("name", TABLE)
def test_everybody_gets_what_is_theirs(world: World, name: str):
    wrong = []
    for number, ask in enumerate(TABLE[name]):
        for state, role in product(ask.states, ROLES):
            found = problems(world, ask, role, state)
            wrong += [f"{number} {ask.method} {state} as {role}: {problem}" for problem in found]
    assert not wrong, "\n".join(wrong)
