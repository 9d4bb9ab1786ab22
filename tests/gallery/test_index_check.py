from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from gallery.embedding import as_array
from gallery.index import ExactIndex
from gallery.models import Embedding, EmbeddingChange, EmbeddingCounter, Image
from tests.gallery.colour_model import MODEL_ID


def check(**options) -> str:
    out = StringIO()
    call_command("check_index", stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def red(alice, store, embed) -> Image:
    image = store(alice)
    embed(image, 1, 0, 0)
    return image


def test_a_sound_index_says_so(red):
    assert f"{MODEL_ID}: 1 vectors, 0 differ" in check()
    assert "The index is the table." in check()


@pytest.mark.parametrize("vector", [np.zeros(4), np.full(4, 1e3), np.ones(4), np.ones(3) / 3**0.5])
def test_a_vector_that_is_none_is_found_and_made_anew(red, vector):
    Embedding.objects.update(vector=vector.astype("<f4").tobytes())
    with pytest.raises(CommandError, match="1 unusable"):
        check()
    assert "Repaired" in check(repair=True)
    assert not Embedding.objects.exists()
    red.refresh_from_db()
    assert red.status == Image.Status.PENDING  # so that the queue takes it up


def test_a_change_that_was_never_counted_is_found_and_mended(red):
    EmbeddingCounter.objects.update(version=0)
    with pytest.raises(CommandError, match="never counted"):
        check()
    check(repair=True)
    assert EmbeddingCounter.objects.get().version > EmbeddingChange.objects.last().version
    check()


def test_after_a_repair_every_process_loads_its_index_anew(red):
    in_another_process = ExactIndex(MODEL_ID)
    assert len(in_another_process) == 1
    row = Embedding.objects.get()
    Embedding.objects.update(vector=(-as_array(row)).tobytes())  # past the log, as nobody should
    assert in_another_process.differences() == {red.pk}
    check(repair=True)
    assert in_another_process.differences() == set()
