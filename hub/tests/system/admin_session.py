"""The admin site as a person at a browser uses it: pages, forms with what stands in them, cookies and CSRF tokens."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from hub.tests.system.hub_processes import ADMIN, ADMIN_PASSWORD

_NO_VALUE = frozenset({"submit", "button", "reset", "file", "image"})


class Page(HTMLParser):
    """One page: where it was found, its text, and what its form would send."""

    def __init__(self, url: str, text: str) -> None:
        super().__init__()
        self.url = url
        self.text = text
        self.fields: dict[str, str] = {}
        self.choices: dict[str, dict[str, str]] = {}
        """Of each select: label to value."""
        self._select = self._option = self._textarea = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        name = said.get("name", "")
        if tag == "input" and name and said.get("type") not in _NO_VALUE:
            if said.get("type") not in ("checkbox", "radio"):
                self.fields[name] = said.get("value", "")
            elif "checked" in said:
                self.fields[name] = said.get("value", "on")
        elif tag == "select":
            self._select = name
            self.choices[name] = {}
            self.fields.pop(name, None)
        elif tag == "option" and self._select:
            self._option = said.get("value", "")
            if "selected" in said or self._select not in self.fields:  # as a browser: the first, if none is
                self.fields[self._select] = self._option
        elif tag == "textarea":
            self._textarea = name
            self.fields[name] = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.fields[self._textarea] += data
        elif self._select and data.strip():
            self.choices[self._select][data.strip()] = self._option

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    @property
    def errors(self) -> str:
        """The part of the page that says what is wrong."""
        _, found, rest = self.text.partition('class="errorlist')
        return found and rest[:500]


class AdminSession:
    """Signed in as the administrator."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()))
        login = self.page("/admin/login/?next=/admin/")
        page = self.send(login, {"username": ADMIN, "password": ADMIN_PASSWORD})
        assert "/login/" not in page.url, page.errors

    def page(self, path: str) -> Page:
        """GET."""
        return self._open(self._address + path, None)

    def add(self, kind: str, values: Mapping[str, str]) -> Page:
        """Fill in the form for a new row, save it, and save again if it came back with further fields."""
        return self.save(f"/admin/{kind}/add/", values)

    def save(self, path: str, values: Mapping[str, str]) -> Page:
        """Fill in the form at this address and save it. A select may be given by the label of its choice."""
        page = self.page(path)
        for _ in range(2):
            page = self.send(page, {**values, "_save": "Save"})
            if path not in page.url:
                return page
        raise AssertionError(f"{path} was not saved: {page.errors}")

    def send(self, page: Page, values: Mapping[str, str]) -> Page:
        known = {name: page.choices.get(name, {}).get(value, value) for name, value in values.items()}
        return self._open(page.url, urlencode({**page.fields, **known}).encode())

    def _open(self, url: str, data: bytes | None) -> Page:
        with self._opener.open(url, data, timeout=30) as response:
            return Page(response.url, response.read().decode())
