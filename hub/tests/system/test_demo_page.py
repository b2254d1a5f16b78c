"""The demo as a first-time user meets it: `manage.py up`, then the live page in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

from hub.tests.system.processes import ROOT, HubProcess
from hub.tests.system.waiting import loaded, wait_for
from simulators.pseudo_terminal import PseudoTerminal
from simulators.servers.ports import free_port

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DEVICES = ("Laboratory scale", "33B1225950028", "esp32-kitchen", "esp32-cellar", "esp32-greenhouse")
PATIENCE_MS = 30_000


class Demo:
    """The running demo: where it is, and who may log in."""

    def __init__(self, process: HubProcess, data: Path) -> None:
        self.process = process
        self.data = data
        self.address, self.password = wait_for(self._welcome, within_s=loaded(60), what="the address and the login")

    def _welcome(self) -> tuple[str, ...]:
        said = self.process.said()
        assert self.process.is_running, said
        found = re.search(r"runs at (http://\S+/)\n.* with the password (\S+)", said)
        return found.groups() if found else ()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    directory = tmp_path_factory.mktemp("demo")
    assert (ROOT / "frontend" / "dist" / ".vite" / "manifest.json").exists(), "the UI is not built: make setup"
    environment = {"PATH": "/usr/bin:/bin:/usr/sbin", "HOME": str(directory), "DATA_DIR": str(directory / "data")}
    environment["PATCHBAY_ENV_FILE"] = str(directory / "none.env")
    arguments = ["manage.py", "up", "--port", str(free_port())]
    process = HubProcess("up", arguments, environment=environment, log=directory / "up.log").start()
    try:
        yield Demo(process, directory / "data")
        assert process.terminate() < 60
        assert process.wait(1) == 0
    finally:
        process.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield found
        found.close()


@pytest.fixture
def page(demo: Demo, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The live page, logged in. Any error that the browser reports fails the test."""
    screen = {"viewport": {"width": 1280, "height": 860}} | getattr(request, "param", {})
    context = browser.new_context(**screen)
    context.set_default_timeout(PATIENCE_MS)
    opened, faults = context.new_page(), []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            faults.append(f"{message.text} {message.location.get('url')}")

    opened.on("console", note)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(demo.address)
    opened.get_by_label("User").fill("admin")
    opened.get_by_label("Password").fill(demo.password)
    opened.keyboard.press("Enter")
    expect(opened.get_by_role("heading", name="Devices", exact=True)).to_be_visible(timeout=PATIENCE_MS)
    yield opened
    context.close()
    assert faults == []


def card(page: Page, label: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=label, exact=True))


def rows(page: Page) -> Locator:
    return page.get_by_role("table", name="Messages, newest first").get_by_role("row")


def test_every_link_connects_and_every_device_shows_readings(page: Page) -> None:
    expect(page.get_by_text("4 of 4 connected")).to_be_visible(timeout=PATIENCE_MS)
    for label in DEVICES:
        expect(card(page, label)).to_contain_text(re.compile(r"\d"), timeout=PATIENCE_MS)
    expect(page.get_by_label("About this demo")).to_contain_text("keep nothing over a restart")


def test_readings_move_by_themselves(page: Page) -> None:
    kitchen = card(page, "esp32-kitchen")
    before = kitchen.inner_text()
    expect(kitchen).not_to_have_text(before, timeout=PATIENCE_MS, use_inner_text=True)


def test_a_command_reaches_the_scale_and_its_answer_is_printed(page: Page) -> None:
    paper = page.get_by_label("Paper of Receipt printer")
    page.get_by_label("Command for Laboratory scale").fill("w")
    page.keyboard.press("Enter")
    expect(paper.get_by_text("printed").last).to_be_visible(timeout=PATIENCE_MS)
    expect(paper).to_contain_text(re.compile(r"\d+\.\d+ g"), timeout=PATIENCE_MS)


