"""What people are told of a change from one model to another, and of pictures that it fails with."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from gallery import encoder_client, serving
from gallery.models import Embedding, EncodingModel, Image, ImageQuerySet, PendingVector, Serving
from gallery.search import Person

ENOUGH = 20  # vectors, to tell from them how long the rest takes


@dataclass(frozen=True)
class Progress:
    """Pictures with a vector of the model that is on its way, among those that are ready."""

    done: int
    total: int


@dataclass(frozen=True)
class Notice:
    """A change as those who search are told of it. Only pictures that they may see are counted."""

    serving_pk: int
    is_filling: bool  # the new model serves already and does not find everything yet
    progress: Progress


@dataclass(frozen=True)
class KnownModel:
    """A model with its vectors, and what the encoder says of it."""

    model: EncodingModel
    role: str  # serving, next or ""
    vectors: int
    trouble: str
    kept_until: datetime | None  # its vectors, without being used


def notice_for(user: Person) -> Notice | None:
    """None while nothing changes."""
    state = Serving.objects.select_related("current", "next").first()
    if state is None or not (state.next or state.is_filling):
        return None
    pictures = Image.objects.visible_to(user)
    return Notice(
        serving_pk=state.current_id,
        is_filling=state.next is None,
        progress=progress(pictures, state.next or state.current),
    )


def progress(pictures: ImageQuerySet, model: EncodingModel) -> Progress:
    ready = pictures.filter(status=Image.Status.READY)
    vector = Embedding.objects.filter(image=OuterRef("pk"), model_id=model.model_id)
    return Progress(done=ready.filter(Exists(vector)).count(), total=ready.count())


def known_models(state: Serving | None) -> list[KnownModel]:
    """The serving model first, then the next one, then the others, those seen last first."""
    reports = _reports()
    roles = {state.current_id: "serving", state.next_id: "next"} if state else {}
    known = [
        KnownModel(
            model=model,
            role=roles.get(model.pk, ""),
            vectors=Embedding.objects.filter(model_id=model.model_id).count(),
            trouble=_trouble(model, reports),
            kept_until=model.unused_since + serving.KEPT_FOR if model.unused_since else None,
        )
        for model in EncodingModel.objects.order_by("-first_seen_at")
    ]
    return sorted(known, key=lambda each: ["serving", "next", ""].index(each.role))


def unloadable() -> list[dict[str, Any]]:
    """The encoder's reports of models that it cannot load and that nothing else is known of."""
    names = set(serving.known_names())
    return [report for report in _reports() or [] if "error" in report and report["name"] not in names]


def troubled_vectors() -> QuerySet[PendingVector]:
    """Those that failed, set aside or waiting for another attempt; none of pictures in a trash."""
    failed = Q(retry_at=None) | ~Q(reason__in=("", encoder_client.NOT_READY))
    rows = PendingVector.objects.filter(failed, image__in=Image.objects.kept())
    return rows.select_related("image__owner", "model").order_by(F("retry_at").asc(nulls_first=True), "pk")


def troubled_pictures() -> ImageQuerySet:
    """Pictures whose preparation failed, for good or until another attempt."""
    again = Q(status=Image.Status.PENDING) & ~Q(status_reason__in=("", encoder_client.NOT_READY))
    kept = Image.objects.kept().filter(Q(status=Image.Status.FAILED) | again)
    return kept.select_related("owner").order_by(F("retry_at").asc(nulls_first=True), "-created_at")


def expected_end(state: Serving, progress: Progress) -> datetime | None:
    """By how fast it went so far, at least a minute from now. None as long as that says little."""
    if state.next is None or state.next_since is None:
        return None
    now = timezone.now()
    made = Embedding.objects.filter(model_id=state.next.model_id, created_at__gte=state.next_since).count()
    if made < ENOUGH:
        return None
    left = (now - state.next_since) / made * (progress.total - progress.done)
    return now + max(left, timedelta(minutes=1))


def _reports() -> list[dict[str, Any]] | None:
    """None: the encoder is away."""
    try:
        return encoder_client.health().get("models", [])
    except (encoder_client.EncoderUnavailable, encoder_client.EncoderFailed):
        return None


def _trouble(model: EncodingModel, reports: list[dict[str, Any]] | None) -> str:
    """What the encoder says, in its words; "" when all is well, or it is away."""
    for report in reports or []:
        if report["name"] == model.name:
            if report.get("model_id", model.model_id) != model.model_id:
                return f"{model.name} is {report['model_id']} now."
            return report.get("error", "")
    return ""
