"""What is done on a page of the walk before it is looked at: a wrong form sent, a menu opened, and so on."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.chromium import wait_for
from tests.browser.scene import DEMO
from tests.processes import PASSWORD


def give_the_password(then: Callable[[Page], None] | None = None) -> Callable[[Page], None]:
    """Where it was given minutes ago, nobody is asked again."""

    def arrive(page: Page) -> None:
        if "/reauthenticate/" in page.url:
            page.locator("main [name=password]").fill(PASSWORD)
            page.locator("main form[method=post] button").click()
            page.wait_for_url(lambda url: "/reauthenticate/" not in url)
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


def make_a_time_lapse(page: Page) -> None:
    if page.locator("[data-film-state=done]").count() == 0:
        page.locator("[name=format]").select_option("gif")
        page.locator("form[method=post] button:not([name])").last.click()
        page.locator("[data-film-state=done]").wait_for()


def remix_what_was_not_made_here(page: Page) -> None:
    form = page.locator("form[action$='/remix/']")
    page.locator("details:has(form[action$='/remix/']) summary").click()
    form.locator("[name=file]").set_input_files(DEMO / "teapot.png")
    form.locator("button").click()
    page.wait_for_load_state()


def look_ahead_of_policy(page: Page) -> None:
    """In force, so high that it catches nothing: what it would do to the pictures that are here."""
    page.locator("[name=is_active]").check()
    page.locator("[name=threshold]").fill("19")
    page.locator("form:has([name=is_active]) button").first.click()
    page.locator("a[href$='/apply/']").click()
    page.wait_for_url("**/apply/")


def apply_policy(page: Page) -> None:
    """To all pictures; and waits for the queue to be through."""
    look_ahead_of_policy(page)
    page.locator("main .button--danger").click()
    wait_for(page, "() => document.querySelector('[data-sweep=done]')")


def open_a_cover(page: Page) -> None:
    """Of a picture that was reported, in the administration."""
    page.locator("details.cover summary").first.click()
    wait_for(page, "() => document.querySelector('details.cover[open] img').naturalWidth > 0")
