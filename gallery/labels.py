"""Labels: how they are written, and the sets of them, those that ship with the project and people's own."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _

from gallery.label_words import BUILT_IN
from gallery.models import LabelSet, User

MAX_LABELS = 40
MAX_LABEL = 100  # characters
MAX_SETS = 100  # of one person


class TooManySets(Exception):
    """The person has as many label sets as one may have."""


class NameTaken(Exception):
    """The person has another label set of this name."""


@dataclass(frozen=True)
class Label:
    """text: what the model reads, in English where the project chose it. name: what people read, also as a
    tag."""

    text: str
    name: str


@dataclass(frozen=True)
class BuiltInSet:
    key: str  # in addresses
    name: str | Promise
    words: Sequence[str]  # English, each a message id

    @property
    def labels(self) -> list[Label]:
        return [Label(word, gettext(word)) for word in self.words]


BUILT_IN_SETS = {key: BuiltInSet(key, gettext_lazy(name), words) for key, (name, words) in BUILT_IN.items()}


def parse_labels(text: str) -> list[str]:
    """One a line or separated by commas, each once. Raises ValidationError that names the one at fault."""
    parts = unicodedata.normalize("NFC", text).replace(",", "\n").splitlines()
    labels = list(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))
    for label in labels:
        if len(label) > MAX_LABEL:
            raise ValidationError(
                _("A label may have at most %(limit)d characters; “%(start)s…” has %(count)d."),
                code="too_long",
                params={"limit": MAX_LABEL, "start": label[:20], "count": len(label)},
            )
    return labels


def check_count(count: int) -> None:
    """Raises ValidationError unless there is something to choose between, and not too much."""
    if count < 2:
        raise ValidationError(_("Write at least two different labels."), code="too_few")
    if count > MAX_LABELS:
        raise ValidationError(
            _("At most %(limit)d labels; these are %(count)d."),
            code="too_many",
            params={"limit": MAX_LABELS, "count": count},
        )


@transaction.atomic
def create_set(*, owner: User, name: str, labels: Sequence[str]) -> LabelSet:
    """labels: as parse_labels() gives them. Raises TooManySets or NameTaken."""
    User.objects.select_for_update().get(pk=owner.pk)  # of two at the same moment one counts the other
    if LabelSet.objects.filter(owner=owner).count() >= MAX_SETS:
        raise TooManySets
    _refuse_taken(LabelSet(owner=owner, name=name))
    return LabelSet.objects.create(owner=owner, name=name, text="\n".join(labels))


@transaction.atomic
def edit_set(*, label_set: LabelSet, name: str, labels: Sequence[str]) -> LabelSet:
    """Raises NameTaken."""
    User.objects.select_for_update().get(pk=label_set.owner_id)
    label_set.name, label_set.text = name, "\n".join(labels)
    _refuse_taken(label_set)
    label_set.save(update_fields=["name", "text"])
    return label_set


def _refuse_taken(label_set: LabelSet) -> None:
    others = LabelSet.objects.filter(owner=label_set.owner_id, name__iexact=label_set.name)
    if others.exclude(pk=label_set.pk).exists():
        raise NameTaken
