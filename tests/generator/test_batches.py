"""Many pictures at once: prompts by line, one or two settings, as a contact sheet."""

import pytest
from django.urls import reverse

from generator import runner
from generator.batch_forms import SETTINGS
from generator.engine.settings import LIMITS, OPTIONS
from generator.models import Batch, Job

NEW = reverse("generator:batch-new")
INPUT = {"prompts": "a red heart\n\n  a green apple \n", "size": "128", "steps": "4", "seed": "5"}
GRID = {
    **INPUT,
    "prompts": "a red heart",
    "row_setting": "learning_rate",
    "row_values": "0.1 0,2",
    "column_setting": "seed",
    "column_values": "1 2 3",
}


@pytest.fixture
def alices(client, alice):
    client.force_login(alice)
    return client


def test_each_line_becomes_a_picture_with_the_same_seed(alices, alice):
    answer = alices.post(NEW, INPUT)
    batch = Batch.objects.get()
    assert answer.url == batch.get_absolute_url()
    made = batch.jobs.order_by("batch_row")
    assert [(job.prompt, job.seed, job.owner) for job in made] == [
        ("a red heart", 5, alice),
        ("a green apple", 5, alice),
    ]
    page = alices.get(answer.url).content.decode()
    assert page.index("a red heart") < page.index("a green apple")


def test_a_grid_has_a_picture_for_each_pair_of_values(alices):
    alices.post(NEW, GRID)
    batch = Batch.objects.get()
    made = batch.jobs.order_by("batch_row", "batch_column")
    assert [(job.options["learning_rate"], job.seed) for job in made] == [
        (rate, seed) for rate in (0.1, 0.2) for seed in (1, 2, 3)
    ]
    page = alices.get(batch.get_absolute_url()).content.decode()
    assert "Learning rate 0.2</th>" in page
    assert "Seed 3</th>" in page


def test_prompts_can_be_the_rows_and_a_setting_the_columns(alices):
    alices.post(NEW, {**INPUT, "column_setting": "steps", "column_values": "4; 8"})
    made = Job.objects.order_by("batch_row", "batch_column").values_list("prompt", "steps")
    assert list(made) == [(prompt, steps) for prompt in ("a red heart", "a green apple") for steps in (4, 8)]


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"prompts": ""}, "prompts", "Write what the picture should show."),
        ({"prompts": " \n "}, "prompts", "Write what the picture should show."),
        ({"prompts": "an owl\na red heart |"}, "prompts", "Line 2: Words are missing here."),
        ({"prompts": "an owl\n" + 501 * "x"}, "prompts", "Line 2: It has more than 500 characters."),
        ({"prompts": "an owl\na\x1bheart"}, "prompts", "Line 2: The prompt has control characters"),
        ({"row_setting": ""}, "column_setting", None),
        ({"row_setting": "", "column_setting": ""}, "prompts", "or choose what changes"),
        ({"prompts": "an owl\na heart"}, "row_setting", "Several prompts are the rows already."),
        ({"column_setting": "learning_rate", "column_values": "1"}, "column_setting", "change the same"),
        ({"row_values": ""}, "row_values", "Write the values, with spaces between."),
        ({"row_values": "0.1 0.1"}, "row_values", "A value stands there twice."),
        ({"row_values": "0.1 much"}, "row_values", "much is not a number from 0.0001 to 2"),
        ({"row_values": "nan"}, "row_values", "nan is not a number"),
        ({"row_values": "3"}, "row_values", "3 is not a number from 0.0001 to 2"),
        ({"column_values": "1.5"}, "column_values", "1.5 is not a number from 0 to"),
        ({"row_setting": "prompt"}, "row_setting", "not one of the available choices"),
        ({"steps": "0"}, "steps", "greater than or equal to 1"),
    ],
)
def test_bad_input_is_kept_explained_and_makes_no_job(alices, changes, field, message):
    answer = alices.post(NEW, {**GRID, **changes})
    if message is None:
        assert answer.status_code == 302, "one side alone is enough"
        return
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert message in answer.content.decode()
    assert not Job.objects.exists()
    assert not Batch.objects.exists()


def test_millions_are_refused_before_they_are_thought_of(alices):
    prompts, seeds = "\n".join("ab" for _ in range(6000)), " ".join(map(str, range(130)))
    answer = alices.post(NEW, {**INPUT, "prompts": prompts, "column_setting": "seed", "column_values": seeds})
    assert answer.status_code == 429


def test_over_the_limit_nothing_is_made_and_the_page_says_so(alices, settings):
    settings.JOBS_PER_PERSON = 5
    answer = alices.post(NEW, GRID)
    assert answer.status_code == 429
    assert "5 pictures in the making at a time" in answer.content.decode()
    assert not Job.objects.exists()
    assert not Batch.objects.exists()


@pytest.mark.parametrize("name", ["batch", "sheet"])
def test_a_contact_sheet_is_seen_by_its_owner_and_by_moderators_alone(client, alices, bob, admin, name):
    alices.post(NEW, GRID)
    address = reverse(f"generator:{name}", args=[Batch.objects.get().id])
    assert client.get(address).status_code == 200
    client.force_login(bob)
    assert client.get(address).status_code == 404
    client.force_login(admin)
    assert client.get(address).status_code == 200
    client.logout()
    assert client.get(address).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_the_sheet_fills_while_the_pictures_are_made(alices, tiny_models):
    alices.post(NEW, INPUT)
    batch = Batch.objects.get()
    runner.run_next(load_models=tiny_models)
    first, second = batch.jobs.order_by("batch_row").select_related("image")
    page = alices.get(batch.get_absolute_url()).content.decode()
    assert reverse("gallery:original", args=[first.image.id]) in page
    assert f'<td data-state="queued"><a class="sheet__cell" href="{second.get_absolute_url()}">' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    runner.run_next(load_models=tiny_models)
    assert "noscript><meta" not in alices.get(batch.get_absolute_url()).content.decode()
    assert batch.get_absolute_url() in alices.get(first.get_absolute_url()).content.decode()
    second.delete()
    assert alices.get(batch.get_absolute_url()).status_code == 200


def test_every_setting_that_can_change_is_a_number_of_the_engine():
    for setting in SETTINGS:
        assert setting in LIMITS
        assert setting in {"seed", "steps"} or isinstance(OPTIONS[setting], int | float)
