"""Winning labels written as tags on a person's own pictures, and taken back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gallery.clip.prompts import without_article
from gallery.history import Kind, note
from gallery.models import Image, Tag, Tagging, User, WrittenTag
from gallery.tagging import MAX_TAGS, parse_tags
from gallery.zeroshot import Row

RECENT = 10  # taggings that the page offers to take back


class NothingToWrite(Exception):
    """No picture would get a tag."""


class AlreadyUndone(Exception):
    """The tags have been taken back before."""


class Left(models.TextChoices):
    """Why a picture gets no tag."""

    NONE = "none", _("“none of these” is the most probable")
    BELOW = "below", _("the most probable label is below the threshold")
    OTHERS = "others", _("it is not yours")
    NO_TAG = "no_tag", _("the label cannot be a tag: it is too long, has a slash, or no letter or digit")
    PRESENT = "present", _("it has the tag already")
    FULL = "full", _("it has as many tags as one may have")


@dataclass
class Plan:
    """What would be written: tags on pictures, and why the others are left as they are."""

    threshold: float
    tags: list[tuple[Image, str]] = field(default_factory=list)
    left: Counter[Left] = field(default_factory=Counter)

    @property
    def names(self) -> list[tuple[str, int]]:
        """Each tag and how many pictures get it, the most frequent first."""
        return Counter(name for _image, name in self.tags).most_common()

    @property
    def reasons(self) -> list[tuple[str, int]]:
        return [(str(reason.label), self.left[reason]) for reason in Left if self.left[reason]]


def plan_tags(*, user: User, rows: Sequence[Row], threshold: float) -> Plan:
    """Nothing is written. threshold: the probability, 0 to 1, from which on a label is worth a tag."""
    plan = Plan(threshold)
    present = _present([row.image for row in rows if row.image.owner_id == user.pk])
    for row in rows:
        name = _tag_name(row)
        reason = _why_left(row, name, user, threshold, present)
        if reason:
            plan.left[reason] += 1
        else:
            plan.tags.append((row.image, name))
    return plan


@transaction.atomic
def write_tags(*, user: User, plan: Plan) -> Tagging:
    """Puts the tags on, and notes which ones were not there before. Raises NothingToWrite."""
    # Whatever has been deleted, or left the person's hands, since the plan was made is passed over.
    own = Image.objects.visible_to(user).filter(owner=user).in_bulk([image.pk for image, _name in plan.tags])
    tagging = Tagging.objects.create(owner=user, threshold=plan.threshold)
    written = []
    for image, name in plan.tags:
        if image.pk not in own:
            continue
        tag, created = Tag.objects.get_or_create(image_id=image.pk, name=name)
        if created:
            written.append(WrittenTag(tagging=tagging, tag=tag))
            note(image_ids=[image.pk], kind=Kind.LABELLED, detail=name)
    if not written:
        raise NothingToWrite
    WrittenTag.objects.bulk_create(written)
    return tagging


@transaction.atomic
def undo(*, tagging: Tagging) -> int:
    """Takes off the tags that it wrote and that are still the same ones. Returns how many.

    Raises AlreadyUndone: of two clicks, one does it.
    """
    claimed = Tagging.objects.filter(pk=tagging.pk, undone_at=None).update(undone_at=timezone.now())
    if not claimed:
        raise AlreadyUndone
    written = Tag.objects.filter(pk__in=WrittenTag.objects.filter(tagging=tagging).values("tag"))
    gone = list(written)
    for tag in gone:
        note(image_ids=[tag.image_id], kind=Kind.UNLABELLED, detail=tag.name)
    written.delete()
    return len(gone)


def recent_taggings(user: User) -> list[Tagging]:
    """Those that can be taken back, the newest first, each with `total` tags that are still there."""
    counted = Tagging.objects.filter(owner=user, undone_at=None).annotate(total=models.Count("written"))
    return list(counted.filter(total__gt=0)[:RECENT])


def _why_left(
    row: Row, name: str, user: User, threshold: float, present: dict[object, set[str]]
) -> Left | None:
    if row.image.owner_id != user.pk:
        return Left.OTHERS
    if row.best.is_none:
        return Left.NONE
    if row.best.probability < threshold:
        return Left.BELOW
    if not name:
        return Left.NO_TAG
    tags = present.get(row.image.pk, set())
    if name in tags:
        return Left.PRESENT
    return Left.FULL if len(tags) >= MAX_TAGS else None


def _tag_name(row: Row) -> str:
    """ "" where the label cannot be a tag."""
    try:
        return next(iter(parse_tags(without_article(row.best.label))), "")
    except ValidationError:
        return ""


def _present(images: Sequence[Image]) -> dict[object, set[str]]:
    present: dict[object, set[str]] = {}
    for image_id, name in Tag.objects.filter(image__in=images).values_list("image", "name"):
        present.setdefault(image_id, set()).add(name)
    return present
