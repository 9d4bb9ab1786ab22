"""What the queue calls. Tasks take ids, decide nothing and call what does the work."""

import uuid

from gallery import (
    background,
    details,
    given,
    index_check,
    preparation,
    purge,
    receiving,
    reembedding,
    seen,
    serving,
    strays,
)
from gallery.index import index_for
from gallery.map import growing, making
from gallery.models import EncodingModel
from gallery.moderation import sweeps
from gallery.near import finding
from gallery.people import leaving, retention
from gallery.words import following


def process_image(image_id: str, attempt: int = 0) -> None:
    preparation.prepare_image(image_id=uuid.UUID(image_id), attempt=attempt)


def make_details(image_id: str) -> None:
    details.catch_up(image_id=uuid.UUID(image_id))


def delete_leaving(user_id: int) -> None:
    leaving.finish_leaving(user_id=user_id)


def requeue_leaving() -> int:
    return leaving.requeue_leaving()


def find_near_duplicates(owner_id: int) -> None:
    finding.find_near_duplicates(owner_id=owner_id)


def make_map(owner_id: int, attempt: int) -> None:
    making.make_map(owner_id=owner_id, attempt=attempt)


def grow_map(owner_id: int) -> None:
    growing.grow_map(owner_id=owner_id)


def requeue_maps() -> int:
    return making.requeue_unfinished() + growing.requeue_grown()


def embed_anew(model_pk: int, items: list[tuple[str, int]]) -> None:
    reembedding.embed_batch(model_pk=model_pk, items=items)


def request_words() -> int:
    return following.request_words()


def embed_words(image_ids: list[str]) -> int:
    return following.embed_words(image_ids=[uuid.UUID(image_id) for image_id in image_ids])


def follow_encoder() -> None:
    serving.follow_encoder()


def discard_unused_vectors() -> int:
    return serving.discard_unused()


def prepare_index(model_id: str) -> None:
    index_for(model_id).prepare()


def requeue_pending() -> int:
    """All pictures that have something to be done and no task for it. Returns how many tasks they got."""
    return (
        preparation.requeue_pending()
        + reembedding.advance()
        + details.requeue_outdated()
        + finding.requeue_uncompared()
    )


def request_background() -> bool:
    return background.request_measurement()


def measure_background(model_pk: int) -> None:
    background.measure_missing(model=EncodingModel.objects.get(pk=model_pk))


def request_vocabulary() -> bool:
    return seen.request_vocabulary()


def encode_vocabulary() -> None:
    seen.encode_vocabulary()


def apply_policy(sweep_id: str, number: int) -> None:
    sweeps.do_slice(sweep_id=uuid.UUID(sweep_id), number=number)


def requeue_sweeps() -> int:
    return sweeps.requeue_lost()


def check_index() -> None:
    index_check.check_nightly()


def check_files() -> None:
    strays.check_nightly()


def discard_expired_uploads() -> int:
    return receiving.discard_expired()


def purge_trash() -> int:
    return purge.purge_expired()


def forget_query_pictures() -> int:
    return given.forget_expired()


def forget_expired() -> dict[str, int]:
    return retention.forget_expired()
