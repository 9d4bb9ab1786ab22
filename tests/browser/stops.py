"""Every page of the app and how to get there, for the accessibility test and the screenshots."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.chromium import wait_for
from tests.browser.scene import DEMO, Scene
from tests.processes import PASSWORD

PHOTO = -2  # the one with all that a camera notes
Person = Literal["visitor", "alice", "admin"]


@dataclass(frozen=True)
class Stop:
    name: str
    path: Callable[[Scene], str]
    person: Person = "alice"
    arrive: Callable[[Page], None] | None = None  # what to do there, for example send a wrong form


def context_for(browser: Browser, scene: Scene, person: Person, **options: Any) -> BrowserContext:
    """A window of this person's, signed in; without motion, so that nothing is caught halfway."""
    context = browser.new_context(base_url=scene.site.url, reduced_motion="reduce", **options)
    context.set_default_timeout(30_000)
    if person != "visitor":
        session = scene.people[person].cookies["sessionid"]
        context.add_cookies([{"name": "sessionid", "value": session, "url": scene.site.url}])
    return context


def at(path: str) -> Callable[[Scene], str]:
    return lambda scene: path


def picture(number: int, rest: str = "") -> Callable[[Scene], str]:
    return lambda scene: f"/pictures/{scene.pictures[number]}/{rest}"


def album(visibility: str, rest: str = "") -> Callable[[Scene], str]:
    return lambda scene: f"/albums/{scene.albums[visibility]}/{rest}"


def job(state: str) -> Callable[[Scene], str]:
    return lambda scene: f"/studio/{scene.jobs[state]}/"


def side_by_side(*names: str) -> Callable[[Scene], str]:
    return lambda scene: "/studio/side-by-side/?" + "&".join(f"job={scene.jobs[name]}" for name in names)


def which(*numbers: int, labels: str = "") -> Callable[[Scene], str]:
    def path(scene: Scene) -> str:
        chosen = "&".join(f"picture={scene.pictures[number]}" for number in numbers)
        return f"/which/?{chosen}" + (f"&labels={labels}" if labels else "")

    return path


def which_tags(labels: str) -> Callable[[Scene], str]:
    return lambda scene: which(0, 3, 4, 5, labels=labels)(scene).replace("/which/", "/which/tags/")


def give_the_password(then: Callable[[Page], None] | None = None) -> Callable[[Page], None]:
    """Where it was given minutes ago, nobody is asked again."""

    def arrive(page: Page) -> None:
        if "/reauthenticate/" in page.url:
            page.locator("main [name=password]").fill(PASSWORD)
            page.locator("main form[method=post] button").click()
            page.wait_for_url("**/profile/**")
        if then:
            then(page)

    return arrive


def send_form(**values: str) -> Callable[[Page], None]:
    """Fills in and sends the page's form past the browser's own checks, so that the server answers."""

    def arrive(page: Page) -> None:
        form = page.locator(f"main form[method=post]:has([name={next(iter(values))}])").last
        form.evaluate(
            """form => {
                form.noValidate = true;
                for (const field of form.elements) field.removeAttribute("maxlength");
            }"""
        )
        for name, value in values.items():
            form.locator(f"[name={name}]").fill(value)
        form.locator("button").first.click()
        page.wait_for_load_state()

    return arrive


def upload_files(page: Page) -> None:
    """One picture that the gallery has already, one file that is no picture, one that is empty."""
    page.locator("input[name=files]").set_input_files(
        [
            {"name": "owl.webp", "mimeType": "image/webp", "buffer": (DEMO / "owl.webp").read_bytes()},
            {"name": "letter.png", "mimeType": "image/png", "buffer": b"Dear picture,"},
            {"name": "nothing.jpg", "mimeType": "image/jpeg", "buffer": b""},
        ]
    )
    wait_for(page, "document.querySelectorAll('.upload-list .errorlist').length >= 3")


def search_by_a_picture(page: Page) -> None:
    page.locator("input[name=file]").set_input_files(DEMO / "yellow-cat.png")
    page.locator("[data-search-by-picture] button").evaluate("button => button.click()")
    page.wait_for_url("**/search/?q=given*")


def search_by_a_letter(page: Page) -> None:
    letter = {"name": "letter.png", "mimeType": "image/png", "buffer": b"Dear picture,"}
    page.locator("input[name=file]").set_input_files([letter])
    page.locator("[data-search-by-picture] button").evaluate("button => button.click()")
    page.wait_for_url("**/search/picture/")


def open_menu(page: Page) -> None:
    page.locator("header details.menu > summary").click()


