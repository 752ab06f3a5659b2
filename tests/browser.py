"""A real browser for tests: Chromium of the system, headless. It is installed where it is missing and we may do so.

`tests/conftest.py` has the fixture `browser`; a test opens `file://` pages, so nothing needs a network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


def chromium() -> str:
    """Return the program; install it where we are root and have apt-get; fail with what to do otherwise."""
    found = _found()
    if found is None and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (("update",), ("install", "-y", "--no-install-recommends", "chromium")):
            subprocess.run(["apt-get", "-q", *words], env=environ, check=False, capture_output=True)
        found = _found()
    if found is None:
        pytest.fail("the tests of pages need Chromium: install it, such as with 'sudo apt-get install chromium'")
    return found


def _found() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


@contextmanager
def started() -> Iterator[Any]:
    """Start the browser; end it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, *, width: int = 1280, dark: bool = False) -> Iterator[Any]:
    """Open a page of a size and a colour scheme; whatever its console says against it fails the test."""
    said: list[str] = []
    scheme = "dark" if dark else "light"
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.on("console", lambda message: said.append(f"{page.url}: {message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    page.on("requestfailed", lambda request: said.append(f"{page.url}: asked in vain for {request.url}"))
    page.on("request", lambda request: None if request.url.startswith("file:") else said.append(request.url))
    try:
        yield page
    finally:
        context.close()
    assert said == []
