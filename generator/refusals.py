"""Why a form's wish was not taken into the queue, as the form says it."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import ngettext

from gallery.models import User
from gallery.moderation.prompts import PromptRefused, note_refusal
from gallery.rates import Rate, TooOften
from gallery.views.outcomes import refusal_status
from generator.jobs import JobLimitReached

RATE = Rate("jobs")  # counted by each form that asks for pictures
REFUSALS = (JobLimitReached, ValidationError, TooOften)


def refuse(form: forms.Form, error: JobLimitReached | ValidationError | TooOften, *, owner: User) -> int:
    """Puts the reason on the form. Returns the status: 429 for too many, 413 for no room, 403 for somebody
    who may not or what may not be made, 503 while that cannot be told."""
    if isinstance(error, PromptRefused):
        note_refusal(error, owner=owner)
    if isinstance(error, ValidationError):
        form.add_error(None, error)
        return refusal_status(error)
    form.add_error(None, error.words if isinstance(error, TooOften) else _limit_message(error.limit))
    return 429


def _limit_message(limit: int) -> str:
    return ngettext(
        "You can have %(limit)d picture in the making at a time. Wait for it or cancel it.",
        "You can have %(limit)d pictures in the making at a time. Wait for one or cancel one.",
        limit,
    ) % {"limit": limit}
