import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import cache

from clipweb.supervisor.valkey import is_answering


def test_the_cache_is_on_the_server_of_the_tests(valkey, valkey_server):
    cache.set("frame", b"\x89PNG", 30)
    assert cache.get("frame") == b"\x89PNG"
    assert any(b"frame" in key for key in valkey.scan_iter())
    assert valkey_server == settings.REDIS_URL


def test_the_cache_starts_every_test_empty():
    assert cache.get("frame") is None


def test_the_channel_layer_is_on_the_server_of_the_tests(valkey):
    layer = get_channel_layer()
    assert layer is not None

    async def there_and_back() -> dict:
        page = await layer.new_channel()
        await layer.group_add("job", page)
        await layer.group_send("job", {"type": "tick", "step": 1})
        return await layer.receive(page)

    assert async_to_sync(there_and_back)()["step"] == 1


@pytest.mark.parametrize("url", ["unix:///nowhere/valkey.sock", "redis://127.0.0.1:1/0"])
def test_a_server_that_is_not_there_does_not_answer(url):
    assert is_answering(url) is False
