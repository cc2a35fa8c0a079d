"""Every kind of problem that a network can have: one code each, with a page in docs/errors and a golden folder in tests/invalid.

B0 the file, B1 keys and values, B2 handlers, B3 references, B4 gateways, B5 the read side, B6 names.
"""

from __future__ import annotations

from types import MappingProxyType

CODES = MappingProxyType(
    {
        "B001": "no network here",
        "B002": "not YAML",
        "B003": "a file that can't be read",
        "B004": "a key twice",
        "B005": "too large, too deep or without an end",
        "B006": "a value that blossm.yaml does not have",
        "B101": "a document that says too little or too much",
        "B102": "an unknown kind of procedure",
        "B103": "a missing key",
        "B104": "an unknown key",
        "B105": "a value of the wrong type",
        "B106": "a value out of bounds",
        "B107": "a key that comes later",
        "B108": "an unknown type",
        "B109": "an attribute that does not fit its type",
        "B110": "a type without an end",
        "B111": "a pattern that can't be matched",
        "B112": "a value that does not fit its own field",
        "B120": "no network header",
        "B121": "two network headers",
        "B122": "a document that disagrees with its header",
        "B123": "a procedure below several scopes",
        "B124": "a document without its service or domain",
        "B201": "a missing handler module",
        "B202": "a missing handler function",
        "B203": "a handler module that is not Python",
        "B204": "a fact that streams and one that doesn't",
        "B205": "a gap between versions",
        "B206": "a handler that can't be meant",
        "B301": "an unknown reference",
        "B302": "an unknown action",
        "B303": "a circle of dependencies",
        "B304": "a call against the direction of dependencies",
        "B305": "logging to a domain of another service",
        "B306": "logging where no event is taken",
        "B307": "an unknown field",
        "B401": "a gateway entry without access",
        "B402": "an unknown form of access",
        "B403": "an unknown issuer",
        "B404": "a value missing in an environment",
        "B405": "nobody can sign in",
        "B501": "a projection without its view store",
        "B502": "an index, sort or text over a field that can't carry it",
        "B503": "a field named like a word of the query",
        "B504": "one row per context, without a context",
        "B505": "a projection that reads an event store",
        "B601": "a name that can't be one",
        "B602": "a reserved name",
        "B603": "a name that is too long",
        "B604": "two procedures with one address",
        "B605": "two field names that are one",
    }
)
