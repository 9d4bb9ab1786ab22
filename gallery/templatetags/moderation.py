"""The word that moderators have decided something, on every page until it is read."""

from typing import Any

from django import template
from django.template.context import Context

from gallery.models import Appeal, Case, Finding, Image
from gallery.moderation.queue_reading import Offer, offers_for
from gallery.moderation.reports import untold_decisions, untold_reports

register = template.Library()


@register.inclusion_tag("gallery/moderation/_news.html", takes_context=True)
def moderation_news(context: Context) -> dict[str, Any]:
    """Nothing for visitors, and for error pages, which know nobody."""
    user = context.get("user")
    if user is None or not user.is_authenticated:
        return {}
    return {"decided": untold_decisions(user).exists(), "answered": untold_reports(user).exists()}


@register.simple_tag(takes_context=True)
def is_covered(context: Context, image: Image) -> bool:
    """Whether the picture is shown only to who asks for it; its owner knows it."""
    user = context.get("user")
    return image.is_blurred and not (user is not None and user.pk == image.owner_id)


@register.simple_tag
def held_because(image: Image) -> list[str]:
    """Why automatic checks keep the picture from all but its owner and moderators until one of these has
    looked at it; empty if they do not."""
    waiting = Finding.objects.filter(
        case__kind=Case.Kind.IMAGE,
        case__key=str(image.pk),
        case__state=Case.State.OPEN,
        result=Finding.Result.HOLD,
    )
    return [finding.words for finding in waiting] if image.is_hidden else []


@register.simple_tag
def moderation_offers() -> list[Offer]:
    """All that can be done about a case, with its keys."""
    return offers_for(Case.Kind.IMAGE)


@register.simple_tag
def waiting_cases() -> int:
    """Of moderators, appeals included."""
    return Case.objects.open().count() + Appeal.objects.filter(state=Appeal.State.OPEN).count()
