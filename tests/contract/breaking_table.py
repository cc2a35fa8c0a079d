"""Changes to a network, what we say of each, what buf says (category WIRE_JSON), and where the two differ, why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One change. `ours`: the codes that `blossm check` tells, none where it is only stale; `buf`: the rules that buf tells."""

    name: str
    before: str
    after: str
    ours: frozenset[str] = frozenset()
    buf: frozenset[str] = frozenset()
    why: str = ""  # needed where one of the two breaks and the other does not


RULES = "the rule is in an option, which buf does not read"
PRESENCE = "in proto3 every scalar is optional to protobuf; what is required is in an option"


def store(schema: str, actions: str) -> str:
    return f"procedure: event-store\nschema: {{{schema}}}\nactions: {{{actions}}}\n"


def command(payload: str, response: str = "") -> str:
    said = f"response: {response}\n" if response else ""
    return f"procedure: command\nname: paint\npayload: {{{payload}}}\n{said}"


def fact(query: str, response: str) -> str:
    return f"procedure: fact\nname: price\nquery: {{{query}}}\nresponse: {response}\n"


def both(*documents: str) -> str:
    return "---\n".join(documents)


def listed(fields: str) -> str:
    return store("color: string, coats: integer, by: {type: string, optional: true}", f"painted: {{fields: [{fields}]}}")


def row(name: str, before: str, after: str, *, ours: str = "", buf: str = "", why: str = "") -> Row:
    return Row(name=name, before=before, after=after, ours=frozenset(ours.split()), buf=frozenset(buf.split()), why=why)


ANY = store("color: string", "painted: {fields: [color]}")


def paints(color: str, more: str = "") -> str:
    """An event store whose one action carries a colour, and perhaps more."""
    names = ", ".join(["color", *(part.partition(":")[0] for part in more.split("; ") if part)])
    schema = ", ".join([f"color: {color}", *(part for part in more.split("; ") if part)])
    return store(schema, f"painted: {{fields: [{names}]}}")


def lifted(color: str, more: str = "") -> str:
    return paints(color, more).replace("painted: {", "painted: {version: 2, ")


PAINT = command("color: string")
PRICE = fact("", "number")
CALLED = "which service of the wire it is called by stands in a comment"
GONE = "its message stays, empty and with all of its fields reserved, which is enough for bytes; nobody answers to it any more"
REQUEST_GONE = "unknown fields of a request are refused, so a caller who still sends it is turned away"

