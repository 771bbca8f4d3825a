import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest
from reader_helpers import delivery, only, problems, received_bytes, tar, zipped

from pipeline.errors import DeliveryError
from pipeline.sources import archive

FILES = {"folder/a.json": b"{}", "b.txt": b"text", "folder/LICENSE.json": b"terms"}


def opened(data, tmp_path, suffixes=(".json",)):
    path = tmp_path / "delivered"
    path.write_bytes(data)
    found = archive.documents(delivery("news", path), suffixes)
    return {document.name: document.data for document in found}


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress, bytes])
def test_a_single_file_however_compressed(pack, tmp_path):
    assert opened(pack(b'{"a": 1}'), tmp_path) == {"delivered": b'{"a": 1}'}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_members_with_the_suffix_in_any_tar(mode, tmp_path):
    assert opened(tar(FILES, mode=mode), tmp_path) == {"folder/a.json": b"{}"}


def test_members_with_the_suffix_in_a_zip(tmp_path):
    assert opened(zipped(FILES), tmp_path, (".json", ".txt")) == {
        "folder/a.json": b"{}",
        "b.txt": b"text",
    }


@pytest.mark.parametrize("pack", [tar, zipped])
def test_members_of_other_kinds_are_set_aside_with_a_sentence(pack, tmp_path):
    text = b"Title: Banks\n\nBanks were attacked."
    others = {"b.pdf": b"%PDF", "x/c.pdf": b"%PDF", "d": b"?", "LICENSE": b"terms", ".x": b""}
    rows = only(received_bytes("news", pack({"a.txt": text, **others}), tmp_path))
    assert [row["source_row"] for row in rows] == [1, 2, 3]
    assert [problem for row in rows for problem in problems(row)] == [
        "Not read: 1 of the archive's files, without an ending, such as d. news takes none of "
        "these: hand them to the source that does, or leave them out.",
        "Not read: 2 of the archive's files, ending in .pdf, such as b.pdf. news takes none of "
        "these: hand them to the source that does, or leave them out.",
    ]


@pytest.mark.parametrize("name", ["notice.txt", "notice-2020.txt", "readme-attack.txt"])
def test_a_document_is_not_taken_for_a_licence(name, tmp_path):
    assert opened(tar({name: b"told"}), tmp_path, (".txt",)) == {name: b"told"}


def test_an_archive_without_documents_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match=r"holds no document ending in \.xml"):
        opened(tar(FILES), tmp_path, (".xml",))


@pytest.mark.parametrize("pack", [tar, zipped])
@pytest.mark.parametrize("name", ["/etc/a.json", "../a.json", "x/../../a.json", "C:/a.json"])
def test_a_path_out_of_the_archive_is_refused(pack, name, tmp_path):
    with pytest.raises(DeliveryError, match="leaves the archive"):
        opened(pack({name: b"{}"}), tmp_path)


def test_links_are_refused(tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as file:
        link = tarfile.TarInfo("a.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    with pytest.raises(DeliveryError, match="is a link or a device"):
        opened(packed.getvalue(), tmp_path)


def test_links_in_a_zip_are_refused(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        link = zipfile.ZipInfo("a.json")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    with pytest.raises(DeliveryError, match="is a link or a device"):
        opened(packed.getvalue(), tmp_path)


@pytest.mark.parametrize(
    "pack", [gzip.compress, lzma.compress, lambda data: zipped({"a.json": data})]
)
def test_a_bomb_is_not_unpacked(pack, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "RATIO_COUNTS_FROM_BYTES", 2**20)
    with pytest.raises(DeliveryError, match="unpacks to more than 250 times its size"):
        opened(pack(bytes(4 * 2**20)), tmp_path)


def test_the_total_counts_over_all_members(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_TOTAL_BYTES", 3_000)
    members = {f"{n}.json": bytes(1_000) for n in range(5)}
    for pack in (tar, zipped):
        with pytest.raises(DeliveryError, match="more than 3,000 bytes unpacked"):
            opened(pack(members), tmp_path)


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_MEMBERS", 2)
    with pytest.raises(DeliveryError, match="holds more than 2 files"):
        opened(tar(FILES), tmp_path)


def test_too_deep_folders_are_refused(tmp_path):
    with pytest.raises(DeliveryError, match="deeper than 16 folders"):
        opened(tar({"a/" * 20 + "b.json": b"{}"}), tmp_path)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_a_torn_file_is_refused(pack, tmp_path):
    with pytest.raises(DeliveryError, match="cannot be unpacked"):
        opened(pack(b"x" * 10_000)[:-15], tmp_path)


def test_a_torn_tar_is_refused(tmp_path):
    with pytest.raises(DeliveryError, match="cannot be unpacked"):
        opened(tar(FILES, mode="w")[:900] + b"?" * 700, tmp_path)
