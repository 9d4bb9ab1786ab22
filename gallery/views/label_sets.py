"""A person's own label sets: the list of them, and what they write in one."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from gallery.labels import MAX_SETS, NameTaken, TooManySets, create_set, edit_set
from gallery.models import LabelSet
from gallery.views.people import signed_in
from gallery.which_forms import LabelSetForm


@login_required
@require_safe
def label_sets(request: HttpRequest) -> HttpResponse:
    sets = LabelSet.objects.filter(owner=signed_in(request))
    return render(request, "gallery/label_sets.html", {"sets": sets})


@login_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """?labels= to begin with."""
    if request.method != "POST":
        return _edit_page(request, LabelSetForm(initial={"labels": request.GET.get("labels", "")}))
    form = LabelSetForm(request.POST)
    if not form.is_valid():
        return _edit_page(request, form)
    try:
        create_set(owner=signed_in(request), **form.cleaned_data)
    except NameTaken:
        return _edit_page(request, _with_name_taken(form))
    except TooManySets:
        form.add_error(None, _("You have %(limit)d label sets. Delete one first.") % {"limit": MAX_SETS})
        return _edit_page(request, form)
    messages.success(request, _("The label set is saved."))
    return redirect("gallery:label_sets")


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    label_set = _own(request, pk)
    if request.method != "POST":
        form = LabelSetForm(instance=label_set, initial={"labels": label_set.text})
        return _edit_page(request, form, label_set)
    form = LabelSetForm(request.POST, instance=label_set)
    if not form.is_valid():
        return _edit_page(request, form, label_set)
    try:
        edit_set(label_set=label_set, **form.cleaned_data)
    except NameTaken:
        return _edit_page(request, _with_name_taken(form), label_set)
    messages.success(request, _("The changes are saved."))
    return redirect("gallery:label_sets")


@login_required
@require_http_methods(["GET", "POST"])
def delete(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Asks first."""
    label_set = _own(request, pk)
    if request.method == "POST":
        label_set.delete()
        messages.success(request, _("The label set is deleted."))
        return redirect("gallery:label_sets")
    return render(request, "gallery/label_set_delete.html", {"label_set": label_set})


def _own(request: HttpRequest, pk: uuid.UUID) -> LabelSet:
    """Raises Http404 for everybody else's, also for moderators."""
    return get_object_or_404(LabelSet, owner=signed_in(request), pk=pk)


def _with_name_taken(form: LabelSetForm) -> LabelSetForm:
    form.add_error("name", _("You have another label set of this name."))
    return form


def _edit_page(request: HttpRequest, form: LabelSetForm, label_set: LabelSet | None = None) -> HttpResponse:
    context = {"form": form, "label_set": label_set}
    return render(request, "gallery/label_set_edit.html", context, status=400 if form.errors else 200)
