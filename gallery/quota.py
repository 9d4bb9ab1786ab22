"""How much room a person's originals may take, counted from the rows each time.

Derivatives do not count: they are this site's own doing.
"""

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from gallery.models import Image, User

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Quota:
    used: int  # bytes
    limit: int  # bytes; 0: none

    @property
    def available(self) -> int:
        return max(0, self.limit - self.used)

    def has_room_for(self, size: int) -> bool:
        return not self.limit or self.used + size <= self.limit


def quota_of(owner: User) -> Quota:
    """The person's own limit, or the site's."""
    own = owner.quota_megabytes
    limit = settings.QUOTA_BYTES if own is None else own * MEGABYTE
    used = Image.objects.filter(owner=owner).aggregate(total=Sum("byte_size"))["total"]
    return Quota(used=used or 0, limit=limit)


def check_quota(*, owner: User, size: int) -> None:
    """Whether a file of `size` bytes may come in; asked before any of it is sent where that is known.

    Raises ValidationError with the code `quota`.
    """
    quota = quota_of(owner)
    if not quota.has_room_for(size):
        raise ValidationError(
            _(
                "There is no room for this file: it has %(size)s, and of your %(limit)s you have "
                "%(available)s left. Delete pictures that you do not need, or ask whoever runs this site "
                "for more."
            ),
            code="quota",
            params={
                "size": filesizeformat(size),
                "limit": filesizeformat(quota.limit),
                "available": filesizeformat(quota.available),
            },
        )


def check_not_full(*, owner: User) -> None:
    """Whether there is room for a picture that is still to be made. Raises ValidationError, as above."""
    quota = quota_of(owner)
    if quota.limit and not quota.available:
        raise ValidationError(
            _(
                "Your pictures take all of your %(limit)s. Delete some that you do not need, or ask whoever "
                "runs this site for more."
            ),
            code="quota",
            params={"limit": filesizeformat(quota.limit)},
        )
