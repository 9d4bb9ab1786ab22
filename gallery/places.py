"""Whether it is kept where pictures were taken: their owner's choice, for all of them or for one."""

from django.db import transaction

from gallery.models import Image, Place, User


def keep_places(*, owner: User) -> None:
    """From now on, and for the pictures that are there: the queue reads their originals again."""
    with transaction.atomic():
        User.objects.filter(pk=owner.pk).update(keep_locations=True)
        Image.objects.filter(owner=owner).update(keep_location=True)


def forget_places(*, owner: User) -> None:
    """From now on, and for the pictures that are there. Their originals stay as they are."""
    with transaction.atomic():
        User.objects.filter(pk=owner.pk).update(keep_locations=False)
        Image.objects.filter(owner=owner).update(keep_location=False)
        Place.objects.filter(image__owner=owner).delete()


def forget_place(*, image: Image) -> None:
    with transaction.atomic():
        Image.objects.filter(pk=image.pk).update(keep_location=False)
        Place.objects.filter(image=image).delete()
