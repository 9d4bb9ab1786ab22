from collections.abc import Callable

import pytest

from gallery.models import User
from gallery.moderation.roles import Role, set_role
from tests.conftest import PASSWORD
from tests.gallery.conftest import (
    colour_background,
    embed,
    encoder,
    indexes_of_this_test_alone,
    no_encoder,
    starting_encoder,
    store,
)

__all__ = [  # fixtures
    "colour_background",
    "embed",
    "encoder",
    "indexes_of_this_test_alone",
    "no_encoder",
    "starting_encoder",
    "store",
]


@pytest.fixture
def mona(db) -> User:
    """A moderator who is no admin."""
    user = User.objects.create_user("mona", "mona@example.org", PASSWORD)
    return set_role(user=user, role=Role.MODERATOR, by=None)


@pytest.fixture
def page_of(client) -> Callable[..., str]:
    """What a person reads at an address."""

    def read(person: User, address: str) -> str:
        client.force_login(person)
        return client.get(address).content.decode()

    return read
