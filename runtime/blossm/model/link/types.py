"""Field specifications → `Field`s, with named types put in their place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from blossm.model.diagnostics import Findings, did_you_mean
from blossm.model.documents import Header
from blossm.model.fields import Field, FieldType
from blossm.model.link.attributes import with_attributes
from blossm.model.schema.fields import TYPES_ELSEWHERE, FieldKeys
from blossm.model.schema.reading import found, read, without_extensions
from blossm.model.source import Document, Path_

SIMPLE: tuple[FieldType, ...] = tuple(name for name in get_args(FieldType) if name not in ("list", "object", "map"))
BROKEN = Field(type="json", optional=True)  # stands where a field could not be read; known by identity
MAX_NAMED_DEPTH = 32
MAX_FIELDS = 10_000

Headers = tuple[Header, ...]


class Types:
    """Reads fields; each named type once."""

    def __init__(self, findings: Findings, network_host: str, *, complete: bool) -> None:
        self._findings = findings
        self._complete = complete  # False: a header could not be read, so a type that seems to be missing may be there
        self._network_host = network_host
        self._named: dict[tuple[int, str], tuple[Field, int]] = {}  # header and name → the type, and how many fields it has
        self._open: list[tuple[int, str]] = []
        self._count = 0

    def fields(self, document: Document, path: Path_, headers: Headers) -> dict[str, Field]:
        """The fields of the mapping at `path`; none where there is no such mapping."""
        try:
            data = without_extensions(document.at(*path))
        except KeyError:
            return {}
        if not isinstance(data, dict):
            return {}
        self._tell_twins(data, document, path)
        before = self._count
        fields = {key.replace("-", "_"): self.field(document, (*path, key), headers) for key in data}
        if self._count - before > MAX_FIELDS:
            self._count = before
            self._refuse("B005", f"more than {MAX_FIELDS:,} fields, with named types in their place", document, path)
            return {}
        return fields

    def response(self, document: Document, path: Path_, headers: Headers) -> Field | None:
        """A reply's type: fields, or one type. None where nothing is said."""
        data = without_extensions(document.data.get(path[0]))
        if data is None:
            return None
        if isinstance(data, dict) and not ("type" in data and set(data) <= set(FieldKeys.keys())):
            return Field(type="object", properties=self.fields(document, path, headers))
        return self.field(document, path, headers)

    def field(self, document: Document, path: Path_, headers: Headers) -> Field:
        """The field at `path`, or BROKEN and a problem."""
        self._count += 1
        data = document.at(*path)
        match data:
            case str():
                return self._of_name(data, document, path, headers)
            case [_]:
                return Field(type="list", items=self.field(document, (*path, 0), headers))
            case dict():
                return self._full(document, path, headers)
            case list():
                help = "write `[string]`"
                return self._refuse("B108", "a list is written with the one type of its items", document, path, help=help)
        return self._refuse("B108", f"a type is a word, a list or keys and values, not {found(data)}", document, path)

    def _full(self, document: Document, path: Path_, headers: Headers) -> Field:
        data = document.at(*path)
        if "type" not in data:
            help = "an object is `{type: object, properties: {…}}`"
            return self._refuse("B103", "this type has no `type`", document, path, help=help)
        keys = read(FieldKeys, document, path, self._findings)
        if keys is None:
            return BROKEN
        base = self._base(keys, document, path, headers)
        if base is BROKEN:
            return BROKEN
        return with_attributes(base, keys, document, path, self._findings, self._network_host)

    def _base(self, keys: FieldKeys, document: Document, path: Path_, headers: Headers) -> Field:
        """What `type:` says, before any attribute."""
        match keys.type:
            case "object" if keys.properties is not None:
                return Field(type="object", properties=self.fields(document, (*path, "properties"), headers))
            case "map" if keys.values is not None:
                return Field(type="map", values=self.field(document, (*path, "values"), headers))
            case dict():
                return self._refuse("B108", "`type` is a word or a list", document, (*path, "type"))
        return self.field(document, (*path, "type"), headers)

    def _of_name(self, name: str, document: Document, path: Path_, headers: Headers) -> Field:
        if name in SIMPLE:
            return _SIMPLE_FIELDS[name]
        for at in range(len(headers), 0, -1):
            keys = headers[at - 1].keys
            if keys is not None and name.replace("-", "_") in keys.types:
                return self._of_type(name.replace("-", "_"), document, path, headers[:at])
        match name:
            case "object":
                help = "say its `properties`; where anything goes, the type is `json`"
                return self._refuse("B103", "an `object` has no `properties`", document, path, help=help)
            case "map":
                return self._refuse("B103", "a `map` has no `values`", document, path, help="`{type: map, values: string}`")
        if not self._complete or any("types" in header.doubtful for header in headers):
            return BROKEN
        known = {*SIMPLE, "object", "map", *(one for header in headers if header.keys for one in header.keys.types)}
        help = TYPES_ELSEWHERE.get(name) or did_you_mean(name, known)
        return self._refuse("B108", f"`{name}` is no type", document, path, help=help)

    def _of_type(self, name: str, document: Document, path: Path_, headers: Headers) -> Field:
        """The named type that the last of `headers` defines."""
        header = headers[-1]
        key = (id(header), name)
        if key in self._named:
            field, count = self._named[key]
            self._count += count
            return field
        if key in self._open:
            around = " → ".join([*(one for _, one in self._open[self._open.index(key) :]), name])
            return self._refuse("B110", f"the type `{name}` contains itself: {around}", document, path)
        if len(self._open) >= MAX_NAMED_DEPTH:
            return self._refuse("B110", f"types named in types, more than {MAX_NAMED_DEPTH} deep", document, path)
        before = self._count
        self._open.append(key)
        raw = next(one for one in header.document.at("types") if one.replace("-", "_") == name)
        field = self.field(header.document, ("types", raw), headers)
        self._open.pop()
        count = self._count - before
        if count > MAX_FIELDS:
            field, count, self._count = BROKEN, 1, before + 1
            self._refuse("B005", f"the type `{name}` has more than {MAX_FIELDS:,} fields", document, path)
        self._named[key] = field, count
        return field

    def check_types(self, headers: Headers) -> None:
        """Read every type that the last of `headers` names, used or not."""
        header = headers[-1]
        for name in header.keys.types if header.keys else ():
            if name in (*SIMPLE, "object", "map", "list"):
                spot = header.document.key("types", name)
                self._findings.add("B602", f"`{name}` is a type already", spot, help="give it another name")
            else:
                self._of_type(name, header.document, ("types", name), headers)

    def _tell_twins(self, data: Iterable[str], document: Document, path: Path_) -> None:
        names: dict[str, str] = {}
        for key in data:
            name = key.replace("-", "_")
            first = names.setdefault(name.replace("_", ""), name)
            if first != name:
                message = f"`{name}` and `{first}` differ only by underscores: on the wire they are one"
                self._findings.add("B605", message, document.key(*path, key))

    def _refuse(self, code: str, message: str, document: Document, path: Path_, *, help: str = "") -> Field:
        self._findings.add(code, message, document.value(*path), help=help)
        return BROKEN


_SIMPLE_FIELDS: dict[str, Field] = {name: Field(type=name) for name in SIMPLE}


def find(fields: dict[str, Field], path: str) -> Field | None:
    """The field at a dotted path; BROKEN below what could not be read; None where there is none."""
    field: Field | None = None
    for step in path.split("."):
        field = fields.get(step)
        if field is None or field is BROKEN:
            return field
        fields = field.properties
    return field


def is_simple(field: Field) -> bool:
    """Whether values of a field can be compared, sorted and indexed."""
    return field.type not in ("list", "object", "map", "json", "bytes")
