import pytest

from tests.engine.tiny import TinyClip, TinyVqgan


@pytest.fixture
def vqgan() -> TinyVqgan:
    return TinyVqgan()


@pytest.fixture
def clip() -> TinyClip:
    return TinyClip()
