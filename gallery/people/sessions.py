"""Where a person is signed in, and how that is ended from elsewhere.

allauth notes a session when somebody signs in; when it was last used is noted here, at most every few
minutes, because each note is a write to the database.
"""

import hashlib
import logging
import re
import time
from collections.abc import Iterable

from allauth.usersessions.models import UserSession
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from gallery import live
from gallery.models import User

logger = logging.getLogger(__name__)

SEEN_EVERY = 10 * 60  # seconds
SEEN_KEY = "seen_at"  # in the session
# The first that fits: most browsers name those that they are like as well.
BROWSERS = (
    ("Edg(?:e|A|iOS)?/", "Edge"),
    ("OPR/|Opera", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/|FxiOS/", "Firefox"),
    ("Chrome/|CriOS/|Chromium/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh|Mac OS X", "macOS"),
    ("Linux|X11", "Linux"),
)


class SeenMiddleware(MiddlewareMixin):
    def process_view(self, request: HttpRequest, *args: object) -> HttpResponseBase | None:
        """Pages alone count: of their pictures, many are asked for at once."""
        is_page = request.headers.get("Sec-Fetch-Dest", "document") == "document"
        if is_page and request.META.get("REMOTE_ADDR") and request.user.is_authenticated:
            note_seen(request)
        return None


def note_seen(request: HttpRequest) -> None:
    now = int(time.time())
    if now - request.session.get(SEEN_KEY, 0) >= SEEN_EVERY:
        request.session[SEEN_KEY] = now
        UserSession.objects.create_from_request(request)


def sessions_of(user: User) -> list[UserSession]:
    """Those that still open something, the last used one first."""
    found = UserSession.objects.purge_and_list(user)
    return sorted(found, key=lambda session: session.last_seen_at, reverse=True)


def end_sessions(sessions: Iterable[UserSession]) -> int:
    """Signs out there at once, and closes the live pages. Returns how many."""
    ended = 0
    for session in sessions:
        session.end()
        ended += 1
        try:
            live.tick(group_of(session.session_key), {"type": "session.ended"})
        except live.CONNECTION_ERRORS as error:
            logger.warning("Live pages of an ended session close at their next look: %s", error)
    return ended


def group_of(session_key: str) -> str:
    """The channel layer's group of one session's sockets. Nobody who reads its name can use the session."""
    return f"session.{hashlib.sha256(session_key.encode()).hexdigest()[:32]}"


def device_of(user_agent: str) -> str:
    """In words, as far as a browser says what it is: “Firefox, Linux”."""
    named = (_first(BROWSERS, user_agent), _first(SYSTEMS, user_agent))
    return ", ".join(filter(None, named)) or _("Unknown browser")


def _first(patterns: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for pattern, name in patterns if re.search(pattern, user_agent)), "")
