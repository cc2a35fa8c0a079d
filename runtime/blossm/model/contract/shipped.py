"""The platform's own .proto files, which lie beside a network's: `protoc -Iprotos` needs nothing else."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[2]


def platform_files() -> dict[str, str]:
    """The files by their path in the folder `protos`."""
    folder = _PACKAGE / "protos"  # in a wheel
    if not folder.is_dir():
        folder = _PACKAGE.parents[1] / "protos"  # in a working copy
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.glob("blossm/**/*.proto"))}
