import re
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gallery.models.people import User
from gallery.models.query_picture import QueryPicture


class SearchQuerySet(models.QuerySet):
    def of(self, user: User) -> Self:
        """What somebody searches for is theirs alone; not even moderators see it."""
        return self.filter(owner=user)


class KeptSearch(models.Model):
    """A search as the parameters of its address, in the order of Question.parameters()."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    query = models.TextField(_("search"))

    objects = SearchQuerySet.as_manager()

    class Meta:
        abstract = True

    def get_absolute_url(self) -> str:
        return f"{reverse('gallery:search')}?{self.query}"

    @property
    def words(self) -> str:
        """What stands in the box; "" for a search by filters alone, and where it holds the id of a picture,
        which tells nobody anything."""
        text = QueryDict(self.query).get("q", "")
        return "" if re.search(r"\b(picture|given):\S", text, re.IGNORECASE) else text


class SavedSearch(KeptSearch):
    """A search that a person gave a name. The pictures in it that are not stored stay known as long as it."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="saved_searches",
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=80)
    given = models.ManyToManyField(QueryPicture, related_name="saved_searches")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("saved search")
        verbose_name_plural = _("saved searches")
        ordering = [Lower("name"), "id"]
        constraints = [models.UniqueConstraint("owner", Lower("name"), name="one_saved_search_per_name")]

    def __str__(self) -> str:
        return self.name


class RecentSearch(KeptSearch):
    """One of the searches that a person asked for last, once each."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="recent_searches",
        verbose_name=_("owner"),
    )
    digest = models.CharField(max_length=64)  # SHA-256 of the query, which is too long for an index
    searched_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("recent search")
        verbose_name_plural = _("recent searches")
        ordering = ["-searched_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["owner", "digest"], name="one_recent_search_each")]
        indexes = [models.Index(fields=["owner", "-searched_at"], name="recent_by_owner")]

    def __str__(self) -> str:
        return self.query
