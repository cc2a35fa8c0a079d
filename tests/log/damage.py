"""What happens to files."""

from __future__ import annotations

from pathlib import Path

PAGE = 4096


def cut(file: Path, left: int) -> None:
    """Leave so many bytes of it."""
    file.write_bytes(file.read_bytes()[:left])


def spoil(file: Path, *pages: int) -> None:
    """Overwrite these pages; without, all but the first two."""
    whole = bytearray(file.read_bytes())
    for page in pages or range(2, len(whole) // PAGE):
        whole[page * PAGE : (page + 1) * PAGE] = b"\xff" * PAGE
    file.write_bytes(whole)


def content(file: Path) -> dict[str, bytes]:
    """What is in the file, and in those that SQLite puts beside it to be durable."""
    return {each.name: each.read_bytes() for each in file.parent.glob(f"{file.name}*") if not each.name.endswith("-shm")}


def size(file: Path) -> int:
    return file.stat().st_size
