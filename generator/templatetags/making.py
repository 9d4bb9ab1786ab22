"""For templates: how a picture of the gallery was made, which knows nothing of the studio; times in words."""

import json

from django import template
from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext, ngettext

from gallery.models import Image, User
from generator.curves import Curve, curve_of
from generator.filmstrip import frames_of
from generator.lineage import Lineage, trace
from generator.models import Job, KeptFrame

register = template.Library()


@register.simple_tag
def job_of(image: Image, user: User | AnonymousUser) -> Job | None:
    """The newest job that made this picture, if `user` sees it."""
    made = Job.objects.visible_to(user).filter(image=image, state=Job.State.DONE)
    return made.order_by("-created_at").first()


@register.simple_tag
def lineage_of(job: Job, user: User | AnonymousUser) -> Lineage | None:
    """What the job came from and what came of it, as far as `user` sees it; None when that is nothing."""
    found = trace(job, user=user)
    return found if found.has_relatives else None


@register.simple_tag
def filmstrip_of(job: Job) -> list[KeptFrame]:
    return frames_of(job)


@register.filter
def curve(job: Job) -> Curve | None:
    return curve_of(job)


@register.filter
def about(seconds: float) -> str:
    """A time in words that promise no more than an estimate can: “about 2 minutes”."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return gettext("less than a minute")
    if minutes < 90:
        return ngettext("about %(count)d minute", "about %(count)d minutes", minutes) % {"count": minutes}
    hours = round(minutes / 60)
    return ngettext("about %(count)d hour", "about %(count)d hours", hours) % {"count": hours}


@register.filter
def as_json(value: object) -> str:
    """For a data attribute; the template escapes it."""
    return json.dumps(value, separators=(",", ":"))
