"""What became of one file that somebody sent, for a list in a page or as JSON for a script."""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.core.exceptions import ValidationError
from django.http import JsonResponse
from django.utils.translation import gettext as _

from gallery.models import Image
from gallery.uploads import DuplicateImage
from gallery.validation import BUSY

# Of refusals; 400 for all others.
STATUSES = {
    "too_large": 413,
    "too_many_pixels": 413,
    "quota": 413,
    "removed": 403,
    "blocked": 403,
    "suspended": 403,
    "prompt": 403,
    "unchecked": 503,
    BUSY: 503,
}
DUPLICATE = 409


@dataclass(frozen=True)
class Outcome:
    """`image` is the stored one, or the one that was there before."""

    name: str
    status: int
    image: Image | None = None
    code: str = ""
    reason: str = ""

    def as_json(self) -> JsonResponse:
        answer = {"code": self.code, "error": self.reason} if self.code else {}
        if self.image:
            answer |= {
                "id": str(self.image.pk),
                "url": self.image.get_absolute_url(),
                "title": self.image.title,
            }
        return JsonResponse(answer, status=self.status)


def outcome_of(name: str, store: Callable[[], Image]) -> Outcome:
    """What `store` made of the file: the picture, or why there is none."""
    try:
        image = store()
    except ValidationError as error:
        code = error.code or "invalid"
        return Outcome(name, refusal_status(error), code=code, reason=" ".join(error.messages))
    except DuplicateImage as duplicate:
        reason = _("You have this picture already.")
        return Outcome(name, DUPLICATE, image=duplicate.existing, code="duplicate", reason=reason)
    return Outcome(name, 201, image=image)


def refusal_status(error: ValidationError) -> int:
    return STATUSES.get(error.code or "", 400)


def first_error(form: forms.Form) -> str:
    return " ".join(str(message) for errors in form.errors.values() for message in errors)
