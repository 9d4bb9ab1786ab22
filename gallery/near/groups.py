"""Near-duplicates as people look through them: groups that hang together, and what is decided about them."""

import uuid
from dataclasses import dataclass
from typing import cast

from django.db import transaction
from django.db.models import Max, QuerySet

from gallery.models import Image, NearPair, User
from gallery.trash import move_to_trash


class GroupChanged(Exception):
    """What was decided about is no longer what is there."""


@dataclass(frozen=True)
class Group:
    """Pictures of one person, the largest first."""

    id: uuid.UUID
    images: list[Image]

    def others(self, kept: Image) -> list[Image]:
        return [image for image in self.images if image.pk != kept.pk]


def open_groups(owner: User) -> QuerySet:
    """Ids of the groups that wait for a decision, those with the newest pairs first."""
    pairs = _open_pairs(owner).filter(group__isnull=False)
    newest_first = pairs.values("group").annotate(newest=Max("pk")).order_by("-newest")
    return newest_first.values_list("group", flat=True)


def load_groups(owner: User, ids: list[uuid.UUID]) -> list[Group]:
    """In the order of `ids`, without those that have no pictures of this person (any more)."""
    members: dict[uuid.UUID, set[uuid.UUID]] = {group_id: set() for group_id in ids}
    for pair in _open_pairs(owner).filter(group__in=ids):
        members[cast(uuid.UUID, pair.group)] |= {pair.first_id, pair.second_id}
    wanted = set().union(*members.values())
    own = Image.objects.visible_to(owner).filter(owner=owner).select_related("owner", "camera_facts")
    images = {image.pk: image for image in own.filter(pk__in=wanted)}
    groups = [
        Group(group_id, sorted((images[pk] for pk in members[group_id] if pk in images), key=_largest_first))
        for group_id in ids
    ]
    return [group for group in groups if len(group.images) > 1]


def keep_all(*, owner: User, group_id: uuid.UUID) -> int:
    """The pairs of this group are decided. Returns how many there were."""
    return NearPair.objects.filter(owner=owner, group=group_id, is_kept=False).update(is_kept=True)


def keep_one(*, owner: User, group: Group, kept: Image, others: set[uuid.UUID]) -> int:
    """Moves all of a group but one picture to the trash; the pairs stay decided if some are restored.

    `others`: those that the person has seen and agreed to. Raises GroupChanged, and moves nothing, if they
    are not the others of the group.
    """
    if {image.pk for image in group.others(kept)} != others:
        raise GroupChanged
    with transaction.atomic():
        keep_all(owner=owner, group_id=group.id)
        return move_to_trash(images=Image.objects.filter(owner=owner, pk__in=others))


def _open_pairs(owner: User) -> QuerySet[NearPair]:
    """Not decided, and both pictures are there: one in the trash is out of sight, and back when restored."""
    return NearPair.objects.filter(
        owner=owner, is_kept=False, first__trashed_at=None, second__trashed_at=None
    )


def regroup(*, owner_id: int) -> None:
    """Gives all open pairs that hang together the same group: the smallest id among their pictures."""
    pairs = list(NearPair.objects.filter(owner=owner_id, is_kept=False))
    leader: dict[uuid.UUID, uuid.UUID] = {}

    def find(image_id: uuid.UUID) -> uuid.UUID:
        while (above := leader.setdefault(image_id, image_id)) != image_id:
            leader[image_id] = leader.setdefault(above, above)
            image_id = above
        return image_id

    for pair in pairs:
        one, other = sorted((find(pair.first_id), find(pair.second_id)))
        leader[other] = one
    changed = [pair for pair in pairs if pair.group != find(pair.first_id)]
    for pair in changed:
        pair.group = find(pair.first_id)
    NearPair.objects.bulk_update(changed, ["group"], batch_size=200)


def _largest_first(image: Image) -> tuple[int, int, str]:
    return (-image.width * image.height, -image.byte_size, str(image.created_at))
