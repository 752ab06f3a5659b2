"""The generated documentation: all is there, links lead somewhere, text stays text, a folder is written whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import orchard
import pytest
from lxml import html

from engine.cli.main import cli
from engine.errors import DocumentError
from engine.review import site_write
from engine.review.atlas import Atlas
from engine.review.links import anchor
from engine.review.site import Site
from engine.review.site_write import DocsRefused, document
from engine.run.soundness import sound_project
from engine.spec.project import Project, open_project

ROOT = Path(__file__).resolve().parents[3]
FOREIGN = ("http:", "https:", "//", "data:")


def pages(files: Mapping[str, str]) -> dict[str, Any]:
    return {name: html.fromstring(text) for name, text in files.items() if name.endswith(".html")}


def assert_complete(files: Mapping[str, str]) -> dict[str, Any]:
    """Assert that every link and every entry of the search leads somewhere, and that nothing comes from outside."""
    found = pages(files)
    ids = {name: [each.get("id") for each in page.xpath("//*[@id]")] for name, page in found.items()}
    for name, its in ids.items():
        assert len(its) == len(set(its)), f"{name} has an id twice"
    wanted = [(name, link) for name, page in found.items() for link in page.xpath("//@href | //@src")]
    index = json.loads(files["assets/search.js"].removeprefix("window.haplomapIndex = ").removesuffix(";\n"))
    wanted += [("index.html", entry[3]) for entry in index["entries"]]
    for name, link in wanted:
        assert not link.startswith(FOREIGN), (name, link)
        parts = urlsplit(link)
        target = _joined(name, parts.path) if parts.path else name
        assert target in files, (name, link)
        assert not parts.fragment or parts.fragment in ids[target], (name, link)
    return found


def _joined(name: str, link: str) -> str:
    steps: list[str] = []
    for step in PurePosixPath(name).parent.joinpath(link).parts:
        steps = steps[:-1] if step == ".." else [*steps, step]
    return "/".join(steps)


def assert_all_is_there(project: Project, found: Mapping[str, Any]) -> None:
    def ids(page: str, *wanted: str) -> None:
        assert set(wanted) <= set(found[page].xpath("//*[@id]/@id")), page

    for name in project.names("source"):
        source = project.source(name)
        ids(f"systems/{name}.html", *(anchor("endpoint", each) for each in source.endpoints))
        for _, set_name, record_set in source.sets():
            ids(f"systems/{name}/{set_name}.html", *(anchor("field", each) for each in record_set.fields))
    for name, schema in project.schemas().items():
        ids(f"entities/{name}.html", *(anchor("field", each) for each in schema.fields))
    for name in project.names("mapping"):
        source_name, _, entity = name.partition("/")
        mapping = project.mapping(source_name, entity)
        ids(f"mappings/{name}.html", *(anchor("field", each) for each in mapping.fields))
        ids(f"mappings/{name}.html", *(anchor("table", each) for each in mapping.tables))
    for name in project.names("binding"):
        ids(f"haplo/{name}.html", *(anchor("name", each) for each in project.binding(name).names))
    settings = [anchor("setting", group, each) for group, its in project.settings().items() for each in its]
    ids("settings.html", *settings)
    assert {f"lookups/{name}.html" for name in project.names("lookup")} <= set(found)


def test_all_that_is_shipped_is_there_and_every_link_leads_somewhere() -> None:
    project = open_project(ROOT)
    found = assert_complete(Site(Atlas(project), "haplomap").files())
    assert_all_is_there(project, found)
    assert len(found) < 700


@pytest.fixture
def site(folder: Path) -> dict[str, str]:
    return Site(Atlas(sound_project(folder)), f"Our {orchard.HOSTILE}").files()


def test_a_project_of_its_own_is_all_there(site: dict[str, str], folder: Path) -> None:
    assert_all_is_there(open_project(folder), assert_complete(site))


def test_what_documents_say_is_text_on_every_page(site: dict[str, str]) -> None:
    for name, page in pages(site).items():
        assert page.xpath("//script[not(@src)]") == [], name
        assert page.xpath("//main//b[. = 'only'] | //main//b[. = 'they'] | //main//i[. = 'Other']") == [], name
        assert page.xpath("//*[starts-with(local-name(), 'on')] | //@*[starts-with(local-name(), 'on')]") == [], name
    for name in ("systems/orchard/people.html", "entities/member.html", "settings.html", "index.html"):
        assert orchard.HOSTILE[:30] in pages(site)[name].text_content(), f"{name} does not tell it at all"


def test_links_go_both_ways(site: dict[str, str]) -> None:
    found = pages(site)

    def links(page: str, place: str) -> set[str]:
        (at,) = found[page].xpath(f"//*[@id='{place}']")
        return {_joined(page, link.partition("#")[0]) + "#" + link.partition("#")[2] for link in at.xpath(".//@href")}

    mapped, source = "mappings/orchard/member.html", "systems/orchard/people.html"
    assert f"{mapped}#field:name" in links(source, "field:nick")
    assert f"{source}#field:nick" in links(mapped, "field:name")
    assert {f"{mapped}#field:name", f"{source}#field:nick", "haplo/member.html#name:dc:attribute:title"} <= links(
        "entities/member.html", "field:name"
    )
    assert {"entities/member.html#field:name", f"{source}#field:nick"} <= links(
        "haplo/member.html", "name:dc:attribute:title"
    )
    assert f"{mapped}#rule:called.kinds" in links("settings.html", "setting:members.kinds")
    assert f"{mapped}#L11" in links("settings.html", "setting:members.kinds")
    assert "settings.html#setting:members.greeting" in links(mapped, "field:greeting")
    assert "haplo/member.html#removed" in links("settings.html", "setting:members.stay")
    assert "lookups/orchard/colours.html#" in links(mapped, "field:colour")


def test_the_key_is_told_to_go_to_haplo_as_the_objects_code(folder: Path) -> None:
    (folder / "schemas" / "bag.yaml").write_text("schema: bag\nfields: {source_id: {}, owner: {ref: member}}\n")
    files = Site(Atlas(sound_project(folder)), "Orchard").files()
    found = pages(files)

    def text(page: str, place: str) -> str:
        (at,) = found[page].xpath(f"//*[@id='{place}']")
        return " ".join(at.text_content().split())

    assert text("mappings/orchard/member.html", "field:source_id").endswith("in Haplo_code the object's code")
    assert text("entities/member.html", "field:source_id").endswith("_code the object's code")
    assert "in references ofbag.owner" in text("haplo/member.html", "name:_code")
    assert "_code" in text("attributes.html", "attribute:std:attribute:configured-behaviour")
    told = next(line for line in files["personal-data.csv"].splitlines() if ",people,id," in line)
    assert told.startswith(
        'identifier,orchard,people,id,,"goes to Haplo, in the object\'s code and in references to it"'
    )
    assert "source_id,std:attribute:configured-behaviour,_code" in told
    assert '["_code", 7, "the code of each member", "haplo/member.html#name:_code"]' in files["assets/search.js"]


def test_a_field_without_a_tag_shows_what_it_becomes(site: dict[str, str]) -> None:
    page = pages(site)["systems/orchard/phones.html"]
    shown = {
        name: page.xpath(f"//*[@id='field:{name}']/td[3]")[0].text_content() for name in ("number", "kind", "rank")
    }
    assert shown == {"number": "contact", "kind": "contactby what it becomes", "rank": ""}


def test_what_a_school_maps_otherwise_is_told(folder: Path) -> None:
    (folder / "schools").mkdir()
    (folder / "schools" / "hill.yaml").write_text(
        "school: hill\nsource: orchard\nconfig: {key: {env: KEY_OF_HILL}}\nentities: [member]\n"
        "override:\n  member:\n    fields: {name: {from: name}}\n    remove: [town]\n"
    )
    files = Site(Atlas(sound_project(folder)), "Orchard").files()
    text = " ".join(pages(files)["mappings/orchard/member.html"].text_content().split())
    assert "hill: name name schools/hill.yaml:7" in text
    assert "hill: town is not sent schools/hill.yaml:8" in text
    assert not any("KEY_OF_HILL" in text for text in files.values())


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_documents_give_the_same_bytes(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert document(folder, tmp_path / "one", "it").changed
    shutil.copytree(folder, tmp_path / "elsewhere" / "copy")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert document(Path("copy"), tmp_path / "two", "it").changed
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "two").rglob("*")}
    again = document(Path("copy"), tmp_path / "two", "it")
    assert not again.changed
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "two").rglob("*")} == times


def test_what_is_gone_from_the_documents_goes_from_the_site(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    document(folder, out, "it")
    assert (out / "systems" / "orchard" / "phones.html").exists()
    kept = orchard.SOURCE.replace(
        "      phones:\n        records: $.phones", "      telephones:\n        records: $.phones"
    )
    orchard.write(folder, source=kept, member=orchard.MAPPING.replace("from: phones", "from: telephones"))
    (folder / "schemas" / "member.yaml").write_text(orchard.SCHEMA)
    (folder / "schemas" / "haplo" / "member.yaml").write_text(orchard.BINDING)
    document(folder, out, "it")
    assert not (out / "systems" / "orchard" / "phones.html").exists()
    assert (out / "systems" / "orchard" / "telephones.html").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_is_no_such_site_is_left_alone(folder: Path, tmp_path: Path) -> None:
    strange = tmp_path / "strange"
    strange.mkdir()
    document(folder, strange, "it")  # an empty one may become one
    (strange / "notes.txt").write_text("mine")
    (strange / "systems" / "mine.html").write_text("mine")
    with pytest.raises(DocsRefused, match=r"holds what haplomap docs did not write: 'notes\.txt' and 1 more"):
        document(folder, strange, "it")
    assert (strange / "notes.txt").read_text() == "mine"
    with pytest.raises(DocsRefused, match=r"'mappings/orchard/lookups/colours\.yaml' and 5 more"):
        document(folder, folder, "it")


def test_the_folder_that_we_are_in_is_not_replaced(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    project = folder.resolve()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(DocsRefused, match="it is where we are"):
        document(project, Path(), "it")


def test_what_was_there_stays_where_the_new_one_cannot_be_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    document(folder, out, "it")
    before = tree(out)
    orchard.write(folder, source="source: orchard\n")
    (folder / "schemas" / "member.yaml").write_text(orchard.SCHEMA)
    with pytest.raises(DocumentError):
        document(folder, out, "it")
    orchard.write(folder)
    rename = Path.rename

    def full(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(site_write.Path, "rename", full)
    with pytest.raises(Exception, match="site"):
        document(folder, out, "another title")
    assert tree(out) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_the_command_says_what_it_wrote(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "site"
    arguments = ["docs", "--out", str(out), "--title", "Orchard"]
    assert cli.main(arguments, standalone_mode=False) == 0
    count = len(list(out.rglob("*.html")))
    assert capsys.readouterr().out == f"{count} pages in {out}: open {out / 'index.html'}\n"
    assert cli.main(arguments, standalone_mode=False) == 0
    assert capsys.readouterr().out == f"{count} pages in {out}: nothing has changed\n"
    assert "<title>Overview – Orchard</title>" in (out / "index.html").read_text(encoding="utf-8")
