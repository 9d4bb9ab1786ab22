"""How often one person, or one address of visitors, may ask for what costs something: settings.RATE_LIMITS.

A window slides: what was asked in the fixed window before counts by the share of it that is still within the
last `seconds`. So nobody gets twice as much at the edge of two windows, for two counters instead of a list.
"""

import ipaddress
import logging
import math
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import ngettext
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

IPV6_PREFIX = 64  # bits: what one household or server gets, and changes its address within
ROUNDING = 1e-5  # seconds
A_MINUTE = 60  # seconds; said of refusals that do not say it themselves, such as allauth's


class TooOften(Exception):
    """The limit is reached; one more is let through after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Again in {seconds} s")
        self.seconds = seconds

    @property
    def words(self) -> str:
        """For the reader, in their language."""
        if self.seconds <= 90:
            text = ngettext(
                "That was too often in a short time. Try again in %(count)d second.",
                "That was too often in a short time. Try again in %(count)d seconds.",
                self.seconds,
            )
            return text % {"count": self.seconds}
        minutes = math.ceil(self.seconds / 60)
        text = ngettext(
            "That was too often in a short time. Try again in %(count)d minute.",
            "That was too often in a short time. Try again in %(count)d minutes.",
            minutes,
        )
        return text % {"count": minutes}


@dataclass(frozen=True)
class Rate:
    """One of the limits in settings.RATE_LIMITS."""

    name: str

    def count(self, request: HttpRequest) -> None:
        """Counts this request. Raises TooOften, uncounted, above the limit."""
        try:
            self.count_asker(asker(request))
        except TooOften as error:
            request.retry_after = error.seconds  # type: ignore[attr-defined]  # for the middleware
            raise

    def count_asker(self, who: str) -> None:
        """The same of whoever asker_of() names.

        The counts live in the cache and may be lost: a limit that cannot be counted stops nobody.
        """
        limit = settings.RATE_LIMITS[self.name]
        if limit is None:
            return
        times, seconds = limit
        try:
            wait = wait_for(f"rate-{self.name}-{who}", times=times, seconds=seconds, now=time.time())
        except RedisError as error:
            _Outage.begins(error)
            return
        _Outage.is_over()
        if wait:
            raise TooOften(wait)


def wait_for(key: str, *, times: int, seconds: int, now: float) -> int:
    """Counts one if that is within the limit at `now`, in seconds since 1970, and returns 0; else the seconds
    until it will be. Raises RedisError."""
    number, elapsed = divmod(now, seconds)
    share = elapsed / seconds
    counter, before = f"{key}-{number:.0f}", f"{key}-{number - 1:.0f}"
    cache.add(counter, 0, 2 * seconds)
    try:
        current = cache.incr(counter)
    except ValueError:  # a full cache has dropped it between the two
        return 0
    previous = cache.get(before, 0)
    if previous * (1 - share) + current <= times:
        return 0
    cache.decr(counter)
    if current <= times:  # as soon as enough of the window before is left behind
        windows = 1 - (times - current) / previous - share
    else:  # and else of this one, in the next
        windows = 2 - (times - 1) / (current - 1) - share
    return max(1, math.ceil(windows * seconds - ROUNDING))


class _Outage:
    """Of the cache, logged once, and not by each request until it is back."""

    logged = False

    @classmethod
    def begins(cls, error: RedisError) -> None:
        if not cls.logged:
            logger.warning("The cache does not answer, so no limits are counted: %s", error)
        cls.logged = True

    @classmethod
    def is_over(cls) -> None:
        cls.logged = False


def asker(request: HttpRequest) -> str:
    """Who is asking, for counting."""
    return asker_of(request.user, request.META.get("REMOTE_ADDR", ""))


def asker_of(user: object, address: str) -> str:
    """The account of who is signed in, else the address: the proxy's word for it has been weighed by the
    server (TRUSTED_PROXIES), of IPv6 the network."""
    if getattr(user, "is_authenticated", False):
        return f"person-{user.pk}"  # type: ignore[attr-defined]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a unix socket
        return f"address-{address}"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return f"address-{parsed.ipv4_mapped}"
        return f"address-{ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False).network_address}"
    return f"address-{parsed}"


class TooOftenMiddleware(MiddlewareMixin):
    """429 as a page for views that say nothing themselves; and on every 429, when to come again.

    Where the cache is away, passwords and codes cannot be counted. allauth does not try them then, as they
    could be guessed without end, and people read why.
    """

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, RedisError) and _signs_in(request):
            _Outage.begins(error)
            response = render(request, "503.html", status=503)
            response["Retry-After"] = str(A_MINUTE)
            return response
        if not isinstance(error, TooOften):
            return None
        return render(request, "429.html", {"words": error.words}, status=429)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.status_code == 429:
            response.headers.setdefault("Retry-After", str(getattr(request, "retry_after", A_MINUTE)))
        return response


def _signs_in(request: HttpRequest) -> bool:
    match = request.resolver_match
    return bool(match and (match.view_name or "").startswith(("account_", "mfa_")))
