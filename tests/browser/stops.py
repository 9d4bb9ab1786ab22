"""Every page of the app and how to get there, for the accessibility test and the screenshots."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.arriving import (
    apply_policy,
    begin_change,
    cancel_change,
    choose_from_the_trash,
    choose_pictures,
    decide_nothing,
    delete_label_set,
    give_the_password,
    lay_out_the_map,
    look_ahead_of_policy,
    make_a_time_lapse,
    open_a_cover,
    open_label_set,
    open_menu,
    open_the_sheet,
    preview_several,
    remix_what_was_not_made_here,
    search_by_a_letter,
    search_by_a_picture,
    send_form,
    show_large,
    uncover_a_case,
    unfold_the_history,
    upload_files,
    wait_for_a_frame,
)
from tests.browser.scene import Scene
from tests.processes import PASSWORD

PHOTO = -2  # the one with all that a camera notes
Person = Literal["visitor", "alice", "admin", "dora"]  # Dora has a second factor


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


def passkey(rest: str) -> Callable[[Scene], str]:
    return lambda scene: f"/accounts/second-factor/passkeys/{scene.passkey()}/{rest}"


def job(state: str, rest: str = "") -> Callable[[Scene], str]:
    return lambda scene: f"/studio/{scene.jobs[state]}/{rest}"


def policy(rest: str = "") -> Callable[[Scene], str]:
    return lambda scene: f"/moderation/policies/{scene.policy}/{rest}"


def side_by_side(*names: str) -> Callable[[Scene], str]:
    return lambda scene: "/studio/side-by-side/?" + "&".join(f"job={scene.jobs[name]}" for name in names)


def which(*numbers: int, labels: str = "") -> Callable[[Scene], str]:
    def path(scene: Scene) -> str:
        chosen = "&".join(f"picture={scene.pictures[number]}" for number in numbers)
        return f"/which/?{chosen}" + (f"&labels={labels}" if labels else "")

    return path


def which_tags(labels: str) -> Callable[[Scene], str]:
    return lambda scene: which(0, 3, 4, 5, labels=labels)(scene).replace("/which/", "/which/tags/")


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
    Stop("time-lapse", job("done", "time-lapse/")),
    Stop("time-lapse-made", job("done", "time-lapse/"), arrive=make_a_time_lapse),
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
    Stop("sessions", at("/profile/sessions/")),
    Stop("second-factor", at("/accounts/second-factor/")),
    Stop("second-factor-set-up", at("/accounts/second-factor/totp/activate/"), arrive=give_the_password()),
    Stop(
        "second-factor-set-up-errors",
        at("/accounts/second-factor/totp/activate/"),
        arrive=give_the_password(send_form(code="12345")),
    ),
    Stop("passkeys-none", at("/accounts/second-factor/passkeys/")),
    Stop("passkey-add", at("/accounts/second-factor/passkeys/add/"), arrive=give_the_password()),
    Stop("passkeys", at("/accounts/second-factor/passkeys/"), "dora"),
    Stop("passkey-rename", passkey("rename/"), "dora", give_the_password()),
    Stop("passkey-remove", passkey("remove/"), "dora", give_the_password()),
    Stop("passkey-again", at("/accounts/second-factor/passkeys/reauthenticate/?next=/profile/data/"), "dora"),
    Stop("second-factor-on", at("/accounts/second-factor/"), "dora"),
    Stop(
        "second-factor-off",
        at("/accounts/second-factor/totp/deactivate/"),
        "dora",
        give_the_password(),
    ),
    Stop("recovery-codes", at("/accounts/second-factor/recovery-codes/"), "dora", give_the_password()),
    Stop(
        "recovery-codes-new",
        at("/accounts/second-factor/recovery-codes/generate/"),
        "dora",
        give_the_password(),
    ),
    Stop("code-again", at("/accounts/second-factor/reauthenticate/?next=/profile/data/"), "dora"),
    Stop("sign-in-code", at("/accounts/login/"), "visitor", send_form(login="dora", password=PASSWORD)),
    Stop("sign-out", at("/accounts/logout/")),
    Stop("forbidden", at("/status/")),
    Stop("status", at("/status/"), "admin"),
    Stop("models-change", at("/models/"), "admin", begin_change),
    Stop("search-model-change", at("/search/?q=a+red+heart")),
    Stop("models", at("/models/"), "admin", cancel_change),
    Stop("models-all", at("/models/all/"), "admin"),
    Stop("models-remove", at("/models/remove/drawings/"), "admin"),
    Stop("training", at("/training/"), "admin"),
    Stop("training-run", at("/training/drawings/"), "admin"),
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
    Stop("moderation-case", lambda scene: f"/moderation/cases/{scene.case}/", "admin"),
    Stop("moderation-blocks", at("/moderation/blocks/"), "admin"),
    Stop("moderation-blocks-errors", at("/moderation/blocks/"), "admin", send_form(distance="65")),
    Stop("moderation-policies", at("/moderation/policies/"), "admin"),
    Stop("moderation-policies-errors", at("/moderation/policies/"), "admin", send_form(name="x", texts=" ")),
    Stop("moderation-policy", policy(), "admin"),
    Stop("moderation-decisions", at("/moderation/decisions/"), "admin"),
    Stop("moderation-appeals", at("/moderation/appeals/"), "admin"),
    Stop("audit", at("/moderation/audit/"), "admin"),
    Stop("audit-errors", at("/moderation/audit/?action=bake"), "admin"),
    Stop("admin-audit", at("/admin/gallery/auditentry/"), "admin"),
    Stop("admin", at("/admin/"), "admin"),
    Stop("admin-people", at("/admin/gallery/user/"), "admin"),
    Stop("admin-pictures", at("/admin/gallery/image/"), "admin"),
    Stop("admin-picture", lambda scene: f"/admin/gallery/image/{scene.pictures[2]}/change/", "admin"),
    Stop("admin-cases", at("/admin/gallery/case/"), "admin", open_a_cover),
    Stop("admin-case", lambda scene: f"/admin/gallery/case/{scene.case}/change/", "admin"),
    Stop("admin-decisions", at("/admin/gallery/decision/"), "admin"),
    Stop("admin-policies", at("/admin/gallery/policy/"), "admin"),
    Stop("admin-jobs", at("/admin/generator/job/"), "admin"),
    Stop("moderation-policy-apply", policy(), "admin", look_ahead_of_policy),
    Stop("moderation-policy-applied", policy(), "admin", apply_policy),
    Stop("admin-job", lambda scene: f"/admin/generator/job/{scene.jobs['failed']}/change/", "admin"),
]
