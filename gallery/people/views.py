"""The profile, and the language switch in every page's header."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.http import require_http_methods

from gallery.models import Image, User
from gallery.people.adapter import remember_language
from gallery.people.forms import ProfileForm
from gallery.places import forget_places, keep_places
from gallery.quota import quota_of
from gallery.searches import forget_searches
from gallery.views.people import signed_in


def count_pictures(user: User) -> dict[str, int]:
    """How many pictures this person has, and how many of them are published or came from the studio."""
    return (
        Image.objects.visible_to(user)
        .filter(owner=user)
        .aggregate(
            total=Count("id"),
            public=Count("id", filter=Q(visibility=Image.Visibility.PUBLIC)),
            generated=Count("id", filter=Q(origin=Image.Origin.GENERATED)),
        )
    )


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """The signed-in person's own profile; there is no address for anybody else's."""
    # A copy of the row, so that a rejected name does not show up in the page's header.
    person = User.objects.get(pk=signed_in(request).pk)
    if request.method == "POST":
        form = ProfileForm(request.POST, instance=person)
        if form.is_valid():
            return _save_profile(request, form)
        status = 422
    else:
        form = ProfileForm(instance=person, initial={"language": person.language or get_language()})
        status = 200
    context = {"form": form, "counts": count_pictures(person), "quota": quota_of(person)}
    return render(request, "gallery/profile.html", context, status=status)


def _save_profile(request: HttpRequest, form: ProfileForm) -> HttpResponse:
    person = form.save()
    if "keep_locations" in form.changed_data:
        follow = keep_places if person.keep_locations else forget_places
        follow(owner=person)
    if not person.keep_searches:
        forget_searches(owner=person)
    with override(person.language):
        messages.success(request, _("Your profile is saved."))
    response = redirect("gallery:profile")
    remember_language(response, person.language)
    return response


def set_language(request: HttpRequest) -> HttpResponseBase:
    """Django's view sets the cookie; for people who are signed in the choice is kept on their row as well."""
    response = i18n.set_language(request)
    language = request.POST.get("language")
    if request.method == "POST" and request.user.is_authenticated and language in dict(settings.LANGUAGES):
        User.objects.filter(pk=request.user.pk).update(language=language)
    return response
