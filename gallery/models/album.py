import uuid

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from gallery.models.image import Image, ImageQuerySet
from gallery.models.people import User, is_moderator


class AlbumQuerySet(models.QuerySet["Album"]):
    def visible_to(self, user: User | AnonymousUser) -> "AlbumQuerySet":
        """The one visibility rule for albums: moderators see all, others their own and the public ones that
        no moderator has hidden.

        Which pictures of an album somebody sees is decided by Image.objects.visible_to() alone; a public
        album does not publish its pictures. An unlisted album is opened by its link: see opened_by().
        """
        if is_moderator(user):
            return self
        public = Q(visibility=Album.Visibility.PUBLIC, is_hidden=False)
        if not user.is_authenticated:
            return self.filter(public)
        return self.filter(public | Q(owner=user))

    def opened_by(self, token: str) -> "AlbumQuerySet":
        """The unlisted album whose secret link has this token: for everybody who has the link."""
        return self.filter(visibility=Album.Visibility.UNLISTED, token=token, is_hidden=False)


class Album(models.Model):
    """Pictures of one person, put together. A picture can be in several albums."""

    class Visibility(models.TextChoices):
        PRIVATE = "private", _("Private")
        UNLISTED = "unlisted", _("With a secret link")
        PUBLIC = "public", _("Public")

    class Order(models.TextChoices):
        MANUAL = "manual", _("As I arrange them")
        NEWEST = "newest", _("The newest first")
        OLDEST = "oldest", _("The oldest first")

    SORTING = {
        Order.MANUAL: ("album_entries__position", "album_entries__pk"),
        Order.NEWEST: ("-created_at", "-id"),
        Order.OLDEST: ("created_at", "id"),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="albums", verbose_name=_("owner")
    )
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    cover = models.ForeignKey(
        Image,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("cover"),
    )
    order = models.CharField(_("order"), max_length=10, choices=Order.choices, default=Order.MANUAL)
    visibility = models.CharField(
        _("visibility"), max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE
    )
    is_hidden = models.BooleanField(_("hidden by a moderator"), default=False, editable=False)
    token = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    pictures = models.ManyToManyField(Image, through="AlbumEntry", related_name="albums")

    objects = AlbumQuerySet.as_manager()

    class Meta:
        verbose_name = _("album")
        verbose_name_plural = _("albums")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="album_link_only_when_unlisted",
                condition=Q(visibility="unlisted", token__isnull=False)
                | (~Q(visibility="unlisted") & Q(token__isnull=True)),
            )
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="album_by_owner"),
            models.Index(fields=["visibility", "-created_at"], name="album_public"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("gallery:album", args=[self.id])

    def get_shared_url(self) -> str:
        """Where the secret link leads, as long as the album is unlisted."""
        return reverse("gallery:shared", args=[self.token])

    def sorted(self, pictures: ImageQuerySet) -> ImageQuerySet:
        """Those of `pictures` that are in the album, in its order."""
        inside = pictures.filter(album_entries__album=self)
        return inside.order_by(*self.SORTING[self.Order(self.order)])


class AlbumEntry(models.Model):
    """A picture's place in an album. Places grow in the order of the album, with gaps."""

    album = models.ForeignKey(Album, on_delete=models.CASCADE, related_name="entries")
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="album_entries")
    position = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("place in an album")
        verbose_name_plural = _("places in albums")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["album", "image"], name="one_place_per_album")]
        indexes = [models.Index(fields=["album", "position"], name="album_entry_by_position")]

    def __str__(self) -> str:
        return f"{self.album_id} {self.position}: {self.image_id}"
