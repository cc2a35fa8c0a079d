"""What messages, packages and files of a contract are called."""

from __future__ import annotations

NETWORK = "network"  # the package of what has no domain
VIEWS = "views"


def pascal(name: str) -> str:
    """`repair_begun` → `RepairBegun`."""
    return "".join(part.capitalize() for part in name.split("_"))


def entry_message(field: str) -> str:
    """What protobuf calls the message of a map's entries, in the message around it."""
    return f"{pascal(field)}Entry"


def package_of(address: str) -> str:
    """The package of a command or fact: its domain's."""
    return address.rpartition(".")[0] or NETWORK


def views_package(context: str) -> str:
    return f"{VIEWS}.{context}" if context else VIEWS


def file_path(package: str) -> str:
    """`shop.bicycle` → `shop/bicycle.proto`."""
    return package.replace(".", "/") + ".proto"


def event_message(store: str, action: str) -> str:
    """`event_message("shop.bicycle", "painted")` → `shop.bicycle.Painted`."""
    return f"{store}.{pascal(action)}"


def state_message(store: str) -> str:
    """`shop.bicycle` → `shop.bicycle.BicycleState`."""
    return f"{store}.{pascal(store.rpartition('.')[2])}State"


def request_message(address: str) -> str:
    """Of a command's payload or a fact's query: `shop.bicycle.paint` → `shop.bicycle.PaintRequest`."""
    return f"{package_of(address)}.{pascal(address.rpartition('.')[2])}Request"


def response_message(address: str) -> str:
    return f"{package_of(address)}.{pascal(address.rpartition('.')[2])}Response"


def row_message(address: str) -> str:
    """Of a view: `garage.bicycles` → `views.garage.Bicycles`."""
    context, _, name = address.rpartition(".")
    return f"{views_package(context)}.{pascal(name)}"