def unfold_the_history(page: Page) -> None:
    page.locator("[data-history] summary").click()


def choose_pictures(page: Page) -> None:
    for number in range(3):
        page.locator("[data-selectable] input[name=picture]").nth(number).check()
    page.locator("[data-selection] summary").first.click()


def lay_out_the_map(page: Page) -> None:
    """Once; on later visits it is there. Then the picture in the middle is chosen."""
    if page.locator("[data-map-state=none]").count():
        page.locator("[data-map-state] form button").click()
    wait_for(page, "document.querySelector('canvas[data-loaded]')?.dataset.loaded > 0", seconds=120)


def choose_on_the_map(page: Page) -> None:
    lay_out_the_map(page)
    page.locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")


def show_large(page: Page) -> None:
    page.locator(".picture-card__frame:has(img)").first.click()
    page.locator("dialog[open] [data-do=inform]").click()
    page.locator("[data-details-of]").wait_for()


def open_the_sheet(page: Page) -> None:
    page.keyboard.press("?")
    page.locator("dialog[open] .keys").first.wait_for()


def choose_from_the_trash(page: Page) -> None:
    page.locator("input[name=picture]").first.check()
    page.get_by_role("button", name="Delete for good").or_(
        page.get_by_role("button", name="Radera för gott")
    ).click()
    page.wait_for_load_state()


def open_label_set(page: Page) -> None:
    page.locator("main .list h2 a").first.click()
    page.wait_for_load_state()


def delete_label_set(page: Page) -> None:
    page.locator("main .list .button--danger").first.click()
    page.wait_for_load_state()


