"""Exchanging the model: pictures are embedded anew by themselves, and are found all the time."""

import pytest
from django_q.models import OrmQ

from gallery import reembedding
from gallery.models import Embedding, Image
from gallery.preparation import prepare_image
from gallery.search import search
from gallery.tasks import process_image, requeue_pending
from gallery.uploads import store_image
from tests.gallery.drawing import png


@pytest.fixture(autouse=True)
def nothing_known_yet():
    reembedding._complete.clear()


@pytest.fixture
def pictures(alice, encoder) -> list[Image]:
    images = [store_image(owner=alice, file=png(color=color), title=color) for color in ("red", "blue")]
    for image in images:
        prepare_image(image_id=image.pk, attempt=0)
    OrmQ.objects.all().delete()
    return images


def run_queue() -> int:
    tasks = [item.task for item in OrmQ.objects.all()]
    OrmQ.objects.all().delete()
    for task in tasks:
        process_image(*task["args"])
    return len(tasks)


def test_nothing_happens_while_the_model_stays(pictures):
    assert requeue_pending() == 0
    assert run_queue() == 0


def test_every_picture_gets_a_vector_of_a_new_model(alice, pictures, encoder):
    encoder.model.model_id = "colours 2"
    assert search(user=alice, text="red").total == 0
    assert requeue_pending() == 2
    assert requeue_pending() == 0
    assert run_queue() == 2
    assert [hit.image.title for hit in search(user=alice, text="red").hits] == ["red", "blue"]
    assert Embedding.objects.filter(model_id="colours 2").count() == 2
    assert requeue_pending() == 0


def test_more_like_this_goes_on_working_meanwhile(alice, pictures, encoder):
    encoder.model.model_id = "colours 2"
    requeue_pending()
    assert search(user=alice, like=pictures[0]).total == 1


def test_new_uploads_do_not_wait_behind_a_whole_library(pictures, encoder, monkeypatch):
    monkeypatch.setattr(reembedding, "REQUEUE_BATCH", 1)
    encoder.model.model_id = "colours 2"
    assert (requeue_pending(), requeue_pending()) == (1, 0)
    assert run_queue() == 1
    assert requeue_pending() == 1


def test_failed_pictures_and_an_encoder_that_is_away_are_left_alone(pictures, encoder, settings, tmp_path):
    encoder.model.model_id = "colours 2"
    Image.objects.filter(pk=pictures[0].pk).update(status=Image.Status.FAILED)
    url = settings.ENCODER_URL
    settings.ENCODER_URL = f"unix://{tmp_path}/nobody.sock"
    assert requeue_pending() == 0
    settings.ENCODER_URL = url
    assert requeue_pending() == 1
