"""A signed address for somebody who may not sign in: it opens the page that says why, for an hour."""

from django.core import signing

from gallery.models import User

SALT = "suspended"
SECONDS = 3600


def pass_for(user: User) -> str:
    return signing.dumps(user.pk, salt=SALT)


def holder_of(token: str) -> User | None:
    """None if the pass is forged or too old, or its holder is gone."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return None
    return User.objects.filter(pk=pk, is_active=True).first()