def test_a_slip_is_printed_again_by_keyboard_and_its_way_is_shown(page: Page) -> None:
    paper = page.get_by_label("Paper of Receipt printer")
    slip = paper.get_by_role("listitem").filter(has_text="printed").last
    expect(slip).to_be_visible(timeout=PATIENCE_MS)
    slip.get_by_role("button", name=re.compile("Print the slip of")).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Print again?")
    expect(dialog.get_by_role("button", name="Print again")).to_be_focused(timeout=PATIENCE_MS)
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("status")).to_have_text("printed", timeout=PATIENCE_MS)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_a_meter_shows_its_values_takes_an_interval_and_has_its_clock_set(page: Page) -> None:
    meter = card(page, "33B1225950028")
    phases = meter.get_by_role("table", name="Phases")
    expect(phases.get_by_role("row", name=re.compile("Voltage"))).to_contain_text(re.compile(r"2\d\d"))
    expect(meter).to_contain_text("online", timeout=PATIENCE_MS)
    meter.get_by_role("button", name="Set the clock now").click()
    told = meter.get_by_role("list", name="What 33B1225950028 was told")
    expect(told).to_contain_text("set the clock: acknowledged", timeout=PATIENCE_MS)
    meter.get_by_label("Counters of 33B1225950028 wanted every").select_option("5")
    meter.get_by_role("button", name="Set", exact=True).click()
    reported = meter.get_by_role("definition").filter(has_text=re.compile("^5 min"))
    expect(reported).to_be_visible(timeout=PATIENCE_MS)
    with page.expect_download() as report:
        page.get_by_role("link", name="Energy report (CSV)").click()
    assert "33B1225950028" in report.value.path().read_text()


def test_the_tail_can_be_filtered_and_paused_by_keyboard(page: Page) -> None:
    expect(rows(page).nth(1)).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_label("Filter by topic, device, source or text").focus()
    page.keyboard.type("MQTT_RT")
    expect(rows(page).nth(1)).to_contain_text("MQTT_RT_DATA", timeout=PATIENCE_MS)
    pause = page.get_by_role("button", name="Pause")
    pause.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("Resume"))).to_contain_text(
        re.compile(r"\d+ new"), timeout=60_000
    )


def test_a_message_opens_with_its_readings(page: Page) -> None:
    rows(page).nth(1).get_by_role("button").first.click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("Payload", timeout=PATIENCE_MS)
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


@pytest.mark.parametrize(
    "page", [{"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}], indirect=True, ids=["phone, dark"]
)
def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page) -> None:
    expect(card(page, "esp32-kitchen")).to_be_visible(timeout=PATIENCE_MS)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_device_added_in_the_admin_is_live_within_two_seconds(page: Page, tmp_path: Path) -> None:
    with PseudoTerminal(tmp_path / "ttyUSB_MINE") as terminal:
        admin = page.context.new_page()
        admin.goto(page.url + "admin/devices/device/add/")
        admin.get_by_label("Name:").fill("mine")
        admin.get_by_label("Driver:").select_option("lines")
        admin.get_by_label("Port:").fill(str(terminal.path))
        admin.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("5 of 5 connected")).to_be_visible(timeout=2000 * loaded(1.0))
        terminal.write(b"  12.34 kg\r\n")
        expect(card(page, "mine")).to_contain_text("12.34", timeout=PATIENCE_MS)
        admin.close()


def test_the_form_of_a_topic_shows_what_its_direction_uses(page: Page) -> None:
    admin = page.context.new_page()
    admin.goto(page.url + "admin/bridges/topic/add/")
    codec, device = admin.get_by_label("Codec:"), admin.get_by_label("Device:")
    options = admin.get_by_role("heading", name="Options of")
    is_in, is_out = (admin.get_by_text(f"Advanced: direction {word}") for word in ("in", "out"))
    for direction, shown, hidden in (
        ("in", (device, codec, options, is_in), (is_out,)),
        ("out", (is_out,), (device, codec, options, is_in)),
        ("in", (device, codec, options, is_in), (is_out,)),
    ):
        admin.get_by_label("Direction:").select_option(direction)
        for part in shown:
            expect(part).to_be_visible()
        for part in hidden:
            expect(part).to_be_hidden()
    admin.close()


def test_signing_out_ends_at_the_login(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible(timeout=PATIENCE_MS)
