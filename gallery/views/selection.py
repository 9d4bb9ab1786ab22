"""What a person does with several of their own pictures at once. Each action is one form post and, where it
writes, one transaction. Pictures of others among the chosen are passed over without a word."""

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, ValidationError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from gallery.album_forms import AddToAlbumForm
from gallery.albums import remove_pictures
from gallery.archive import entries_of, zip_pieces
from gallery.editing import set_visibility
from gallery.models import Album, Image, ImageQuerySet
from gallery.tagging import add_tags, parse_tags
from gallery.trash import move_to_trash
from gallery.views.choosing import chosen_ids
from gallery.views.files import in_background
from gallery.views.people import signed_in

Action = Callable[[HttpRequest, ImageQuerySet], HttpResponseBase]


def selection_tools(request: HttpRequest) -> dict[str, object]:
    """What the bar over a grid needs beside the grid's own page."""
    return {"album_form": AddToAlbumForm(owner=signed_in(request))}


@login_required
@require_POST
def selection(request: HttpRequest) -> HttpResponseBase:
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        raise BadRequest("There is no such action on several pictures.")
    own = Image.objects.visible_to(request.user).filter(owner=signed_in(request))
    images = own.filter(pk__in=chosen_ids(request))
    if not images.exists():
        messages.warning(request, _("Choose pictures first."))
        return _back(request)
    return action(request, images)


def _ask_which(request: HttpRequest, images: ImageQuerySet) -> HttpResponse:
    query = urlencode([("picture", pk) for pk in images.values_list("pk", flat=True)])
    return redirect(f"{reverse('gallery:which')}?{query}")


def _add_to_album(request: HttpRequest, images: ImageQuerySet) -> HttpResponse:
    form = AddToAlbumForm(request.POST, owner=signed_in(request))
    if not form.is_valid():
        messages.error(request, form.first_error())
        return _back(request)
    found = images.in_bulk()
    album = form.save([found[pk] for pk in chosen_ids(request) if pk in found])
    text = ngettext(
        "%(count)d picture is in the album “%(title)s”.",
        "%(count)d pictures are in the album “%(title)s”.",
        len(found),
    )
    return _done(request, text, len(found), title=album.title)


def _remove_from_album(request: HttpRequest, images: ImageQuerySet) -> HttpResponse:
    try:
        album = get_object_or_404(Album, owner=signed_in(request), pk=request.POST.get("from_album"))
    except ValidationError:  # no id at all
        raise BadRequest("The album is missing.") from None
    count = remove_pictures(album=album, images=images)
    text = ngettext(
        "%(count)d picture was taken out of the album.",
        "%(count)d pictures were taken out of the album.",
        count,
    )
    return _done(request, text, count, fewer=True)


def _tag(request: HttpRequest, images: ImageQuerySet) -> HttpResponse:
    try:
        names = parse_tags(request.POST.get("tags", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _back(request)
    if not names:
        messages.error(request, _("Write at least one tag."))
        return _back(request)
    full = add_tags(images=images, names=names)
    if full:
        text = ngettext(
            "%(count)d picture has no room for so many tags.",
            "%(count)d pictures have no room for so many tags.",
            full,
        )
        messages.warning(request, text % {"count": full})
    count = images.count() - full
    return _done(
        request, ngettext("%(count)d picture is tagged.", "%(count)d pictures are tagged.", count), count
    )


def _publish(request: HttpRequest, images: ImageQuerySet) -> HttpResponse:
    count = set_visibility(images=images, visibility=Image.Visibility.PUBLIC)
    text = ngettext("%(count)d picture is public now.", "%(count)d pictures are public now.", count)
    return _done(request, text, count)


def _make_private(request: HttpRequest, images: ImageQuerySet) -> HttpResponse:
    count = set_visibility(images=images, visibility=Image.Visibility.PRIVATE)
    text = ngettext("%(count)d picture is private now.", "%(count)d pictures are private now.", count)
    return _done(request, text, count)


def _trash(request: HttpRequest, images: ImageQuerySet) -> HttpResponse:
    count = move_to_trash(images=images)
    text = ngettext("%(count)d picture is in the trash.", "%(count)d pictures are in the trash.", count)
    return _done(request, text, count, fewer=True)


def _download(request: HttpRequest, images: ImageQuerySet) -> StreamingHttpResponse:
    """The originals as a zip, made while it is sent. Its size is not known before."""
    pieces = in_background(zip_pieces(entries_of(images)))
    response = StreamingHttpResponse(pieces, content_type="application/zip")
    name = f"clipweb-{timezone.localdate():%Y-%m-%d}.zip"
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


ACTIONS: dict[str, Action] = {
    "which": _ask_which,
    "album": _add_to_album,
    "remove": _remove_from_album,
    "tag": _tag,
    "publish": _publish,
    "make_private": _make_private,
    "trash": _trash,
    "download": _download,
}


def _done(
    request: HttpRequest, text: str, count: int, *, fewer: bool = False, **values: object
) -> HttpResponse:
    if count:
        messages.success(request, text % {"count": count, **values})
    return _back(request, fewer=fewer)


def _back(request: HttpRequest, *, fewer: bool = False) -> HttpResponse:
    """To the page that the form was on. fewer: its page of the grid may have gone with its pictures."""
    target = request.POST.get("next", "")
    allowed = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    if not allowed:
        return redirect("gallery:mine")
    parts = urlsplit(target)
    query = [
        ("upto" if fewer and name == "page" else name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return redirect(parts._replace(query=urlencode(query)).geturl())
