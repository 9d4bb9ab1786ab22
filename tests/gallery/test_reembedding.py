"""Moving from one model to another: searches stay with the one until every picture has both vectors."""

from collections.abc import Callable

import numpy as np
import pytest
from django.utils import timezone
from django_q.models import OrmQ

from gallery import reembedding, serving
from gallery.clip.checksums import WeightsError
from gallery.embedding import store_vector
from gallery.index import index_for
from gallery.map.growing import requeue_grown
from gallery.models import (
    Background,
    Embedding,
    EmbeddingChange,
    EncodingModel,
    Image,
    Map,
    PendingVector,
    Serving,
    serving_model,
)
from gallery.preparation import MAX_ATTEMPTS, prepare_image
from gallery.search import search
from gallery.tasks import discard_unused_vectors, embed_anew, follow_encoder, requeue_pending
from gallery.uploads import store_image
from tests.gallery.conftest import wait_for
from tests.gallery.drawing import png

OLD, NEW = "colours", "greys"


@pytest.fixture
def pictures(alice, encoder) -> list[Image]:
    """Two that are ready, by a model that serves."""
    follow_encoder()
    images = [store_image(owner=alice, file=png(color=color), title=color) for color in ("red", "white")]
    for image in images:
        prepare_image(image_id=image.pk, attempt=0)
    OrmQ.objects.all().delete()
    return images


@pytest.fixture
def new(pictures, encoder) -> EncodingModel:
    """A model that the encoder has and that has begun to take over; its background is measured."""
    Background.objects.create(
        model_id=NEW,
        vectors=bytes(16),
        dim=2,
        spread=0.1,
        line=3.0,
        near=3.0,
        asked_at=now(),
        measured_at=now(),
    )
    model = EncodingModel.objects.create(model_id=NEW, name="next")
    serving.begin(model=model)
    with encoder.client() as client:
        wait_for(lambda: client.get("/health?model=next").status_code == 200)
    return model


def now():
    return timezone.now()


def run_queue(*, most: int = 1000) -> int:
    """Does the tasks for vectors that wait, as a worker would."""
    done = 0
    while done < most and (row := OrmQ.objects.order_by("pk").first()):
        row.delete()
        if row.func() == "gallery.tasks.embed_anew":
            embed_anew(*row.task["args"])
            done += 1
    return done


def make_due() -> None:
    PendingVector.objects.filter(retry_at__isnull=False).update(retry_at=now())


def titles(alice, text: str = "red") -> list[str]:
    return [hit.image.title for hit in search(user=alice, text=text).hits]


def test_the_first_model_serves(pictures):
    state = Serving.objects.get()
    assert (state.current.model_id, state.current.name, state.next) == (OLD, "colours", None)
    assert requeue_pending() == 0


def test_a_new_first_model_of_the_encoder_is_prepared_while_the_old_one_serves(alice, encoder, pictures):
    """As after a start with another CLIP_MODEL: then `next` was the first one when the row was written."""
    grey = EncodingModel.objects.create(model_id=NEW, name="next")
    Serving.objects.update(current=grey, wanted_id=NEW)
    follow_encoder()
    state = Serving.objects.get()
    assert (state.current.model_id, state.next.model_id, state.wanted_id) == (NEW, OLD, OLD)
    follow_encoder()
    assert Serving.objects.get().next_since == state.next_since


def test_searches_use_the_old_model_until_the_new_one_has_everything(alice, pictures, new):
    assert requeue_pending() == 2
    assert requeue_pending() == 0
    assert titles(alice) == ["red", "white"]
    assert search(user=alice, like=pictures[0]).total == 1
    assert serving_model().model_id == OLD
    run_queue()
    assert Embedding.objects.filter(model_id=NEW).count() == 2
    assert serving_model().model_id == NEW
    assert titles(alice, "white") == ["white", "red"]
    assert search(user=alice, like=pictures[0]).total == 1
    assert requeue_pending() == 0


