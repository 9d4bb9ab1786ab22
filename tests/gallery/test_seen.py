"""What the model sees in a picture, on its page: only what stands out, without asking the encoder."""

import re

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from gallery import seen, serving
from gallery.models import Vocabulary


@pytest.fixture
def red_list(monkeypatch):
    """Words that the model of colours understands, in place of everyday things."""
    monkeypatch.setattr(seen, "VOCABULARY", ("red", "blue", "green"))


@pytest.fixture
def known(red_list, encoder, colour_background) -> Vocabulary:
    return seen.encode_vocabulary()


def words_on(client, image) -> list[str]:
    return re.findall(r'data-seen="(\w+)"', client.get(image.get_absolute_url()).content.decode())


def test_the_page_of_a_picture_shows_what_stands_out(client, alice, store, embed, known, no_encoder):
    """The encoder may be away: nothing is asked."""
    client.force_login(alice)
    red = store(alice)
    embed(red, 1, 0, 0)
    assert words_on(client, red) == ["red"]


def test_where_nothing_stands_out_the_page_says_so(client, alice, store, embed, known):
    client.force_login(alice)
    white = store(alice)
    embed(white, 1, 1, 1)
    assert words_on(client, white) == []
    assert "No word of its list" in client.get(white.get_absolute_url()).content.decode()


def test_nothing_is_said_before_words_vector_and_background_are_there(client, alice, store, embed, encoder):
    client.force_login(alice)
    image = store(alice)
    embed(image, 1, 0, 0)
    for _step in ("nothing", "words"):
        assert "What the model sees" not in client.get(image.get_absolute_url()).content.decode()
        seen.encode_vocabulary()
    waiting = store(alice)
    assert "What the model sees" not in client.get(waiting.get_absolute_url()).content.decode()


def test_vectors_of_another_model_are_not_compared_with_the_words(client, alice, store, embed, known):
    image = store(alice)
    embed(image, 1, 0, 0, model_id="another")
    assert seen.seen_in(image) is None


def test_the_queue_is_asked_once_for_the_words(encoder, db):
    seen._encoded.clear()
    assert not seen.request_vocabulary(), "no model serves yet"
    serving.follow_encoder()
    assert seen.request_vocabulary()
    assert not seen.request_vocabulary()
    assert OrmQ.objects.count() == 1
    Vocabulary.objects.update(asked_at=timezone.now() - 2 * seen.ASK_AGAIN)  # its task was lost
    assert seen.request_vocabulary()
    seen.encode_vocabulary()
    assert not seen.request_vocabulary()
