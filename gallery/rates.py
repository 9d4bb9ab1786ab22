"""How often one person, or one address of visitors, may ask for what costs something."""

import logging
from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class TooOften(Exception):
    """The limit is reached; it counts anew after `seconds` at the latest."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Again in {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Rate:
    name: str
    times: int
    seconds: int

    def count(self, request: HttpRequest) -> None:
        """Counts this request. Raises TooOften above the limit.

        The counts live in the cache and may be lost: a limit that cannot be counted stops nobody.
        """
        key = f"rate-{self.name}-{asker(request)}"
        try:
            cache.add(key, 0, self.seconds)
            count = cache.incr(key)
        except ValueError:  # its time was over between the two
            return
        except RedisError as error:
            logger.warning("%s is not counted: %s", self.name, error)
            return
        if count > self.times:
            raise TooOften(self.seconds)


def asker(request: HttpRequest) -> str:
    """Who is asking, for counting."""
    if request.user.is_authenticated:
        return f"person-{request.user.pk}"
    return f"address-{request.META.get('REMOTE_ADDR', '')}"
