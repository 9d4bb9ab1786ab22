"""Pictures by their tags."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from gallery.models import Image
from gallery.tagging import normal_name, tags_of
from gallery.views.paging import page_of
from gallery.views.people import signed_in
from gallery.views.selection import selection_tools


@login_required
@require_safe
def tags(request: HttpRequest) -> HttpResponse:
    """The tags of the signed-in person's own pictures."""
    user = signed_in(request)
    return render(request, "gallery/tags.html", {"tags": tags_of(user, owner=user)})


@require_safe
def tag(request: HttpRequest, name: str) -> HttpResponse:
    """The pictures with this tag that the reader may see; without any, nobody learns that it exists."""
    normal = normal_name(name)
    if not normal or not normal.isprintable():  # PostgreSQL refuses a NUL with an error of its own
        raise Http404
    if name != normal:
        return redirect("gallery:tag", normal)
    page = page_of(Image.objects.visible_to(request.user).filter(tags__name=name), request)
    if not page.paginator.count:
        raise Http404
    context: dict[str, object] = {"name": name, "page_obj": page}
    if request.user.is_authenticated:
        context |= selection_tools(request)
    return render(request, "gallery/tag.html", context)
