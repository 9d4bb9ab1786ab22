"""Prompts that a policy forbids, by a word or by what they mean, are refused with the reason, and what stands
in the form is not lost."""

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from gallery.models import AuditEntry, Background, Policy, words_of
from gallery.moderation import policies, prompts
from gallery.moderation.prompts import PromptRefused, check_prompts
from gallery.moderation.roles import Role, set_role
from generator import continuing, jobs
from generator.models import Batch, Job
from tests.gallery.colour_model import MODEL_ID, direction
from tests.generator.wishes import WISH
from tests.moderation.test_checks import log_says_what_is_there

STUDIO = reverse("generator:studio")
FIELDS = {
    "name": "house rules",
    "texts": "",
    "threshold": 3.0,
    "result": "hold",
    "words": "",
    "prompt_threshold": None,
    "is_active": True,
}

pytestmark = pytest.mark.usefixtures("colour_background")


@pytest.fixture
def captions(db) -> Background:
    """What the model of colours makes of unrelated captions: those of mixed colours."""
    rows = np.stack([direction(colour) for colour in np.random.default_rng(5).uniform(0, 1, (60, 3))])
    now = timezone.now()
    return Background.objects.create(
        model_id=words_of(MODEL_ID),
        vectors=rows.astype("<f4").tobytes(),
        dim=4,
        spread=0.1,
        line=1.0,
        near=1.0,
        asked_at=now,
        measured_at=now,
    )


def written(by, **fields) -> Policy:
    return policies.save_policy(by=by, fields=FIELDS | fields)


def ask(client, prompt, **fields):
    return client.post(STUDIO, {"prompt": prompt, "size": "128", "steps": "4", **fields})


# Words


@pytest.mark.parametrize(
    ("line", "prompt"),
    [
        ("gun", "a Gun on a table"),
        ("gun", "red | a GUN:0.5"),
        ("gun", "a seed ^ a gun"),
        ("weapon*", "two weapons"),
        ("machine gun", "a machine-gun"),
        ("machine gun", "a machine   gun"),
        ("gun", "a ｇｕｎ"),
        ("gun", "a g\u200bun"),
        ("ÖRFIL", "en örfil"),
        ("straße", "a STRASSE"),
    ],
)
def test_a_word_of_the_list_is_found_however_it_is_written(mona, line, prompt):
    policy = written(mona, words=line)
    with pytest.raises(PromptRefused, match="house rules") as refused:
        jobs.check(owner=mona, wishes=[jobs.Wish(**{**WISH, "prompt": prompt})])
    assert (refused.value.code, refused.value.policy) == ("prompt", policy)


@pytest.mark.parametrize(
    ("line", "prompt"),
    [
        ("gun", "a gunwale"),
        ("weapon", "weapons"),
        ("machine gun", "gun machine"),
        ("gun", "a house | gun:-1"),
    ],
)
def test_other_words_and_what_a_prompt_leads_away_from_pass(mona, line, prompt):
    written(mona, words=line)
    assert jobs.check(owner=mona, wishes=[jobs.Wish(**{**WISH, "prompt": prompt})])


def test_parts_of_the_picture_are_checked_as_well(mona):
    written(mona, words="gun")
    wish = jobs.Wish(**{**WISH, "options": {"inside": "a gun"}})
    with pytest.raises(PromptRefused):
        jobs.check(owner=mona, wishes=[wish])


def test_a_policy_that_is_not_in_force_lets_everything_pass(mona):
    written(mona, words="gun", is_active=False)
    check_prompts(["a gun"])


# Meaning


def test_a_prompt_that_means_what_a_policy_describes_is_refused_and_others_are_not(mona, captions, encoder):
    written(mona, texts="red\nred wall", prompt_threshold=2.0)
    with pytest.raises(PromptRefused, match="“red car”"):
        check_prompts(["blue car", "red car"])
    check_prompts(["blue car", "green", "white"])


def test_without_the_model_words_are_found_and_the_rest_waits(mona, captions, encoder, monkeypatch):
    written(mona, texts="red", prompt_threshold=2.0, words="gun")

    def away(*args, **kwargs):
        raise prompts.encoder_client.EncoderUnavailable("away")

    monkeypatch.setattr(prompts.encoder_client, "encode_texts", away)
    with pytest.raises(PromptRefused):
        check_prompts(["a gun"])
    with pytest.raises(ValidationError) as refused:
        check_prompts(["blue"])
    assert refused.value.code == "unchecked"


