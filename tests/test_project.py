"""Rules of the project that no tool checks: lengths, paths of one machine, and pages that say what is so."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands
from django.db import connection
from django.urls import Resolver404, resolve
from django.utils.module_loading import import_string

from compute.common.schema import describe_section
from images.config import ROOT as SECTION
from images.config import ImageGenerationConfig

REPOSITORY = Path(__file__).parents[1]
LINES_MOST, FUNCTION_LINES_MOST = 400, 70
# What is made, not written.
LEFT_OUT = {".git", ".venv", "data", "__pycache__", "screenshots", "results", "migrations", ".luna", ".hypothesis"}
WRITTEN = {".py", ".js", ".css", ".html", ".md", ".toml", ".json", ".txt", ".in", ".svg", ".webp", ""}
CODE = {".py", ".js", ".css"}
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
TROUBLES = REPOSITORY / "docs" / "troubleshooting.md"
# The customer's symptoms, and the heading that answers each.
SYMPTOMS = {
    "Worker Not Responding": "A worker does not respond",
    "Slow Generation": "Pictures are slow",
    "Poor Image Quality": "Pictures are poor",
    "Dreamer Not Generating Images": "The Dreamer makes no pictures",
    "Speculative Pool Growing Too Large": "The pool of unused ideas grows too large",
    "Images Not Appearing When Content Realized": "A picture of an idea does not appear when the idea is used",
    "Storage Issues": "Storage is full, or files are missing",
}
# Addresses of other programs that the pages name.
FOREIGN = {"/sdapi/v1", "/proc"}


def files(*suffixes: str) -> Iterator[Path]:
    """Every written file of the repository with one of these suffixes."""
    for folder, below, names in os.walk(REPOSITORY):
        hidden = {name for name in below if name.startswith(".") and name != ".ci"}
        below[:] = [name for name in below if name not in LEFT_OUT | hidden]
        yield from (Path(folder) / name for name in names if Path(name).suffix in suffixes)


def short(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def quoted(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", prose(page))


# --- code ------------------------------------------------------------------------------------------------------------
def test_no_source_file_is_too_long():
    lengths = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files(*CODE)}
    assert len(lengths) > 100
    assert {path: lines for path, lines in lengths.items() if lines > LINES_MOST} == {}


def test_no_function_is_too_long():
    long = {}
    for path in files(".py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MOST:
                    long[f"{short(path)}:{node.name}"] = lines
    assert long == {}


def test_no_file_names_a_folder_of_somebodys_machine():
    homes = "|".join(("work", "root", "home/[a-z]+", "Users/[A-Za-z]+"))
    pattern = re.compile(rf"(?<![\w.:/}}-])/(?:{homes})/[\w.-]")
    found = [
        f"{short(path)}: {match[0]}"
        for path in files(*WRITTEN - {".webp"})
        if (match := pattern.search(path.read_text(encoding="utf-8", errors="replace")))
    ]
    assert found == []


def test_every_name_in_the_settings_leads_somewhere(settings):
    names = [*settings.COMPUTE_HANDLERS.values(), *(name for name, _ in settings.TICKER_CHORES)]
    assert all(callable(import_string(name)) for name in names)


# --- pages -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", PAGES, ids=short)
def test_links_of_a_page_lead_somewhere(page: Path):
    targets = re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose(page))
    local = [target.partition("#")[0] for target in targets if not re.match(r"https?://|mailto:", target)]
    assert [target for target in local if target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_commands_that_a_page_names_exist(page: Path):
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"manage\.py ([a-z_]+)", text))
    named |= {name for name in quoted(page) if re.fullmatch(r"[a-z]+_audit|sync_workers|doctor", name)}
    assert named - set(get_commands()) == set()
    rules = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(re.findall(r"\bmake ([a-z]+)`", text)) | set(re.findall(r"^ +make ([a-z]+)", text, re.M)) <= rules


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_keys_that_a_page_names_exist(page: Path):
    keys = {path for path, _, _ in describe_section(ImageGenerationConfig, SECTION)}
    named = {name.replace("[…]", "[]") for name in quoted(page) if re.fullmatch(rf"{SECTION}\.[\w.\[\]…]+", name)}
    assert named - keys == set()


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_variables_that_a_page_names_exist(page: Path):
    table = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.M))
    named = set(re.findall(r"\b(LUNA_[A-Z_]+|DATABASE_URL|REDIS_URL|EMAIL_URL)\b", page.read_text(encoding="utf-8")))
    assert named - known == set()


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_addresses_that_a_page_names_answer(page: Path):
    dead = []
    for name in quoted(page):
        if re.fullmatch(r"/[a-z][\w/{}.-]*", name) and name not in FOREIGN:
            try:
                resolve(name.replace("{id}", "1"))
            except Resolver404:
                # The prefix of the API is no address of its own.
                dead += [] if name == "/api/v1/" else [name]
    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_files_that_a_page_names_exist(page: Path):
    apps = ("compute", "community", "images", "luna_site", "tests", "static", "templates", "docs")
    named = [name for name in quoted(page) if re.fullmatch(rf"(?:{'|'.join(apps)})/[\w./-]+", name)]
    assert [name for name in named if not (REPOSITORY / name).exists()] == []


def test_every_symptom_of_the_customer_is_answered_with_something_to_do():
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TROUBLES.read_text(encoding="utf-8"), re.M | re.S))
    for heading in SYMPTOMS.values():
        answer = sections[heading]
        names = re.findall(rf"`({SECTION}\.[^`]+|/operate/|/api/[^`]+|python manage\.py [^`]+)`", answer)
        assert len(names) >= 2, heading


def statements() -> list[str]:
    text = TROUBLES.read_text(encoding="utf-8")
    return re.findall(r"^```sql\n(.*?)^```", text, re.M | re.S) + re.findall(r"`(SELECT [^`]+)`", text)


@pytest.mark.django_db
@pytest.mark.parametrize("statement", statements())
def test_the_queries_of_the_troubleshooting_page_run(statement: Any):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.fetchall() is not None


def test_there_are_queries_to_run():
    assert len(statements()) >= 4
