import uuid

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from gallery.models import Image, User
from generator.engine.prompts import PromptError, Scene, parse_prompt, plain_text
from generator.engine.settings import LIMITS, MAX_PROMPT_CHARACTERS


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User | AnonymousUser) -> "JobQuerySet":
        """The one visibility rule for jobs, their frames and sockets: the owner, and moderators."""
        if not user.is_authenticated:
            return self.none()
        if user.is_active and user.is_staff:
            return self
        return self.filter(owner=user)

    def unfinished(self) -> "JobQuerySet":
        return self.filter(state__in=[Job.State.QUEUED, *Job.HELD])

    def waiting(self) -> "JobQuerySet":
        """For a run to take them up, be it only to stop them with what there is."""
        return self.filter(Q(state=Job.State.QUEUED) | Q(state=Job.State.STOPPING, claim=None))

    def running(self) -> "JobQuerySet":
        return self.filter(state__in=Job.HELD)

    def ended(self) -> "JobQuerySet":
        return self.filter(state__in=[Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED])


class Job(models.Model):
    """A picture to be made from a prompt. Every change of state is one conditional update (see jobs.py)."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Being made")
        STOPPING = "stopping", _("Being stopped")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    HELD = (State.RUNNING, State.STOPPING)  # what a run holds, or held before it fell silent

    class Failure(models.TextChoices):
        """Why a job failed, as the person who asked for the picture is told; `error` has the details."""

        MODELS = "models", _("The models that make pictures could not be loaded. An administrator can help.")
        SETTINGS = "settings", _("These settings do not fit the model that makes pictures.")
        PICTURE = (
            "picture",
            _("A picture that this was to be made from is gone, or you may no longer see it."),
        )
        ENGINE = "engine", _("Something went wrong while the picture was being made.")
        STORAGE = "storage", _("The finished picture could not be stored.")
        ATTEMPTS = "attempts", _("The making was interrupted several times in a row, so it was given up.")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs", verbose_name=_("owner")
    )
    prompt = models.CharField(_("prompt"), max_length=MAX_PROMPT_CHARACTERS)
    seed = models.PositiveBigIntegerField(
        _("seed"), validators=[MinValueValidator(LIMITS["seed"][0]), MaxValueValidator(LIMITS["seed"][1])]
    )
    steps = models.PositiveIntegerField(_("steps"))
    width = models.PositiveIntegerField(_("width"))  # pixels
    height = models.PositiveIntegerField(_("height"))
    options = models.JSONField(
        _("options"), default=dict, blank=True
    )  # of the engine, where not its defaults
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.QUEUED)
    failure = models.CharField(_("reason"), max_length=10, choices=Failure.choices, blank=True)
    error = models.CharField(_("details"), max_length=300, blank=True)
    step = models.PositiveIntegerField(_("step"), default=0)  # the newest finished step
    loss = models.FloatField(_("loss"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)  # runs since it last got further
    claim = models.UUIDField(null=True, blank=True, editable=False)  # the run that holds the job
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    checkpoint = models.CharField(max_length=200, blank=True)  # name in the default storage
    checkpoint_step = models.PositiveIntegerField(default=0)
    # Jobs may share a picture: the same words and seed give the same bytes, of which a person keeps one copy.
    image = models.ForeignKey(
        Image,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="jobs",
        verbose_name=_("picture"),
    )
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    enqueued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="job_by_owner"),
            models.Index(fields=["state", "heartbeat_at"], name="job_unfinished"),
        ]

    def __str__(self) -> str:
        return self.prompt

    def get_absolute_url(self) -> str:
        return reverse("generator:job", args=[self.id])

    @property
    def picture(self) -> Image | None:
        """The finished picture: None before, and when it was deleted since, be it only to the trash."""
        return self.image if self.image and self.image.trashed_at is None else None

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """How the engine reads the prompt; nothing where that says no more than its words do."""
        try:
            return parse_prompt(self.prompt) if plain_text(self.prompt) != self.prompt else ()
        except PromptError:  # asked for before prompts had a notation
            return ()

    @property
    def is_finished(self) -> bool:
        return self.state in {Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED}
