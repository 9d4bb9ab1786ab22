"""How a picture of the gallery was made, for its page: the gallery knows nothing of the studio."""

from django import template
from django.contrib.auth.models import AnonymousUser

from gallery.models import Image, User
from generator.models import Job

register = template.Library()


@register.simple_tag
def job_of(image: Image, user: User | AnonymousUser) -> Job | None:
    """The newest job that made this picture, if `user` sees it."""
    made = Job.objects.visible_to(user).filter(image=image, state=Job.State.DONE)
    return made.order_by("-created_at").first()
