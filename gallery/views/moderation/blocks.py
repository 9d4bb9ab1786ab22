"""The block list: what nobody may add, how alike a picture may be to it, and taking entries off and back."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import EmptyPage, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from gallery.models import BlockedFile
from gallery.moderation import alike, blocking, blocks_reading
from gallery.moderation.forms import PrintBlockingForm, ReasonForm
from gallery.views.moderation.guard import moderators_only
from gallery.views.outcomes import first_error
from gallery.views.paging import page_number
from gallery.views.people import signed_in

FILES_A_PAGE = 20
SET = "gallery.change_printblocking"  # admins have it; others can be given it


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def blocks(request: HttpRequest) -> HttpResponse:
    """The list. Posted, how alike a picture may be: 400 for what cannot be, 403 without the permission."""
    now = blocking.current()
    form = PrintBlockingForm(
        request.POST if request.method == "POST" else None,
        initial={"distance": now.distance, "result": now.result},
    )
    if request.method != "POST":
        return _page(request, form)
    if not signed_in(request).has_perm(SET):
        raise PermissionDenied
    if not form.is_valid():
        return _page(request, form, status=400)
    blocking.set_print_blocking(by=signed_in(request), **form.cleaned_data)
    messages.success(request, _("From now on pictures that come in are compared so."))
    return redirect("gallery:blocks")


@login_required
@require_POST
@moderators_only
def remove(request: HttpRequest, sha256: str) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("gallery:blocks")
    try:
        blocking.unblock(sha256=sha256, by=signed_in(request), reason=form.cleaned_data["reason"])
    except blocking.NotBlocked:
        raise Http404 from None
    messages.success(request, _("The picture may be added again."))
    return redirect("gallery:blocks")


@login_required
@require_POST
@moderators_only
def restore(request: HttpRequest, sha256: str) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("gallery:blocks")
    try:
        blocking.block_again(sha256=sha256, by=signed_in(request), reason=form.cleaned_data["reason"])
    except blocking.NotBlocked:
        raise Http404 from None
    messages.success(request, _("The picture is blocked again."))
    return redirect("gallery:blocks")


def _page(request: HttpRequest, form: PrintBlockingForm, *, status: int = 200) -> HttpResponse:
    files = BlockedFile.objects.order_by("-created_at", "pk")
    try:
        page = Paginator(files, FILES_A_PAGE).page(page_number(request))
    except EmptyPage:
        raise Http404 from None
    context = {
        "page_obj": page,
        "blocked": blocks_reading.blocked(list(page.object_list)),
        "removed": blocks_reading.removed(),
        "counts": alike.count_matches() if page.paginator.count else None,
        "form": form,
        "now": blocking.current(),
        "may_set": signed_in(request).has_perm(SET),
    }
    return render(request, "gallery/moderation/blocks.html", context, status=status)
