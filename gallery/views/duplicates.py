"""The review page of near-duplicates: compare side by side, keep one, or keep all. The owner's alone."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import EmptyPage, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gallery.models import Image
from gallery.near.groups import Group, GroupChanged, keep_all, keep_one, load_groups, open_groups
from gallery.views.paging import page_number
from gallery.views.people import signed_in

GROUPS_A_PAGE = 10


@login_required
@require_safe
def review(request: HttpRequest) -> HttpResponse:
    owner = signed_in(request)
    try:
        page = Paginator(open_groups(owner), GROUPS_A_PAGE).page(page_number(request))
    except EmptyPage:
        raise Http404 from None
    groups = load_groups(owner, list(page.object_list))
    return render(request, "gallery/duplicates.html", {"groups": groups, "page_obj": page})


@login_required
@require_http_methods(["GET", "POST"])
def keep(request: HttpRequest, group: uuid.UUID, pk: uuid.UUID) -> HttpResponse:
    """Asks first, showing what goes; then moves exactly what was shown to the trash, or nothing."""
    found, kept = _group_with(request, group, pk)
    if request.method == "POST":
        try:
            number = keep_one(owner=signed_in(request), group=found, kept=kept, others=_agreed(request))
        except GroupChanged:
            messages.warning(request, _("The group has changed since. Nothing was moved; look again."))
            return _confirm(request, found, kept, status=409)
        text = ngettext("%(count)d picture is in the trash.", "%(count)d pictures are in the trash.", number)
        messages.success(request, text % {"count": number})
        return redirect("gallery:duplicates")
    return _confirm(request, found, kept)


@login_required
@require_POST
def keep_both(request: HttpRequest, group: uuid.UUID) -> HttpResponse:
    if not keep_all(owner=signed_in(request), group_id=group):
        raise Http404
    messages.success(request, _("All of them are kept. You are not asked about them again."))
    return redirect("gallery:duplicates")


def _confirm(request: HttpRequest, group: Group, kept: Image, *, status: int = 200) -> HttpResponse:
    context = {"group": group, "kept": kept, "others": group.others(kept)}
    return render(request, "gallery/duplicates_delete.html", context, status=status)


def _group_with(request: HttpRequest, group_id: uuid.UUID, pk: uuid.UUID) -> tuple[Group, Image]:
    """Raises Http404 for a group that is not this person's, or does not have this picture."""
    for group in load_groups(signed_in(request), [group_id]):
        for image in group.images:
            if image.pk == pk:
                return group, image
    raise Http404


def _agreed(request: HttpRequest) -> set[uuid.UUID]:
    try:
        return {uuid.UUID(text) for text in request.POST.getlist("picture")}
    except ValueError:
        raise Http404 from None
