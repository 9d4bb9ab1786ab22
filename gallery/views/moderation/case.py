"""One case by itself, with what looks like its picture, to decide the same about."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from gallery.models import Case, Decision, Image, Suspension
from gallery.moderation import alike
from gallery.moderation.actions import Action
from gallery.moderation.decisions import decide_about
from gallery.moderation.forms import DecisionForm
from gallery.moderation.queue_reading import offers_for, shown, with_reports
from gallery.moderation.things import find, is_uuid
from gallery.views.moderation.guard import REFUSALS, moderators_only, reason_for_reader
from gallery.views.outcomes import first_error
from gallery.views.people import signed_in

# What is decided about a picture; what is laid on its owner is not offered again for each that looks like it.
ABOUT_PICTURES = {Action.HIDE, Action.BLUR, Action.SAFE, Action.DELETE, Action.BLOCK, Action.SHOW}


@login_required
@never_cache
@require_safe
@moderators_only
def case(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Open or decided."""
    return case_page(request, pk)


def case_page(request: HttpRequest, pk: uuid.UUID, *, why: str = "", status: int = 200) -> HttpResponse:
    """why: it could not be decided."""
    cases = Case.objects.weighed().filter(pk=pk)
    row = get_object_or_404(cases)
    thing = find(row.kind, row.key)
    decisions = row.decisions.select_related("by").order_by("created_at")
    standing = {action for each in decisions if not each.undone_at for action in each.actions}
    context = {
        "shown": shown(with_reports(cases))[0],
        "decisions": decisions,
        "alike": alike.alike(image=thing, user=signed_in(request)) if isinstance(thing, Image) else [],
        "offers": [offer for offer in offers_for(Case.Kind.IMAGE) if offer.action in ABOUT_PICTURES],
        "standing": standing & ABOUT_PICTURES,
        "scopes": Suspension.Scope.choices,
        "refused": row if why else None,
        "why": why,
    }
    return render(request, "gallery/moderation/case.html", context, status=status)


@login_required
@require_POST
@moderators_only
def decide_others(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """About chosen pictures that look like the one of a case, each by a decision of its own."""
    row = get_object_or_404(Case, pk=pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
    elif not decide_alike(request, form):
        messages.warning(request, _("Choose pictures first."))
    return redirect("gallery:case", row.pk)


def decide_alike(request: HttpRequest, form: DecisionForm) -> int:
    """The same about the pictures that are named in `also`, as far as the moderator sees them. Returns how
    many were named."""
    ids = [text for text in request.POST.getlist("also")[: 2 * alike.SHOWN] if is_uuid(text)]
    wish = form.decided()
    wish["chosen"] = [action for action in wish["chosen"] if action in ABOUT_PICTURES]
    if ids and not wish["chosen"]:
        messages.warning(request, _("Nothing was decided about the pictures that look like it."))
        return len(ids)
    images = Image.objects.visible_to(request.user).filter(pk__in=ids)
    done = 0
    for image in images:
        try:
            decide_about(thing=image, by=signed_in(request), **wish)
            done += 1
        except REFUSALS as refusal:
            title = image.title or _("Untitled picture")
            messages.warning(request, f"{title}: {reason_for_reader(refusal)}")
    if done:
        text = ngettext(
            "The same is decided about %(count)d picture that looks like it.",
            "The same is decided about %(count)d pictures that look like it.",
            done,
        )
        messages.success(request, text % {"count": done})
    return len(ids)


def tell_of_matches(request: HttpRequest, decision: Decision) -> None:
    """A blocked picture may be here more than once; what looks like it is not hidden by itself."""
    image = find(decision.case.kind, decision.case.key)
    if Action.BLOCK not in decision.actions or not isinstance(image, Image):
        return
    others = len(alike.matches(image=image, user=signed_in(request)))
    if others:
        text = ngettext(
            "%(count)d picture here looks like the one that you have blocked.",
            "%(count)d pictures here look like the one that you have blocked.",
            others,
        )
        said = text % {"count": others}
        address = reverse("gallery:case", args=[decision.case_id])
        messages.info(request, format_html('{} <a href="{}">{}</a>', said, address, _("Look at them")))
