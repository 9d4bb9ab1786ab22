"""Appeals: made by the owner, also by one who cannot sign in, and decided by another moderator."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gallery.models import Appeal, Decision, User
from gallery.moderation import appeals as appealing
from gallery.moderation.decisions import AlreadyUndone
from gallery.moderation.forms import AnswerForm, AppealForm
from gallery.moderation.passes import holder_of
from gallery.moderation.reports import decisions_against
from gallery.moderation.suspensions import Scope, current_suspension, words_for
from gallery.moderation.things import find
from gallery.views.moderation.guard import REFUSALS, moderators_only, reason_for_reader
from gallery.views.outcomes import first_error
from gallery.views.people import signed_in


@login_required
@require_POST
def appeal(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = signed_in(request)
    _appeal(request, user, get_object_or_404(decisions_against(user), pk=pk))
    return redirect("gallery:reports")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def suspended(request: HttpRequest, token: str) -> HttpResponse:
    """For somebody whose password was right and who may not sign in. The address is good for an hour."""
    user = holder_of(token)
    suspension = current_suspension(user, Scope.SIGN_IN) if user else None
    if user is None or suspension is None:
        raise Http404
    if request.method == "POST":
        _appeal(request, user, suspension.decision)
        return redirect("gallery:suspended", token)
    made = Appeal.objects.filter(decision=suspension.decision_id).first()
    context = {"words": words_for(suspension), "appeal": made, "form": AppealForm()}
    return render(request, "gallery/moderation/suspended.html", context)


@login_required
@never_cache
@require_safe
@moderators_only
def appeals(request: HttpRequest) -> HttpResponse:
    """Those that wait, the oldest first."""
    waiting = Appeal.objects.filter(state=Appeal.State.OPEN)
    found = waiting.select_related("decision__case__owner", "decision__by")
    rows = [_row(made, signed_in(request)) for made in found]
    return render(request, "gallery/moderation/appeals.html", {"rows": rows, "form": AnswerForm()})


@login_required
@require_POST
@moderators_only
def decide_appeal(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    made = get_object_or_404(Appeal, pk=pk)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write an answer, then uphold or reject the appeal."))
        return redirect("gallery:appeals")
    uphold, answer = form.cleaned_data["verdict"] == "uphold", form.cleaned_data["answer"]
    try:
        appealing.decide_appeal(appeal=made, by=signed_in(request), uphold=uphold, answer=answer)
        messages.success(request, _("The decision is taken back.") if uphold else _("The decision stands."))
    except appealing.OwnDecision:
        messages.error(
            request, _("Somebody else has to decide this appeal: it is about you or your decision.")
        )
    except appealing.AppealDecided:
        messages.error(request, _("This appeal has been decided meanwhile."))
    except REFUSALS as refusal:
        messages.error(request, reason_for_reader(refusal))
    return redirect("gallery:appeals")


def _appeal(request: HttpRequest, user: User, decision: Decision) -> None:
    form = AppealForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return
    try:
        appealing.appeal(decision=decision, by=user, text=form.cleaned_data["text"])
        messages.success(request, _("Your appeal is on its way to the moderators."))
    except appealing.AlreadyAppealed:
        messages.warning(request, _("You have appealed against this decision already."))
    except (appealing.CannotAppeal, AlreadyUndone):
        messages.warning(request, _("There is nothing to appeal against (any more)."))


def _row(made: Appeal, reader: User) -> dict[str, object]:
    case = made.decision.case
    return {
        "appeal": made,
        "thing": find(case.kind, case.key),
        "may_decide": appealing.may_decide(appeal=made, by=reader),
    }