def test_of_another_model_a_policy_compares_nothing(mona, captions, encoder):
    policy = written(mona, texts="red", prompt_threshold=2.0)
    Policy.objects.filter(pk=policy.pk).update(model_id="other")
    check_prompts(["red"])


def test_pictures_are_not_held_up_by_a_policy_of_words_alone(mona):
    from gallery.moderation.checks import has_late_checks

    written(mona, words="gun")
    assert not has_late_checks()


# In the studio


def test_the_studio_says_why_keeps_the_form_and_notes_it_once(client, alice, mona):
    policy = written(mona, words="gun")
    client.force_login(alice)
    for _ in range(2):
        answer = ask(client, "a red gun", seed="77")
        page = answer.content.decode()
        assert answer.status_code == 403
        assert "Nothing is made from “gun” here, by the rule “house rules”." in page
        assert "a red gun" in page
        assert 'value="77"' in page
    assert not Job.objects.exists()
    entry = AuditEntry.objects.get(action="refuse")
    assert (entry.actor, entry.kind, entry.key) == (alice, "setting", str(policy.pk))
    assert entry.words == "house rules: “a red gun”"
    assert log_says_what_is_there()
    assert ask(client, "a red heart").status_code == 302


def test_while_it_cannot_be_checked_the_form_says_so_with_503(
    client, alice, mona, captions, encoder, monkeypatch
):
    written(mona, texts="red", prompt_threshold=2.0)

    def silent(*args, **kwargs):
        raise prompts.encoder_client.EncoderFailed("silent")

    monkeypatch.setattr(prompts.encoder_client, "encode_texts", silent)
    client.force_login(alice)
    answer = ask(client, "blue")
    assert answer.status_code == 503
    assert "what checks them is not ready" in answer.content.decode()


def test_a_batch_is_refused_as_a_whole_and_the_refusal_stays_in_the_log(client, alice, mona):
    written(mona, words="gun")
    client.force_login(alice)
    answer = client.post(
        reverse("generator:batch-new"),
        {"prompts": "a heart\na gun", "size": "128", "steps": "4", "seed": "5"},
    )
    assert answer.status_code == 403, answer.content.decode()
    assert not Batch.objects.exists()
    assert not Job.objects.exists()
    assert AuditEntry.objects.filter(action="refuse", actor=alice).count() == 1


def test_what_was_begun_before_the_policy_is_not_continued(alice, mona):
    (job,) = jobs.submit(owner=alice, wishes=[jobs.Wish(**{**WISH, "prompt": "a gun"})])
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE)
    job.refresh_from_db()
    written(mona, words="gun")
    with pytest.raises(PromptRefused):
        continuing.continue_job(job=job, steps=5)


# Writing them


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Write at least one description, or a word"),
        ({"words": "gun\n***"}, "has no letters or digits"),
        ({"words": "gun", "prompt_threshold": "4"}, "to compare prompts with"),
        ({"texts": "red", "prompt_threshold": "inf"}, "Enter a number."),
        ({"texts": "red", "prompt_threshold": "99"}, "less than or equal to 20"),
    ],
)
def test_a_policy_that_could_refuse_nothing_is_not_saved(client, mona, encoder, fields, said):
    client.force_login(set_role(user=mona, role=Role.ADMIN, by=None))
    form = {**FIELDS, "is_active": "on", "prompt_threshold": "", **fields}
    answer = client.post(reverse("gallery:policies"), form)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Policy.objects.exists()


def test_a_policy_of_words_alone_is_written_on_its_page(client, mona):
    client.force_login(set_role(user=mona, role=Role.ADMIN, by=None))
    form = {**FIELDS, "is_active": "on", "prompt_threshold": "", "words": " gun \n\nmachine  gun\ngun"}
    assert client.post(reverse("gallery:policies"), form).status_code == 302
    policy = Policy.objects.get()
    assert (policy.words, policy.model_id) == ("gun\nmachine gun", "")
    page = client.get(reverse("gallery:policy", args=[policy.pk])).content.decode()
    assert "one of 2 lines" in page
    assert "What it would catch" not in page
    assert "Idle" not in page
    assert log_says_what_is_there()
