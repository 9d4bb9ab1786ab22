"""The queue of moderators: cases are held, decided one by one or several at once, and taken back."""

import uuid
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from gallery.models import Case, CaseQuerySet, Decision, Suspension, User
from gallery.moderation import actions
from gallery.moderation.actions import Change, Terms
from gallery.moderation.cases import hold
from gallery.moderation.decisions import decide, undo
from gallery.moderation.forms import DecisionForm, ReasonForm
from gallery.moderation.queue_reading import Shown, offers_for, shown, things_of, with_reports
from gallery.moderation.things import is_uuid
from gallery.views.moderation.case import case_page, decide_alike, tell_of_matches
from gallery.views.moderation.guard import REFUSALS, moderators_only, reason_for_reader, status_of
from gallery.views.outcomes import first_error
from gallery.views.paging import asked_page, back_to
from gallery.views.people import signed_in

CASES_A_PAGE = 20
MOST_AT_ONCE = 200


@login_required
@never_cache
@require_safe
@moderators_only
def queue(request: HttpRequest) -> HttpResponse:
    return _queue(request)


@login_required
@require_POST
@moderators_only
def take(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Holds a case for a few minutes. For scripts as JSON: 204, or 409 with the reason."""
    case = get_object_or_404(Case, pk=pk)
    try:
        hold(case=case, by=signed_in(request))
    except REFUSALS as refusal:
        if _wants_json(request):
            return JsonResponse({"error": reason_for_reader(refusal)}, status=status_of(refusal))
        messages.error(request, reason_for_reader(refusal))
        return redirect("gallery:moderation")
    return HttpResponse(status=204) if _wants_json(request) else redirect("gallery:moderation")


@login_required
@require_POST
@moderators_only
def decide_case(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The queue without the case; with it, and the reason, where it could not be decided."""
    case = get_object_or_404(Case, pk=pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _not_decided(request, case, first_error(form), 400)
    try:
        decision = decide(case=case, by=signed_in(request), **form.decided())
    except REFUSALS as refusal:
        return _not_decided(request, case, reason_for_reader(refusal), status_of(refusal))
    done = ", ".join(decision.action_names)
    messages.success(request, _("Decided: %(actions)s.") % {"actions": done})
    decide_alike(request, form)
    tell_of_matches(request, decision)
    return redirect(_queue_at(request, request.POST.get("next", "")))


@login_required
@require_POST
@moderators_only
def decide_several(request: HttpRequest) -> HttpResponse:
    """The chosen cases, each in a transaction of its own. Without `confirmed` it shows what would change."""
    cases = _chosen(request)
    form = DecisionForm(request.POST)
    if not cases or not form.is_valid():
        messages.warning(request, first_error(form) if cases else _("Choose cases first."))
        return redirect(reverse("gallery:moderation") + back_to(request))
    wish = form.decided()
    if "confirmed" not in request.POST:
        planned = [
            (case, *_preview(case, signed_in(request), wish["chosen"], wish["terms"]))
            for case in shown(cases)
        ]
        names = [actions.Action(action).label for action in wish["chosen"]]
        context = {"planned": planned, "names": names, "upto": back_to(request), **wish}
        return render(request, "gallery/moderation/several.html", context)
    done = 0
    for case in cases:
        try:
            decide(case=case, by=signed_in(request), **wish)
            done += 1
        except REFUSALS as refusal:
            messages.warning(request, f"{case.get_kind_display()}: {reason_for_reader(refusal)}")
    text = ngettext("%(count)d case is decided.", "%(count)d cases are decided.", done)
    messages.success(request, text % {"count": done})
    return redirect(_queue_at(request))


@login_required
@never_cache
@require_safe
@moderators_only
def decisions(request: HttpRequest) -> HttpResponse:
    """What was decided, the newest first, to take back."""
    found = Decision.objects.select_related("case", "case__owner", "by", "undone_by")
    found = found.prefetch_related("findings")
    page = asked_page(Paginator(found, CASES_A_PAGE), request)
    context = {"page_obj": page, "rows": things_of(page.object_list), "form": ReasonForm()}
    return render(request, "gallery/moderation/decisions.html", context)


@login_required
@require_POST
@moderators_only
def take_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    decision = get_object_or_404(Decision, pk=pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect(reverse("gallery:decisions") + back_to(request))
    try:
        undo(decision=decision, by=signed_in(request), reason=form.cleaned_data["reason"])
        messages.success(request, _("The decision is taken back, and everything is as it was before."))
    except REFUSALS as refusal:
        messages.error(request, reason_for_reader(refusal))
    return redirect(reverse("gallery:decisions") + back_to(request))


def _not_decided(request: HttpRequest, case: Case, why: str, status: int) -> HttpResponse:
    """On the page that it was sent from."""
    if "alone" in request.POST:
        return case_page(request, case.pk, why=why, status=status)
    return _queue(request, refused=case, why=why, status=status)


def _queue(
    request: HttpRequest, *, refused: Case | None = None, why: str = "", status: int = 200
) -> HttpResponse:
    page = asked_page(Paginator(Case.objects.queue(), CASES_A_PAGE), request)
    context = {
        "page_obj": page,
        "cases": shown(with_reports(cast(CaseQuerySet, page.object_list))),
        "offers": offers_for(Case.Kind.IMAGE),  # for several at once
        "scopes": Suspension.Scope.choices,
        "refused": refused,
        "why": why,
    }
    return render(request, "gallery/moderation/queue.html", context, status=status)


def _queue_at(request: HttpRequest, case: str = "") -> str:
    """The page that it was sent from, and where the script goes on: with the case, if it is still there, else
    with the first."""
    place = f"#case-{uuid.UUID(case)}" if is_uuid(case) else "#cases"
    return reverse("gallery:moderation") + back_to(request) + place


def _chosen(request: HttpRequest) -> list[Case]:
    """In the order of the queue."""
    ids = [text for text in request.POST.getlist("case")[:MOST_AT_ONCE] if is_uuid(text)]
    return with_reports(Case.objects.queue().filter(pk__in=ids))


def _preview(case: Shown, by: User, chosen: list[str], terms: Terms) -> tuple[list[Change], str]:
    """What would change, or why nothing can."""
    try:
        wanted = actions.check(chosen, case.case.kind, terms)
        changes = actions.plan(case.case, wanted, terms=terms)
        if case.holder and case.holder != by:
            return changes, _("%(name)s is looking at it.") % {"name": case.holder}
        return changes, ""
    except REFUSALS as refusal:
        return [], reason_for_reader(refusal)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "").startswith("application/json")
