"""The page of one's sessions."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from gallery.people.sessions import device_of, end_sessions, note_seen, sessions_of
from gallery.views.people import signed_in


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """Where the person is signed in. A POST of `others` ends all but this one, of `session` that one."""
    user = signed_in(request)
    note_seen(request)
    found = sessions_of(user)
    if request.method != "POST":
        rows = [
            (session, device_of(session.user_agent), session.session_key == request.session.session_key)
            for session in found
        ]
        return render(request, "gallery/sessions.html", {"sessions": rows})
    others = [session for session in found if session.session_key != request.session.session_key]
    if "others" in request.POST:
        ended = end_sessions(others)
        text = ngettext("%(count)d session was ended.", "%(count)d sessions were ended.", ended)
        messages.success(request, text % {"count": ended})
    elif not request.POST.get("session", "").isdecimal():
        raise BadRequest("Neither others nor one session.")
    else:
        chosen = [session for session in others if str(session.pk) == request.POST["session"]]
        if not chosen:
            raise Http404  # of somebody else, ended meanwhile, or this one, which signing out ends
        end_sessions(chosen)
        messages.success(request, _("The session was ended."))
    return redirect("gallery:sessions")