def test_every_result_of_every_search_is_of_one_model(alice, pictures, new, monkeypatch):
    """Searches between all steps: each ranks by the serving model's vectors, of all pictures."""
    monkeypatch.setattr(reembedding, "BATCH", 1)
    used: list[set[str]] = []
    index = type(index_for(OLD))  # the one of this database
    rank = index.rank

    def noting(self, query: np.ndarray, *args, **options):
        ranking = rank(self, query, *args, **options)
        assert len(query) == {OLD: 4, NEW: 2}[self.model_id]
        used.append({self.model_id, serving_model().model_id})
        assert ranking.total == Image.objects.filter(status="ready").count()
        return ranking

    monkeypatch.setattr(index, "rank", noting)
    for step in range(8):
        titles(alice)
        image = store_image(owner=alice, file=png(seed=step), title=str(step))
        prepare_image(image_id=image.pk, attempt=0)
        requeue_pending()
        titles(alice)
        run_queue(most=1)
    assert all(len(models) == 1 for models in used)
    assert {OLD} in used
    assert {NEW} in used


def test_what_is_uploaded_meanwhile_has_both_vectors_before_it_is_ready(alice, pictures, new):
    image = store_image(owner=alice, file=png(color="blue"))
    prepare_image(image_id=image.pk, attempt=0)
    assert sorted(image.embeddings.values_list("model_id", flat=True)) == [OLD, NEW]
    image.refresh_from_db()
    assert image.status == Image.Status.READY


def test_a_picture_is_not_ready_by_the_vector_of_a_model_that_does_not_serve(alice, pictures, new, store):
    image = store(alice)
    store_vector(image=image, model_id=NEW, vector=np.array([1, 0], np.float32))
    image.refresh_from_db()
    assert image.status == Image.Status.PENDING


def test_it_does_not_flip_before_the_background_is_measured(pictures, new):
    Background.objects.all().delete()
    requeue_pending()
    run_queue()
    assert serving_model().model_id == OLD
    Background.objects.create(model_id=NEW, line=1.0, near=1.0, asked_at=now())
    requeue_pending()
    assert serving_model().model_id == NEW


def test_a_picture_that_is_prepared_again_is_waited_for(pictures, new):
    Image.objects.filter(pk=pictures[0].pk).update(status=Image.Status.PENDING, attempts=0)
    requeue_pending()
    run_queue()
    assert serving_model().model_id == OLD
    prepare_image(image_id=pictures[0].pk, attempt=0)
    requeue_pending()
    assert serving_model().model_id == NEW


def test_killed_in_the_middle_it_goes_on_and_makes_nothing_twice(pictures, new, encoder, monkeypatch):
    monkeypatch.setattr(reembedding, "BATCH", 1)
    requeue_pending()
    run_queue(most=1)
    OrmQ.objects.all().delete()  # the task of the other one dies with its worker
    assert requeue_pending() == 0  # it may still be at work
    make_due()
    assert requeue_pending() == 1
    run_queue()
    assert serving_model().model_id == NEW
    assert sum(len(batch) for batch in encoder.next_model.batches) == 2
    assert PendingVector.objects.count() == 0


def test_a_task_that_is_delivered_twice_does_nothing_the_second_time(pictures, new, encoder):
    requeue_pending()
    task = OrmQ.objects.get().task
    embed_anew(*task["args"])
    embed_anew(*task["args"])
    assert sum(len(batch) for batch in encoder.next_model.batches) == 2


def test_new_uploads_do_not_wait_behind_a_whole_library(pictures, new, monkeypatch):
    monkeypatch.setattr(reembedding, "UNDERWAY", 1)
    assert (requeue_pending(), requeue_pending()) == (1, 0)


def refuse_once(model, error: Exception) -> Callable:
    encode = model.encode_images

    def fail(images):
        model.encode_images = encode
        raise error

    return fail


def test_a_picture_that_fails_is_tried_again_after_growing_pauses_and_then_set_aside(pictures, new, encoder):
    encoder.next_model.encode_images = lambda images: 1 / 0
    pauses = []
    for _attempt in range(MAX_ATTEMPTS):
        requeue_pending()
        run_queue()
        pauses.append(round((PendingVector.objects.first().retry_at - now()).total_seconds()))
        make_due()
    assert pauses == pytest.approx([4, 16, 64, 256, 1024, 4096], abs=2)
    requeue_pending()
    assert set(PendingVector.objects.values_list("retry_at", "reason")) == {
        (None, "The model gave no answer for this picture.")
    }


def test_those_set_aside_do_not_hold_up_the_change(alice, pictures, new):
    pictures[0].original.delete(save=False)
    requeue_pending()
    run_queue()
    assert serving_model().model_id == NEW
    row = PendingVector.objects.get()
    assert (row.image, row.retry_at, row.reason) == (pictures[0], None, "The original file is missing.")
    assert titles(alice) == ["white"]
    assert requeue_pending() == 0