ROWS = [
    # events: written long ago, read now; written now, read by others
    row("an event gets an optional field", paints("string"), paints("string", "coats: {type: integer, optional: true}")),
    row("an event gets a field with a default", paints("string"), paints("string", "coats: {type: integer, default: 1}")),
    row(
        "an event gets a required field", paints("string"), paints("string", "coats: integer"), ours="B706", why=PRESENCE
    ),
    row(
        "an event gets a required field, with a version and an upcaster",
        paints("string"),
        lifted("string", "coats: integer"),
    ),
    row(
        "an event's optional field is required",
        paints("string", "coats: {type: integer, optional: true}"),
        paints("string", "coats: integer"),
        ours="B706",
        why=PRESENCE,
    ),
    row(
        "an event's optional field is required, with a version and an upcaster",
        paints("string", "coats: {type: integer, optional: true}"),
        lifted("string", "coats: integer"),
    ),
    row(
        "an event's required field is optional",
        paints("string", "coats: integer"),
        paints("string", "coats: {type: integer, optional: true}"),
        ours="B708",
        why=PRESENCE,
    ),
    row(
        "an event loses a required field",
        listed("color, coats"),
        listed("color"),
        ours="B708",
        why="it is reserved, which is enough for bytes; readers have been told that it is always there",
    ),
    row("an event loses an optional field", listed("color, by"), listed("color")),
    row(
        "an event's field changes its type, and so does the state's",
        paints("string"),
        paints("integer"),
        ours="B703",
        buf="FIELD_NO_DELETE_UNLESS_NAME_RESERVED",
    ),
    row(
        "an event's field changes its type, with a version and an upcaster",
        paints("string"),
        lifted("integer"),
        ours="B703",
        buf="FIELD_NO_DELETE_UNLESS_NAME_RESERVED",
    ),
    row(
        "an integer is a number",
        paints("integer"),
        paints("number"),
        ours="B703",
        buf="FIELD_NO_DELETE_UNLESS_NAME_RESERVED",
    ),
    row("a text is a uuid", paints("string"), paints("uuid"), ours="B707", why=RULES),
    row("a uuid is any text", paints("uuid"), paints("string")),
    row(
        "the items of a list that may be absent are of another type, of the same type to protobuf",
        paints("{type: [json], optional: true}"),
        paints("{type: [bytes], optional: true}"),
        ours="B703",
        buf="FIELD_NO_DELETE_UNLESS_NAME_RESERVED",
    ),
    row(
        "an object of one list called values gets an optional field",
        paints("{type: object, properties: {values: [string]}}"),
        paints("{type: object, properties: {values: [string], unit: {type: string, optional: true}}}"),
    ),
    row(
        "an object is a map",
        paints("{type: object, properties: {name: string}}"),
        paints("{type: map, values: string}"),
        ours="B703",
        buf="FIELD_NO_DELETE_UNLESS_NAME_RESERVED FIELD_SAME_JSON_NAME FIELD_SAME_NAME "
        "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY FIELD_WIRE_JSON_COMPATIBLE_TYPE",
    ),
    row(
        "an event's choices are fewer",
        paints("{type: string, in: [red, blue]}"),
        paints("{type: string, in: [red]}"),
        ours="B707",
        why=RULES,
    ),
    row(
        "an event's choices are fewer, with a version and an upcaster",
        paints("{type: string, in: [red, blue]}"),
        lifted("{type: string, in: [red]}"),
    ),
    row("an event's choices are more", paints("{type: string, in: [red]}"), paints("{type: string, in: [red, blue]}")),
    row(
        "an event's bound is narrower",
        paints("{type: integer, max: 9}"),
        paints("{type: integer, max: 5}"),
        ours="B707",
        why=RULES,
    ),
    row("an event's bound is wider", paints("{type: integer, max: 5}"), paints("{type: integer, max: 9}")),
    row(
        "an action is gone",
        store("color: string", "painted: {fields: [color]}, sold: {fields: []}"),
        store("color: string", "painted: {fields: [color]}"),
        ours="B709",
        why=GONE,
    ),
    row(
        "an action is new",
        store("color: string", "painted: {fields: [color]}"),
        store("color: string", "painted: {fields: [color]}, sold: {fields: []}"),
    ),
    row(
        "an action has another name",
        store("color: string", "painted: {fields: [color]}"),
        store("color: string", "coloured: {fields: [color]}"),
        ours="B709",
        why=GONE,
    ),
    row(
        "a list of an event may be absent",
        paints("[string]"),
        paints("{type: [string], optional: true}"),
        ours="B703",
        buf="FIELD_NO_DELETE_UNLESS_NAME_RESERVED",
    ),
    row("a state gets a field", listed("color"), listed("color").replace("coats:", "layers: integer, coats:")),
    row(
        "a state loses a field that no event has",
        store("color: string, coats: integer", "painted: {fields: [color]}"),
        store("color: string", "painted: {fields: [color]}"),
    ),
    # requests: written by callers, read by us
    row(
        "a request gets an optional field",
        command("color: string"),
        command("color: string, coats: {type: integer, optional: true}"),
    ),
    row(
        "a request gets a field with a default",
        command("color: string"),
        command("color: string, coats: {type: integer, default: 1}"),
    ),
    row(
        "a request gets a required field",
        command("color: string"),
        command("color: string, coats: integer"),
        ours="B706",
        why=PRESENCE,
    ),
    row(
        "a request's optional field is required",
        command("color: {type: string, optional: true}"),
        command("color: string"),
        ours="B706",
        why=PRESENCE,
    ),
    row(
        "a request's required field is optional",
        command("color: string"),
        command("color: {type: string, optional: true}"),
    ),
    row(
        "a default is gone",
        command("coats: {type: integer, default: 1}"),
        command("coats: integer"),
        ours="B706",
        why=PRESENCE,
    ),
    row(
        "a request loses a field",
        command("color: string, coats: integer"),
        command("color: string"),
        ours="B708",
        why=REQUEST_GONE,
    ),
    row(
        "a request's field has another name",
        command("color: string"),
        command("colour: {type: string, optional: true}"),
        ours="B708",
        why=REQUEST_GONE,
    ),
    row(
        "a request's text is shorter",
        command("color: string"),
        command("color: {type: string, max_length: 9}"),
        ours="B707",
        why=RULES,
    ),
    row(
        "a request's text is longer",
        command("color: {type: string, max_length: 9}"),
        command("color: {type: string, max_length: 99}"),
    ),
    row(
        "a request's pattern is new",
        command("color: string"),
        command("color: {type: string, pattern: '^a'}"),
        ours="B707",
        why=RULES,
    ),
    row(
        "a request's format is new",
        command("color: string"),
        command("color: {type: string, format: email}"),
        ours="B707",
        why=RULES,
    ),
    row(
        "an item's choices are fewer",
        command("colors: [{type: string, in: [red, blue]}]"),
        command("colors: [{type: string, in: [red]}]"),
        ours="B707",
        why=RULES,
    ),
    row(
        "a field in an object of a request is required now",
        command("by: {type: object, properties: {name: string}}"),
        command("by: {type: object, properties: {name: string, email: string}}"),
        ours="B706",
        why=PRESENCE,
    ),
    # responses and rows: written by us, read by others
    row(
        "a response gets a field",
        command("color: string", "{color: string}"),
        command("color: string", "{color: string, coats: integer}"),
    ),
    row(
        "a response loses a field",
        command("color: string", "{color: string, coats: integer}"),
        command("color: string", "{color: string}"),
        ours="B708",
        why="it is reserved, which is enough for bytes; callers have been told that it is always there",
    ),
    row(
        "a response's field may be absent",
        command("color: string", "{coats: integer}"),
        command("color: string", "{coats: {type: integer, optional: true}}"),
        ours="B708",
        why=PRESENCE,
    ),
    row(
        "a response's choices are more",
        fact("", "{color: {type: string, in: [red]}}"),
        fact("", "{color: {type: string, in: [red, blue]}}"),
    ),
    row(
        "a response loses a field with a default",
        command("", "{coats: {type: integer, default: 1}}"),
        command("", "{}"),
        ours="B708",
        why="it is reserved, which is enough for bytes; callers have been told that it is always there",
    ),
    row(
        "a response's default is gone",
        command("", "{coats: {type: integer, default: 1}}"),
        command("", "{coats: {type: integer, optional: true}}"),
        ours="B708",
        why=PRESENCE,
    ),
    row(
        "a response's required field has a default",
        command("", "{coats: integer}"),
        command("", "{coats: {type: integer, default: 1}}"),
    ),
    row("a fact answers with a stream", PRICE, PRICE + "stream: true\n", ours="B703", why=CALLED),
    row("a fact answers once", PRICE + "stream: true\n", PRICE, ours="B703", why=CALLED),
    row(
        "a fact is a command",
        PRICE,
        PRICE.replace("procedure: fact", "procedure: command").replace("query", "payload"),
        ours="B703",
        why=CALLED,
    ),
    row(
        "a response is one value",
        fact("", "{price: number}"),
        fact("", "number"),
        ours="B708",
        why="it is reserved, which is enough for bytes; callers look for it",
    ),
    row(
        "a response says no more what it is",
        both(ANY, command("color: string", "{color: string}")),
        both(ANY, command("color: string")),
        ours="B709",
        why=GONE,
    ),
    row(
        "a command is gone",
        both(ANY, command("color: string")),
        ANY,
        ours="B709",
        why=GONE,
    ),
    row("a fact is gone", both(ANY, fact("", "number")), ANY, ours="B709", why=GONE),
    row("an event store is gone", both(ANY, PAINT), PAINT, ours="B709", why=GONE),
    row("an event store is gone beside what has no rules", both(ANY, command("")), command(""), ours="B709", why=GONE),
    row("an event store is gone that was retired", both(ANY + "retired: true\n", PAINT), PAINT),
    row("a command is new", ANY, both(ANY, command("color: string"))),
    row("only the description is another", ANY, ANY.replace("schema:", "description: All of it.\nschema:")),
    row(
        "fields stand in another order",
        command("color: string, coats: integer"),
        command("coats: integer, color: string"),
    ),
]
