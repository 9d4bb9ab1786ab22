"""From a stored picture to a ready one: what is delivered twice, lost, killed or away does no harm."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from django_q.models import OrmQ

from gallery import preparation, tasks
from gallery.models import Embedding, EmbeddingChange, Image
from gallery.preparation import MAX_ATTEMPTS, prepare_again, prepare_image, requeue_pending
from gallery.uploads import delete_image, store_image
from tests.gallery.drawing import png


def make_due(image: Image) -> None:
    Image.objects.filter(pk=image.pk).update(retry_at=timezone.now() - timedelta(seconds=1))


def run_queue() -> int:
    """Does what a worker does with the tasks that wait; returns how many there were."""
    waiting = [item.task for item in OrmQ.objects.order_by("pk")]
    OrmQ.objects.all().delete()
    for task in waiting:
        assert task["func"] == "gallery.tasks.process_image"
        tasks.process_image(*task["args"])
    return len(waiting)


def test_a_picture_gets_thumbnails_a_colour_and_a_vector(alice, encoder):
    image = store_image(owner=alice, file=png(color="red"))
    tasks.process_image(str(image.pk))
    image.refresh_from_db()
    assert (image.status, image.status_reason, image.retry_at) == (Image.Status.READY, "", None)
    assert image.has_thumbnails
    assert image.dominant_color == "#ff0000"
    assert image.placeholder == 9 * "ff0000"
    assert default_storage.exists(image.thumbnail_path(320))
    embedding = image.embeddings.get()
    assert (embedding.model_id, embedding.dim, len(embedding.vector)) == ("colours", 4, 16)


def test_a_task_that_is_delivered_again_changes_nothing(alice, encoder):
    image = store_image(owner=alice, file=png())
    for _ in range(3):
        tasks.process_image(str(image.pk), 0)
    image.refresh_from_db()
    assert image.attempts == 1
    assert (Embedding.objects.count(), EmbeddingChange.objects.count()) == (1, 1)
    assert len(encoder.model.batches) == 1


def test_repeating_the_work_itself_writes_no_second_change(alice, encoder):
    image = store_image(owner=alice, file=png())
    prepare_image(image_id=image.pk, attempt=0)
    Image.objects.filter(pk=image.pk).update(status=Image.Status.PENDING)
    prepare_image(image_id=image.pk, attempt=1)
    image.refresh_from_db()
    assert image.status == Image.Status.READY
    assert (Embedding.objects.count(), EmbeddingChange.objects.count()) == (1, 1)


def test_a_task_for_a_picture_that_is_gone_does_nothing(alice, encoder):
    image = store_image(owner=alice, file=png())
    delete_image(image=image)
    tasks.process_image(str(image.pk))
    assert not Embedding.objects.exists()


def test_a_picture_waits_for_an_encoder_that_is_away_and_has_thumbnails_meanwhile(alice, no_encoder):
    image = store_image(owner=alice, file=png())
    tasks.process_image(str(image.pk))
    image.refresh_from_db()
    assert (image.status, image.attempts) == (Image.Status.PENDING, 0)
    assert image.has_thumbnails
    assert image.retry_at > timezone.now()


def test_waiting_for_the_encoder_is_never_counted_as_a_failure(alice, no_encoder, settings, request):
    image = store_image(owner=alice, file=png())
    for _ in range(3 * MAX_ATTEMPTS):
        make_due(image)
        requeue_pending()
        run_queue()
    image.refresh_from_db()
    assert image.status == Image.Status.PENDING
    request.getfixturevalue("encoder")  # it comes back
    make_due(image)
    requeue_pending()
    run_queue()
    image.refresh_from_db()
    assert image.status == Image.Status.READY


def test_the_wait_for_the_encoder_grows_with_the_time_waited(alice, no_encoder):
    image = store_image(owner=alice, file=png())
    pauses = []
    for age in (0, 60, 24 * 3600):
        Image.objects.filter(pk=image.pk).update(created_at=timezone.now() - timedelta(seconds=age))
        prepare_image(image_id=image.pk, attempt=0)
        image.refresh_from_db()
        pauses.append(round((image.retry_at - timezone.now()).total_seconds()))
    assert pauses == [5, 15, 120]


def test_an_encoder_that_is_still_loading_is_waited_for(alice, starting_encoder):
    image = store_image(owner=alice, file=png())
    tasks.process_image(str(image.pk))
    image.refresh_from_db()
    assert (image.status, image.attempts) == (Image.Status.PENDING, 0)


def test_a_lost_task_is_enqueued_again(alice, encoder):
    image = store_image(owner=alice, file=png())
    OrmQ.objects.all().delete()
    assert requeue_pending() == 0  # it may still be on its way
    make_due(image)
    assert requeue_pending() == 1
    assert run_queue() == 1
    image.refresh_from_db()
    assert image.status == Image.Status.READY


def test_a_worker_killed_in_the_middle_is_followed_by_another(alice, encoder):
    image = store_image(owner=alice, file=png())
    assert preparation._claim(image_id=image.pk, attempt=0)  # and then SIGKILL
    assert requeue_pending() == 0  # its lease still runs
    make_due(image)
    assert requeue_pending() == 1
    run_queue()
    image.refresh_from_db()
    assert (image.status, image.attempts) == (Image.Status.READY, 2)


def test_a_picture_that_kills_its_worker_each_time_fails_in_the_end(alice, encoder):
    image = store_image(owner=alice, file=png())
    leases = []
    for attempt in range(MAX_ATTEMPTS):
        claimed = preparation._claim(image_id=image.pk, attempt=attempt)
        leases.append(round((claimed.retry_at - timezone.now()).total_seconds()))
        make_due(image)
        requeue_pending()
    image.refresh_from_db()
    assert (image.status, image.attempts) == (Image.Status.FAILED, MAX_ATTEMPTS)
    assert image.status_reason
    assert leases == [75, 150, 300, 600, 600, 600]
    assert requeue_pending() == 0


def test_a_long_queue_gets_no_second_task_for_a_picture_that_waits_in_it(alice, store):
    waiting, lost = store(alice), store(alice)
    preparation.enqueue(waiting.pk, 0)
    for _later in range(3):
        make_due(waiting)
        make_due(lost)
        requeue_pending()
    tasks_of = [row.task["args"][0] for row in OrmQ.objects.order_by("pk")]
    assert tasks_of == [str(waiting.pk), str(lost.pk)]


def test_a_task_that_was_fetched_may_have_died_with_its_worker(alice, store):
    image = store(alice)
    preparation.enqueue(image.pk, 0)
    OrmQ.objects.update(lock=timezone.now() + timedelta(minutes=7))  # as a cluster does that fetches it
    make_due(image)
    assert requeue_pending() == 1


def test_a_task_for_an_earlier_attempt_is_no_task_for_this_one(alice, store):
    image = store(alice)
    preparation.enqueue(image.pk, 0)
    assert preparation._claim(image_id=image.pk, attempt=0)  # by another task, whose worker was killed
    make_due(image)
    assert requeue_pending() == 1


def test_requeueing_twice_enqueues_once(alice):
    image = store_image(owner=alice, file=png())
    make_due(image)
    assert (requeue_pending(), requeue_pending()) == (1, 0)
    assert OrmQ.objects.count() == 1


def test_an_encoder_that_breaks_on_a_picture_is_asked_again_later_and_not_for_ever(alice, encoder):
    image = store_image(owner=alice, file=png())

    def explode(images):
        raise RuntimeError("out of memory")

    encoder.model.encode_images = explode
    prepare_image(image_id=image.pk, attempt=0)
    image.refresh_from_db()
    assert (image.status, image.attempts) == (Image.Status.PENDING, 1)
    for _ in range(MAX_ATTEMPTS):
        make_due(image)
        requeue_pending()
        run_queue()
    image.refresh_from_db()
    assert image.status == Image.Status.FAILED
    assert image.status_reason == "The model gave no answer for this picture."


def test_a_missing_original_is_a_failure_with_a_reason(alice, encoder):
    image = store_image(owner=alice, file=png())
    default_storage.delete(image.original.name)
    tasks.process_image(str(image.pk))
    image.refresh_from_db()
    assert (image.status, image.status_reason) == (Image.Status.FAILED, "The original file is missing.")


def test_an_original_that_went_bad_on_the_disk_is_a_failure_with_a_reason(alice, encoder):
    image = store_image(owner=alice, file=png())
    with open(image.original.path, "r+b") as file:
        file.truncate(100)
    tasks.process_image(str(image.pk))
    image.refresh_from_db()
    assert (image.status, image.status_reason) == (Image.Status.FAILED, "The picture cannot be decoded.")


def test_a_failed_picture_can_be_prepared_again(alice, encoder, django_capture_on_commit_callbacks):
    image = store_image(owner=alice, file=png())
    Image.objects.filter(pk=image.pk).update(status=Image.Status.FAILED, attempts=6, retry_at=None)
    prepare_again(image=image)
    run_queue()
    image.refresh_from_db()
    assert (image.status, image.status_reason) == (Image.Status.READY, "")


@pytest.mark.parametrize("status", [Image.Status.READY, Image.Status.FAILED])
def test_finished_pictures_are_left_alone(alice, status):
    image = store_image(owner=alice, file=png())
    Image.objects.filter(pk=image.pk).update(status=status)
    make_due(image)
    assert requeue_pending() == 0