def test_try_again_takes_up_what_was_set_aside(alice, pictures, new, encoder):
    encoder.next_model.encode_images = refuse_once(encoder.next_model, RuntimeError("out of memory"))
    requeue_pending()
    run_queue()
    PendingVector.objects.update(retry_at=None)
    requeue_pending()
    assert serving_model().model_id == NEW
    assert reembedding.try_again(pending=PendingVector.objects.all()) == 1
    assert requeue_pending() == 1
    run_queue()
    assert len(titles(alice)) == 2


def test_an_encoder_that_is_away_costs_no_attempt(pictures, new, settings, tmp_path):
    requeue_pending()
    settings.ENCODER_URL = f"unix://{tmp_path}/nobody.sock"
    run_queue()
    assert set(PendingVector.objects.values_list("attempts", flat=True)) == {0}
    assert requeue_pending() == 0


def test_a_change_can_be_cancelled_and_begun_again_where_it_was(alice, pictures, new, monkeypatch):
    monkeypatch.setattr(reembedding, "BATCH", 1)
    requeue_pending()
    run_queue(most=1)
    assert serving.cancel(model=new)
    assert not serving.cancel(model=new)
    run_queue()
    assert Embedding.objects.filter(model_id=NEW).count() == 1
    follow_encoder()  # does not begin again by itself
    assert Serving.objects.get().next is None
    assert titles(alice) == ["red", "white"]
    assert serving.begin(model=new)
    make_due()
    assert requeue_pending() == 1


def test_maps_look_again_after_the_flip(alice, pictures, new):
    newest = Embedding.objects.order_by("pk").last().pk
    Map.objects.create(owner=alice, state=Map.State.READY, model_id=OLD, newest_seen=2 * newest + 10)
    assert requeue_grown() == 0
    requeue_pending()
    run_queue()
    assert serving_model().model_id == NEW
    assert requeue_grown() == 1


def test_after_the_flip_there_is_a_way_back_for_a_day(alice, pictures, new):
    requeue_pending()
    run_queue()
    old = EncodingModel.objects.get(model_id=OLD)
    assert old.unused_since
    assert discard_unused_vectors() == 0
    Background.objects.create(model_id=OLD, line=1.0, near=1.0, asked_at=now())
    serving.begin(model=old)
    requeue_pending()
    assert serving_model().model_id == OLD
    assert titles(alice) == ["red", "white"]


def test_vectors_of_a_model_that_is_used_no_more_are_deleted_after_that(alice, pictures, new):
    requeue_pending()
    run_queue()
    EncodingModel.objects.filter(model_id=OLD).update(unused_since=now() - 2 * serving.KEPT_FOR)
    assert discard_unused_vectors() == 2
    assert discard_unused_vectors() == 0
    assert set(Embedding.objects.values_list("model_id", flat=True)) == {NEW}
    assert len(titles(alice)) == 2
    assert EmbeddingChange.objects.exists()


def test_a_new_model_that_cannot_be_loaded_leaves_the_old_one_serving(alice, pictures, encoder):
    encoder.next_trouble = WeightsError("/models/x.pt is missing.")
    serving.begin(model=EncodingModel.objects.create(model_id=NEW, name="next"))
    assert requeue_pending() == 0
    with encoder.client() as client:
        wait_for(lambda: client.get("/health?model=next").json()["status"] == "unusable")
        assert client.get("/health?model=next").json()["error"] == "/models/x.pt is missing."
    assert requeue_pending() == 0
    follow_encoder()
    assert titles(alice) == ["red", "white"]
    assert serving_model().model_id == OLD


def test_weights_that_were_exchanged_under_their_name_serve_at_once(alice, pictures, encoder):
    """There is no going on with a model that is gone; what is found grows with the vectors."""
    encoder.model.model_id = "colours 2"
    follow_encoder()
    state = Serving.objects.get()
    assert (state.current.model_id, state.next, state.is_filling) == ("colours 2", None, True)
    assert search(user=alice, text="red").total == 0
    assert requeue_pending() == 2
    run_queue()
    assert titles(alice) == ["red", "white"]
    requeue_pending()
    assert not Serving.objects.get().is_filling


def test_nothing_is_begun_while_the_encoder_is_away(db, no_encoder):
    follow_encoder()
    assert not Serving.objects.exists()
    assert requeue_pending() == 0
