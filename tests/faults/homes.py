"""Homes in which faults are injected: prepared once, copied for each, compared afterwards."""

import resource
import subprocess
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sample import EVE, content, content_of, published_hashes

from pipeline.warehouse import open_snapshot

PAGE_SIZE = resource.getpagesize()
FIRST = EVE - timedelta(days=3)


def left_by(settings):
    """The tables of the warehouse and of its snapshot, and every other published byte."""
    files = published_hashes(settings)
    del files[settings.snapshot_file.name]
    with open_snapshot(settings) as con:
        return content(settings), content_of(con), files


@contextmanager
def small_disk(folder, n_bytes):
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={n_bytes}", "none", folder])
    if mounted.returncode:
        pytest.skip("a file system can be mounted by root alone")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def resize(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def size_of(settings):
    """What its files take on a tmpfs, in whole pages."""
    sizes = [file.stat().st_size for file in settings.home.rglob("*") if file.is_file()]
    return sum(-(-size // PAGE_SIZE) * PAGE_SIZE for size in sizes)