def uncover_a_case(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("Space")
    page.locator("[data-cover][open]").wait_for()


def decide_nothing(page: Page) -> None:
    page.locator("[data-decide] button").first.click()
    page.locator("[role=alert]").wait_for()


def preview_several(page: Page) -> None:
    for box in page.locator("[data-choose]").all():
        box.check()
    page.locator("#several [value=hide]").check()
    page.locator("#several button").click()
    page.locator("[name=confirmed]").wait_for()


def begin_change(page: Page) -> None:
    """Of the model, unless it is under way."""
    if page.locator("[data-progress]").count() == 0:
        page.locator("form[action$='/begin/'] button").first.click()
    page.locator("[data-progress]").wait_for()


def cancel_change(page: Page) -> None:
    if page.locator("[data-progress]").count():
        page.locator("form[action$='/cancel/'] button").click()
    page.locator("[data-progress]").wait_for(state="detached")


def wait_for_a_frame(page: Page) -> None:
    page.locator(".live__frame :is(img, canvas)").wait_for()


def remix_what_was_not_made_here(page: Page) -> None:
    form = page.locator("form[action$='/remix/']")
    page.locator("details:has(form[action$='/remix/']) summary").click()
    form.locator("[name=file]").set_input_files(DEMO / "teapot.png")
    form.locator("button").click()
    page.wait_for_load_state()


STOPS = [
    Stop("home", at("/"), "visitor"),
    Stop("explore", at("/explore/"), "visitor"),
    Stop("search-signed-out", at("/search/?q=a+sailing+boat"), "visitor"),
    Stop("picture-signed-out", picture(0), "visitor"),
    Stop("sign-up", at("/accounts/signup/"), "visitor"),
    Stop(
        "sign-up-errors",
        at("/accounts/signup/"),
        "visitor",
        send_form(username="alice", email="nowhere", password1="12345", password2="54321"),
    ),
    Stop("sign-in", at("/accounts/login/"), "visitor"),
    Stop("sign-in-errors", at("/accounts/login/"), "visitor", send_form(login="alice", password="wrong")),
    Stop("password-reset", at("/accounts/password/reset/"), "visitor"),
    Stop(
        "password-reset-sent",
        at("/accounts/password/reset/"),
        "visitor",
        send_form(email="alice@example.org"),
    ),
    Stop("password-new", Scene.reset_link, "visitor"),
    Stop("password-link-broken", at("/accounts/password/reset/key/1-broken/"), "visitor"),
    Stop("email-link-broken", at("/accounts/confirm-email/broken/"), "visitor"),
    Stop("account-closed", at("/accounts/inactive/"), "visitor"),
    Stop("not-found", at("/no/such/page/"), "visitor"),
    Stop("gallery", at("/gallery/")),
    Stop("account-menu", at("/gallery/"), arrive=open_menu),
    Stop("gallery-selection", at("/gallery/"), arrive=choose_pictures),
    Stop("gallery-large", at("/gallery/"), arrive=show_large),
    Stop("shortcuts-sheet", at("/gallery/"), arrive=open_the_sheet),
    Stop("shortcuts", at("/shortcuts/"), "visitor"),
    Stop("favourites", at("/favourites/")),
    Stop("tags", at("/tags/")),
    Stop("tag", at("/tags/summer/")),
    Stop("albums", at("/albums/")),
    Stop("albums-public", at("/explore/albums/"), "visitor"),
    Stop("album", album("unlisted")),
    Stop("album-signed-out", album("public"), "visitor"),
    Stop("album-new-errors", at("/albums/new/"), arrive=send_form(title="")),
    Stop("album-edit", album("public", "edit/")),
    Stop("album-arrange", album("public", "arrange/")),
    Stop("album-delete", album("public", "delete/")),
    Stop("album-link-revoke", album("unlisted", "link/revoke/")),
    Stop("shared", lambda scene: scene.link, "visitor"),
    Stop("shared-picture", lambda scene: f"{scene.link}{scene.pictures[0]}/", "visitor"),
    Stop("map-empty", at("/map/"), "admin"),
    Stop("map", at("/map/"), arrive=lay_out_the_map),
    Stop("map-region", at("/map/regions/1/")),
    Stop("trash", at("/trash/")),
    Stop("trash-delete", at("/trash/"), arrive=choose_from_the_trash),
    Stop("upload", at("/upload/")),
    Stop("upload-refused", at("/upload/"), arrive=upload_files),
    Stop("picture", picture(0)),
    Stop("picture-failed", picture(1)),
    Stop("picture-hidden", picture(2)),
    Stop("picture-photo", picture(PHOTO)),
    Stop("picture-long-title", picture(-1)),
    Stop("picture-long-title-delete", picture(-1, "delete/")),
    Stop("picture-history", picture(0), arrive=unfold_the_history),
    Stop("picture-edit", picture(0, "edit/")),
    Stop("picture-edit-errors", picture(0, "edit/"), arrive=send_form(title="x" * 201)),
    Stop("picture-delete", picture(0, "delete/")),
    Stop("search", at("/search/?q=a+red+heart")),
    Stop("search-empty", at("/search/")),
    Stop("search-filtered", at("/search/?q=a+red+heart&owner=mine&orientation=square&sort=date")),
    Stop("search-filter-errors", at("/search/?q=heart&colour=infrared&since=2026-02-01&until=2026-01-01")),
    Stop("search-nothing-left", at("/search/?q=heart&colour=turquoise&size=large")),
    Stop("search-nothing-matches", at("/search/?q=parliamentary+budget+negotiations")),
    Stop("search-refused", at("/search/?q=" + 501 * "x")),
    Stop("search-mix", lambda scene: f"/search/?q=2*picture:{scene.pictures[0]}+%2B+heart&owner=mine"),
    Stop("search-by-picture", at("/search/"), "visitor", search_by_a_picture),
    Stop("search-by-picture-refused", at("/search/"), arrive=search_by_a_letter),
    Stop("searches", at("/searches/")),
    Stop("search-rename", lambda scene: f"/searches/{scene.saved_search()}/rename/"),
    Stop(
        "search-rename-errors",
        lambda scene: f"/searches/{scene.saved_search()}/rename/",
        arrive=send_form(name=""),
    ),
    Stop("search-delete", lambda scene: f"/searches/{scene.saved_search()}/delete/"),
    Stop("searches-clear", at("/searches/recent/clear/")),
    Stop("similar", picture(0, "similar/")),
    Stop("duplicates", at("/duplicates/")),
    Stop(
        "duplicates-delete",
        lambda scene: f"/duplicates/{scene.group()}/keep/{scene.pictures[PHOTO]}/",
    ),
    Stop("which-empty", at("/which/")),
    Stop("which-ask", which(0, 3, 4)),
    Stop("which-one", which(4, labels="a+red+heart%0Aan+owl%0Aa+sailing+boat")),
    Stop("which-many", which(0, 3, 4, 5, labels="a+red+heart%0Aan+owl%0Aa+sailing+boat%0Aa+sunflower")),
    Stop(
        "which-none",
        which(0, 3, 4, 5, labels="a+tractor%0Aa+red+heart%0Aan+owl&none=on&view=bars"),
    ),
    Stop("which-album", lambda scene: f"/which/?album={scene.albums['public']}&set=things&none=on"),
    Stop("which-search", at("/which/?q=a+bird&owner=mine")),
    Stop("which-refused", at("/which/?q=red+-&labels=red,blue")),
    Stop("which-tags", which_tags("a+red+heart%0Aan+owl%0Aa+sunflower&none=on&threshold=60")),
    Stop("which-tags-errors", which_tags("red,blue&threshold=500")),
    Stop("which-tags-written", at("/which/tags/written/")),
    Stop("label-sets", at("/which/sets/")),
    Stop("label-set-new-errors", at("/which/sets/new/"), arrive=send_form(name="", labels="one")),
    Stop("label-set-edit", at("/which/sets/"), arrive=open_label_set),
    Stop("label-set-delete", at("/which/sets/"), arrive=delete_label_set),
    Stop("which-errors", which(0, labels="only+one&sentence=no+slot")),
    Stop("studio", at("/studio/")),
    Stop("studio-errors", at("/studio/"), arrive=send_form(prompt="", steps="0")),
    Stop("studio-remix-errors", at("/studio/"), arrive=remix_what_was_not_made_here),
    Stop("compare", lambda scene: f"/studio/compare/{scene.jobs['done']}/{scene.jobs['remixed']}/"),
    Stop("job-running", job("running"), arrive=wait_for_a_frame),
    Stop("job-queued", job("queued")),
    Stop("job-paused", job("paused")),
    Stop("job-done", job("done")),
    Stop("job-failed", job("failed")),
    Stop("job-cancelled", job("cancelled")),
    Stop("batch-new-errors", at("/studio/batches/new/"), arrive=send_form(prompts="an owl", steps="0")),
    Stop("batch", lambda scene: f"/studio/batches/{scene.batch}/"),
    Stop("side-by-side", side_by_side("done", "strokes", "running", "queued", "failed")),
    Stop("profile", at("/profile/")),
    Stop("profile-errors", at("/profile/"), arrive=send_form(display_name="x" * 81)),
    Stop("password-again", at("/accounts/reauthenticate/?next=/profile/data/")),
    Stop("take-out", at("/profile/data/"), arrive=give_the_password()),
    Stop("leave", at("/profile/leave/"), arrive=give_the_password()),
    Stop("leave-errors", at("/profile/leave/"), arrive=give_the_password(send_form(username="somebody"))),
    Stop("password-change", at("/accounts/password/change/")),
    Stop("email-addresses", at("/accounts/email/")),
    Stop("sign-out", at("/accounts/logout/")),
    Stop("forbidden", at("/status/")),
    Stop("status", at("/status/"), "admin"),
    Stop("models-change", at("/models/"), "admin", begin_change),
    Stop("search-model-change", at("/search/?q=a+red+heart")),
    Stop("models", at("/models/"), "admin", cancel_change),
    Stop("failures", at("/models/failures/"), "admin"),
    Stop("failures-pictures", at("/models/failures/?of=pictures"), "admin"),
    Stop("failures-none", at("/models/failures/?state=waiting"), "admin"),
    Stop("picture-moderate", picture(2), "admin"),
    Stop("picture-moderate-delete", picture(2, "delete/"), "admin"),
    Stop("report", lambda scene: f"/report/image/{scene.reported[4]}/"),
    Stop("report-errors", lambda scene: f"/report/image/{scene.reported[4]}/", arrive=send_form(note="x")),
    Stop("reports", at("/reports/")),
    Stop("picture-covered", lambda scene: f"/pictures/{scene.reported[3]}/"),
    Stop("suspended", at("/accounts/login/"), "visitor", send_form(login="carol", password=PASSWORD)),
    Stop("moderation", at("/moderation/"), "admin", uncover_a_case),
    Stop("moderation-errors", at("/moderation/"), "admin", decide_nothing),
    Stop("moderation-several", at("/moderation/"), "admin", preview_several),
    Stop("moderation-decisions", at("/moderation/decisions/"), "admin"),
    Stop("moderation-appeals", at("/moderation/appeals/"), "admin"),
    Stop("audit", at("/moderation/audit/"), "admin"),
    Stop("audit-errors", at("/moderation/audit/?action=bake"), "admin"),
    Stop("admin-audit", at("/admin/gallery/auditentry/"), "admin"),
    Stop("admin", at("/admin/"), "admin"),
    Stop("admin-people", at("/admin/gallery/user/"), "admin"),
    Stop("admin-pictures", at("/admin/gallery/image/"), "admin"),
    Stop("admin-picture", lambda scene: f"/admin/gallery/image/{scene.pictures[2]}/change/", "admin"),
    Stop("admin-jobs", at("/admin/generator/job/"), "admin"),
    Stop("admin-job", lambda scene: f"/admin/generator/job/{scene.jobs['failed']}/change/", "admin"),
]
