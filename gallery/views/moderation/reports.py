"""Reporting a picture, an album or a person, and what became of it."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gallery.models import Report, User
from gallery.moderation import reports
from gallery.moderation.forms import AppealForm, ReportForm
from gallery.moderation.queue_reading import things_of
from gallery.moderation.things import Thing, find_visible, kind_of, owner_of
from gallery.rates import Rate, TooOften
from gallery.views.people import signed_in

MEMBERS = Rate("reports")
VISITORS = Rate("visitors-reports")


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """404 for what one does not see; 400 for a wrong form, 409 for a second report, 429 for too many."""
    if not (request.user.is_authenticated or settings.ANONYMOUS_REPORTS):
        return redirect_to_login(request.get_full_path())
    thing = find_visible(request.user, kind, key)
    if thing is None:
        raise Http404
    form = ReportForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _page(request, thing, form)
    if not form.is_valid():
        return _page(request, thing, form, status=400)
    return _sent(request, thing, form)


@login_required
@never_cache
@require_safe
def own_reports(request: HttpRequest) -> HttpResponse:
    """What one has reported and what became of it; and what moderators decided about one's own things."""
    user = signed_in(request)
    context = {
        "reports": _with_things(user),
        "decisions": things_of(reports.decisions_against(user)),
        "strikes": user.strikes.current().select_related("decision"),
        "suspensions": user.suspensions.current().select_related("decision"),
        "form": AppealForm(),
        "has_news": reports.untold_reports(user).exists() or reports.untold_decisions(user).exists(),
    }
    return render(request, "gallery/moderation/own.html", context)


@login_required
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """The word about news goes away."""
    reports.mark_told(user=signed_in(request))
    return redirect("gallery:reports")


def _sent(request: HttpRequest, thing: Thing, form: ReportForm) -> HttpResponse:
    reporter = signed_in(request) if request.user.is_authenticated else None
    try:
        (MEMBERS if reporter else VISITORS).count(request)
        reports.report(thing=thing, reporter=reporter, **form.cleaned_data)
    except TooOften as error:
        form.add_error(None, error.words)
        return _page(request, thing, form, status=429)
    except reports.AlreadyReported:
        form.add_error(None, _("You have reported this already, and moderators will look at it."))
        return _page(request, thing, form, status=409)
    except reports.OwnThing:
        form.add_error(None, _("This is yours: you can change or delete it yourself."))
        return _page(request, thing, form, status=400)
    messages.success(request, _("Thank you. Moderators will look at it."))
    return redirect("gallery:reports" if reporter else "gallery:explore")


def _page(request: HttpRequest, thing: Thing, form: ReportForm, *, status: int = 200) -> HttpResponse:
    context = {
        "thing": thing,
        "kind": kind_of(thing).value,
        "owner": owner_of(thing),
        "form": form,
        "was_reported": request.user.is_authenticated
        and reports.has_reported(thing=thing, reporter=signed_in(request)),
    }
    return render(request, "gallery/moderation/report.html", context, status=status)


def _with_things(user: User) -> list[tuple[Report, Thing | None]]:
    """What the reporter still sees of the things."""
    found = Report.objects.filter(reporter=user).select_related("case").order_by("-created_at")
    return [(row, find_visible(user, row.case.kind, row.case.key)) for row in found[:50]]
