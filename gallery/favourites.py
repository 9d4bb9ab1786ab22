"""Pictures that a person marks to find them again."""

from django.contrib.auth.models import AnonymousUser

from gallery.models import Favourite, Image, ImageQuerySet, User


def add_favourite(*, user: User, image: Image) -> Image:
    """Doing it again changes nothing. Whether `user` may see the picture is asked by the caller."""
    Favourite.objects.get_or_create(user=user, image=image)
    return image


def remove_favourite(*, user: User, image: Image) -> Image:
    Favourite.objects.filter(user=user, image=image).delete()
    return image


def is_favourite(*, user: User | AnonymousUser, image: Image) -> bool:
    return user.is_authenticated and Favourite.objects.filter(user=user, image=image).exists()


def favourites_of(user: User) -> ImageQuerySet:
    """The newest mark first. What its owner took back from the public is not shown until it returns."""
    visible = Image.objects.visible_to(user).filter(favourites__user=user)
    return visible.order_by("-favourites__created_at", "-pk")
