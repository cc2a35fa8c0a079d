"""The user's modules, imported by path: names come from paths, and only the network's root is on sys.path.

A module is called like its file (`services.shop.bicycle.commands`), so that two `commands.py` don't collide and
`from services.shop.bicycle.events import …` is the same module. The root comes last on sys.path: a file of the user's
never takes the place of a module of Python's.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from blossm.handlers.frames import Frame, user_frames
from blossm.model.network import Handler


class HandlerError(Exception):
    """A handler can't be used: its module fails to import, or lacks the function. `place` is `file:line`."""

    def __init__(self, problem: str, *, place: str = "", frames: list[Frame] | None = None, help: str = "") -> None:
        self.problem = problem
        self.place = place
        self.frames = tuple(frames or ())
        self.help = help
        lines = [f"{place}: {problem}" if place else problem, *(f"  {frame}" for frame in self.frames)]
        super().__init__("\n".join([*lines, f"help: {help}"] if help else lines))


class Modules:
    """The modules of one network. Several networks may live in one process: each sees its own `lib`.

    An import inside a function, run later, finds the code of the network that was loaded from last.
    """

    _lock: ClassVar[threading.RLock] = threading.RLock()
    _current: ClassVar[Modules | None] = None  # the network whose modules sys.modules holds

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._files: dict[str, ModuleType] = {}
        self._away: dict[str, ModuleType] = {}  # what sys.modules holds while this network is the current one

    def function(self, handler: Handler) -> Callable[..., Any]:
        """The user's function. Raises HandlerError."""
        module = self.file(handler.file)
        found = getattr(module, handler.function, None)
        if callable(found):
            return found  # type: ignore[no-any-return]
        near = get_close_matches(handler.function, [name for name, value in vars(module).items() if callable(value)], n=1)
        raise HandlerError(
            f"has no function {handler.function}",
            place=f"{handler.file}:1",
            help=f"did you mean {near[0]}?" if near else f"write def {handler.function}(…) there",
        )

    def file(self, path: str | Path) -> ModuleType:
        """The module that a file (relative to the root) is. Raises HandlerError when it fails to import."""
        file = self.root / path
        key = str(file)
        if key not in self._files:
            with self._lock:
                self._come_forward()
                self._files[key] = self._imported(file)
        return self._files[key]

    def forget(self) -> None:
        """Let go of the modules: the next network, or the same one changed, begins afresh."""
        with self._lock:
            if Modules._current is self:
                self._step_back()
                Modules._current = None
            self._files.clear()
            self._away.clear()

    def _imported(self, file: Path) -> ModuleType:
        name = self._name(file)
        if (known := sys.modules.get(name)) and getattr(known, "__file__", None) == str(file):
            return known
        if not file.is_file():
            raise HandlerError("there is no such file", place=str(file.relative_to(self.root)))
        importlib.invalidate_caches()
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise HandlerError("is no Python file", place=str(file.relative_to(self.root)))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:  # user code may raise anything, and a script may call exit()
            sys.modules.pop(name, None)
            raise self._failed(file, error) from error
        return module

    def _failed(self, file: Path, error: BaseException) -> HandlerError:
        frames = user_frames(error, root=self.root)
        last = frames[-1] if frames else Frame(str(file.relative_to(self.root)), 1, "<module>")
        words = str(error.msg if isinstance(error, SyntaxError) else error)
        problem = f"{type(error).__name__}: {words}" if words else type(error).__name__
        if isinstance(error, SystemExit):
            problem = "ends the process while it is imported"
        return HandlerError(problem, place=f"{last.file}:{last.line}", frames=frames)

    def _name(self, file: Path) -> str:
        """The dotted path of a file; with a word before it where that would be the name of somebody else's module."""
        dotted = ".".join(file.relative_to(self.root).with_suffix("").parts)
        top = dotted.partition(".")[0]
        return dotted if self._is_ours(top) else f"blossm_network.{dotted}"

    def _is_ours(self, top: str) -> bool:
        if top in sys.stdlib_module_names or top in sys.builtin_module_names:
            return False
        try:
            spec = importlib.util.find_spec(top)
        except (ImportError, ValueError):
            return False
        places = [spec.origin] if spec and spec.origin else list((spec and spec.submodule_search_locations) or [])
        return any(place and Path(place).is_relative_to(self.root) for place in places)

    def _come_forward(self) -> None:
        """Make this network's modules, and no other network's, the ones that an import statement finds."""
        if Modules._current is self:
            return
        if Modules._current:
            Modules._current._step_back()
        sys.path.append(str(self.root))
        sys.modules.update(self._away)
        self._away.clear()
        Modules._current = self

    def _step_back(self) -> None:
        self._away = dict(self._loaded())
        for name in self._away:
            del sys.modules[name]
        if str(self.root) in sys.path:
            sys.path.remove(str(self.root))

    def _loaded(self) -> Iterator[tuple[str, ModuleType]]:
        """The modules that lie below the root where their names say."""
        root = str(self.root)
        for name, module in list(sys.modules.items()):
            # Most are others'; to make the paths below for all of them takes ten times as long.
            if not any(place.startswith(root) for place in _places(module)):
                continue
            place = self.root.joinpath(*name.removeprefix("blossm_network.").split("."))
            if {str(place), f"{place}.py", str(place / "__init__.py")}.intersection(_places(module)):
                yield name, module


def _places(module: ModuleType | None) -> list[str]:
    """The file of a module, or where a namespace package looks."""
    file = getattr(module, "__file__", None)
    return [file] if file else list(getattr(module, "__path__", ()))
