"""The winners of a classification as tags: what would be written, writing it, and taking it back."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from gallery.autotagging import (
    AlreadyUndone,
    NothingToWrite,
    Plan,
    plan_tags,
    recent_taggings,
    undo,
    write_tags,
)
from gallery.models import Tagging
from gallery.views.people import signed_in
from gallery.views.which import Asked, address_of, ask
from gallery.which_forms import ThresholdForm


@login_required
@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """What would be written, for the parameters of the classifying page and threshold=percent."""
    asked, form = ask(request, request.GET), ThresholdForm(request.GET)
    return _answer(request, asked, form, _plan(request, asked, form))


@login_required
@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """Asks the model anew: a form is not believed about what a picture shows."""
    asked, form = ask(request, request.POST), ThresholdForm(request.POST)
    plan = _plan(request, asked, form)
    if plan is None:
        return _answer(request, asked, form, plan)
    try:
        tagging = write_tags(user=signed_in(request), plan=plan)
    except NothingToWrite:
        messages.warning(request, _("No picture got a tag."))
        return redirect(address_of([*asked.parameters, ("threshold", form.data["threshold"])], "autotag"))
    count = tagging.written.count()
    text = ngettext("%(count)d picture got a tag.", "%(count)d pictures got a tag.", count)
    messages.success(request, text % {"count": count})
    return redirect("gallery:taggings")


@login_required
@require_safe
def taggings(request: HttpRequest) -> HttpResponse:
    """What was written lately and can be taken back."""
    return render(request, "gallery/taggings.html", {"taggings": recent_taggings(signed_in(request))})


@login_required
@require_POST
def take_back(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    tagging = get_object_or_404(Tagging, owner=signed_in(request), pk=pk)
    try:
        count = undo(tagging=tagging)
    except AlreadyUndone:
        messages.warning(request, _("These tags have been taken back before."))
        return redirect("gallery:taggings")
    text = ngettext("%(count)d tag is taken back.", "%(count)d tags are taken back.", count)
    messages.success(request, text % {"count": count})
    return redirect("gallery:taggings")


def _answer(request: HttpRequest, asked: Asked, form: ThresholdForm, plan: Plan | None) -> HttpResponse:
    if asked.matrix is None:
        context = {"asked": asked, "form": asked.form, "subject": asked.subject}
        status = 400 if asked.status == 200 else asked.status
        return render(request, "gallery/which.html", context, status=status)
    context = {"asked": asked, "matrix": asked.matrix, "form": form, "plan": plan}
    return render(request, "gallery/autotag.html", context, status=400 if form.errors else 200)


def _plan(request: HttpRequest, asked: Asked, form: ThresholdForm) -> Plan | None:
    if asked.matrix is None or not form.is_valid():
        return None
    threshold = form.cleaned_data["threshold"]
    return plan_tags(user=signed_in(request), rows=asked.matrix.rows, threshold=threshold)
