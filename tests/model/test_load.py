"""From files to a network: headers, inheritance, references, handlers."""

from pathlib import Path

import pytest
from tests.model.conftest import Write

from blossm.model.diagnostics import InvalidNetwork
from blossm.model.load import check, find_root, load
from blossm.model.network import CommandSpec, Handler, Network, Ref, Shape

NETWORK = "network: city.example\n"
SHOP = "---\nservice: shop\n---\ndomain: bicycle\n"
STORE = "---\nprocedure: event-store\nschema: {frame_color: string}\nactions: [registered, painted]\n"
PAINT = "---\nprocedure: command\nname: paint\n"
COMMANDS = "async def paint(command):\n    return []\n"


def command(network: Network) -> CommandSpec:
    return network.commands["shop.bicycle.paint"]


def codes(folder: Path) -> list[str]:
    return [problem.code for problem in check(folder)]


def test_a_network_may_lie_in_one_file(write: Write) -> None:
    network = load(write({"blossm.yaml": NETWORK + SHOP + STORE + PAINT, "commands.py": COMMANDS}))
    assert [procedure.ref for procedure in network.procedures()] == [
        Ref("event-store", "shop.bicycle"),
        Ref("command", "shop.bicycle.paint"),
    ]
    assert network.services["shop"].domains == ("bicycle",)


def test_headers_are_inherited_by_folders_below(write: Write) -> None:
    files = {"blossm.yaml": NETWORK, "a/blossm.yaml": "service: shop\n", "a/b/c/blossm.yaml": "domain: bicycle\n" + STORE}
    assert list(load(write(files)).event_stores) == ["shop.bicycle"]


def test_a_further_header_begins_a_new_scope(write: Write) -> None:
    text = NETWORK + SHOP + STORE + "---\ndomain: wheel\n" + STORE + "---\nservice: staff\n---\ndomain: mechanic\n" + STORE
    network = load(write({"blossm.yaml": text}))
    assert list(network.event_stores) == ["shop.bicycle", "shop.wheel", "staff.mechanic"]


def test_a_new_service_leaves_the_domain_behind(write: Write) -> None:
    assert codes(write({"blossm.yaml": NETWORK + SHOP + STORE + "---\nservice: staff\n" + STORE})) == ["B124"]


def test_a_domain_may_say_its_service(write: Write) -> None:
    network = load(write({"blossm.yaml": NETWORK + "---\nservice: shop\ndomain: bicycle\n" + STORE}))
    assert list(network.services) == ["shop"]


def test_an_event_store_may_say_where_it_belongs_itself(write: Write) -> None:
    network = load(write({"blossm.yaml": NETWORK + STORE + "service: shop\ndomain: bicycle\n"}))
    assert list(network.event_stores) == ["shop.bicycle"]


def test_the_same_service_may_have_headers_in_several_folders(write: Write) -> None:
    files = {
        "blossm.yaml": NETWORK,
        "a/blossm.yaml": "service: shop\n---\ndomain: bicycle\n" + STORE,
        "b/blossm.yaml": "service: shop\ndepends_on: [staff]\n---\ndomain: wheel\n" + STORE,
        "c/blossm.yaml": "service: staff\n",
    }
    network = load(write(files))
    assert network.services["shop"].domains == ("bicycle", "wheel")
    assert network.services["shop"].depends_on == ("staff",)


def test_defaults_merge_and_the_nearest_wins(write: Write) -> None:
    text = (
        NETWORK
        + "defaults: {memory: 512Mi, timeout: 30s}\n---\nservice: shop\ndefaults: {timeout: 2m, concurrency: 8}\n"
        + "---\ndomain: bicycle\n"
        + PAINT
        + "concurrency: 4\n"
    )
    network = load(write({"blossm.yaml": text, "commands.py": COMMANDS}))
    assert command(network).shape == Shape(memory="512Mi", timeout=120.0, concurrency=4)


def test_the_read_side_takes_nothing_from_service_and_domain_headers(write: Write) -> None:
    text = (
        NETWORK
        + "---\nservice: shop\ndefaults: {memory: 1Gi}\n---\ndomain: bicycle\n"
        + STORE
        + "---\ncontext: garage\ndefaults: {timeout: 5s}\n"
        + "---\nprocedure: view-store\nname: bicycles\nschema: {painted: integer}\n"
    )
    view = load(write({"blossm.yaml": text})).view_stores["garage.bicycles"]
    assert (view.service, view.domain, view.context) == ("", "", "garage")
    assert view.shape == Shape(memory="256Mi", timeout=5.0)


def test_hyphens_are_read_as_underscores(write: Write) -> None:
    text = (
        NETWORK
        + "---\nservice: bicycle-shop\n---\ndomain: bicycle-part\n---\nprocedure: event-store\nschema: {frame-color: string}\n"
        + "actions: {worn-out: {fields: [frame-color]}}\nindexes: [frame-color]\n---\nprocedure: command\nname: wear-out\n"
        + "---\nprocedure: command-gateway\ncommands: {wear-out: public}\n"
    )
    network = load(write({"blossm.yaml": text, "commands.py": "def wear_out(command): ...\n"}))
    store = network.event_stores["bicycle_shop.bicycle_part"]
    assert list(store.schema) == ["frame_color"]
    assert list(store.actions["worn_out"].payload) == ["frame_color"]
    gateway = network.command_gateways["c.bicycle-part.bicycle-shop"]
    assert gateway.host == "c.bicycle-part.bicycle-shop.dev.city.example"
    assert gateway.entries["wear_out"].target == Ref("command", "bicycle_shop.bicycle_part.wear_out")


def test_extensions_are_ignored_everywhere(write: Write) -> None:
    text = (
        "network: city.example\nx-a: 1\nauth: {x-b: 1}\ndefaults: {x-c: 2}\ntypes: {x-d: 3}\nroles: {x-e: 4}\n"
        + SHOP
        + "---\nprocedure: event-store\nx-f: 5\nschema: {x-g: 6, a: {type: string, x-h: 7}}\n"
        + "actions: {x-i: 8, painted: {x-j: 9}}\n"
        + PAINT
        + "env: {x-k: {a: b}}\n---\nprocedure: command-gateway\ncommands: {x-l: 10, paint: {access: public, x-m: 11}}\n"
    )
    network = load(write({"blossm.yaml": text, "commands.py": COMMANDS}))
    assert list(network.event_stores["shop.bicycle"].actions) == ["painted"]


def test_what_lies_aside_is_passed_over(write: Write) -> None:
    files = {"blossm.yaml": NETWORK}
    broken = {f"{folder}/blossm.yaml": "a: [" for folder in (".hidden", ".blossm", ".venv", "node_modules/x", "a/__pycache__")}
    other = {"tests/other/blossm.yaml": "network: other.example\n", "tests/other/below/blossm.yaml": "b: ["}
    assert check(write({**files, **broken, **other})) == []


def test_a_fact_without_a_domain_is_the_networks_and_reads_all_services(write: Write) -> None:
    text = (
        NETWORK
        + "---\nprocedure: fact\nname: count\nreads: [shop.bicycle]\n"
        + SHOP
        + STORE
        + "---\nprocedure: fact\nname: price\nreads: [count]\n"
    )
    network = load(write({"blossm.yaml": text, "facts.py": "def count(fact): ...\n\n\ndef price(fact): ...\n"}))
    assert network.facts["count"].reads.event_stores == ("shop.bicycle",)
    assert network.facts["shop.bicycle.price"].reads.facts == ("count",)
    assert network.facts["shop.bicycle.price"].reads.event_stores == ("shop.bicycle",)


def test_a_short_name_is_the_domains_before_the_networks(write: Write) -> None:
    fact = "---\nprocedure: fact\nname: price\n"
    text = NETWORK + fact + SHOP + fact + "---\nprocedure: fact\nname: offer\nreads: [price]\n"
    network = load(write({"blossm.yaml": text, "facts.py": "def price(fact): ...\n\n\ndef offer(fact): ...\n"}))
    assert network.facts["shop.bicycle.offer"].reads.facts == ("shop.bicycle.price",)


def test_a_command_logs_to_its_own_domain_unless_it_says_otherwise(write: Write) -> None:
    text = NETWORK + SHOP + STORE + PAINT + "$said" + "---\ndomain: wheel\n" + STORE
    root = write({"commands.py": COMMANDS})
    for said, logs in (
        ("", ("bicycle",)),
        ("logs: all\n", ("bicycle", "wheel")),
        ("logs: [wheel]\n", ("wheel",)),
        ("logs: []\n", ()),
    ):
        (root / "blossm.yaml").write_text(text.replace("$said", said))
        assert command(load(root)).logs == logs


def test_a_fact_gateway_stands_on_every_level(write: Write) -> None:
    gateway = "---\nprocedure: fact-gateway\nfacts: {shop.bicycle.price: public}\n"
    text = (
        NETWORK
        + gateway
        + "---\nservice: shop\n"
        + gateway
        + "---\ndomain: bicycle\n"
        + gateway
        + "---\nprocedure: fact\nname: price\n"
    )
    network = load(write({"blossm.yaml": text, "facts.py": "def price(fact): ...\n"}), environment="production")
    assert [one.host for one in network.fact_gateways.values()] == [
        "f.city.example",
        "f.shop.city.example",
        "f.bicycle.shop.city.example",
    ]
    assert all(list(one.entries) == ["price"] for one in network.fact_gateways.values())


def test_access_has_these_forms(write: Write) -> None:
    names = ["a", "b", "c", "d", "e", "f"]
    text = (
        "network: city.example\nauth: {issuers: [{name: id, issuer: me, key: k}, {name: challenge, issuer: me, key: k}]}\n"
        + SHOP
        + "".join(f"---\nprocedure: command\nname: {name}\n" for name in names)
        + '---\nprocedure: command-gateway\ncommands:\n  a: public\n  b: [paint, "staff:mechanic:look-at"]\n  c: {all: [a, b]}\n'
        + "  d: {access: {all: [a]}, rate: 120/m}\n  e: {access: signed_in, issuer: challenge}\n  f: optional\n"
    )
    files = {"blossm.yaml": text, "commands.py": "".join(f"def {name}(command): ...\n" for name in names)}
    access = {name: entry.access for name, entry in load(write(files)).command_gateways["c.bicycle.shop"].entries.items()}
    assert [one.rule for one in access.values()] == ["public", "any", "all", "all", "signed_in", "optional"]
    assert access["b"].permissions == ("shop:bicycle:paint", "staff:mechanic:look-at")
    assert access["d"].rate == 2.0
    assert access["e"].issuer == "challenge"


def test_roles_of_all_headers_are_taken_together(write: Write) -> None:
    text = (
        NETWORK
        + 'roles: {mechanic: ["shop:bicycle:paint"]}\n---\nservice: shop\n'
        + 'roles: {mechanic: {title: M, permissions: ["shop:*:*"]}}\n'
        + '---\ndomain: bicycle\nroles: {owner: ["*:*:*"]}\n'
    )
    roles = load(write({"blossm.yaml": text})).roles
    assert roles == {"mechanic": ("shop:bicycle:paint", "shop:*:*"), "owner": ("*:*:*",)}


def test_values_differ_per_environment(write: Write) -> None:
    text = (
        NETWORK
        + "auth: {issuers: [{name: id, key: k, issuer: {production: 'https://id.$network', default: dev}}]}\n"
        + SHOP
        + PAINT
        + "env: {production: {LOG: info}, default: {LOG: debug, AT: 'https://$network', N: 5, ON: true}}\n"
        + "---\nprocedure: command-gateway\ncommands: {paint: public}\n"
        + "allow: {default: ['http://localhost:3000'], production: ['https://www.$network']}\n"
    )
    root = write({"blossm.yaml": text, "commands.py": COMMANDS})
    staging, production = load(root, environment="staging"), load(root, environment="production")
    assert command(staging).env == {"LOG": "debug", "AT": "https://stg.city.example", "N": "5", "ON": "true"}
    assert command(production).env == {"LOG": "info"}
    assert (staging.issuers["id"].issuer, production.issuers["id"].issuer) == ("dev", "https://id.city.example")
    assert staging.command_gateways["c.bicycle.shop"].allow == ("http://localhost:3000",)
    assert production.command_gateways["c.bicycle.shop"].allow == ("https://www.city.example",)
    assert (staging.host, production.host) == ("stg.city.example", "city.example")


def test_handlers_are_found_by_name_or_where_the_yaml_says(write: Write) -> None:
    text = (
        NETWORK + SHOP + STORE + PAINT + "---\nprocedure: command\nname: sell\nhandler: deep/selling.py:sell_it\n"
        "---\nprocedure: view-store\nname: bicycles\nschema: {painted: integer}\n"
        "---\nprocedure: projection\nname: bicycles\nevents: {shop.bicycle: [painted]}\n"
    )
    files = {
        "blossm.yaml": NETWORK,
        "at/blossm.yaml": text.removeprefix(NETWORK),
        "at/commands.py": COMMANDS + "\n\ndef normalize_paint(payload): ...\n",
        "at/deep/selling.py": "from lib import sell_it\n",
        "at/events.py": "def painted(state, event): ...\n",
        "at/upcasters.py": "",
        "at/bicycles.py": "try:\n    pass\nfinally:\n    bicycle_painted = None\n",
        "at/format.py": "def bicycles(body): ...\n",
    }
    network = load(write(files))
    assert command(network).handler == Handler("at/commands.py", "paint")
    assert command(network).normalize == Handler("at/commands.py", "normalize_paint")
    assert network.commands["shop.bicycle.sell"].handler == Handler("at/deep/selling.py", "sell_it")
    assert network.event_stores["shop.bicycle"].handler == Handler("at/events.py")
    assert network.event_stores["shop.bicycle"].upcasters == "at/upcasters.py"
    assert network.projections["bicycles"].handler == Handler("at/bicycles.py")
    assert network.view_stores["bicycles"].format == Handler("at/format.py", "bicycles")


@pytest.mark.parametrize(
    "module", ["from other import *\n", "def __getattr__(name): ...\n", "if True:\n    paint = None\n", "a, *paint = 1, 2\n"]
)
def test_a_function_that_may_be_there_counts(write: Write, module: str) -> None:
    assert codes(write({"blossm.yaml": NETWORK + SHOP + PAINT, "commands.py": module})) == []


def test_a_module_is_never_run(write: Write) -> None:
    assert codes(write({"blossm.yaml": NETWORK + SHOP + PAINT, "commands.py": COMMANDS + "raise SystemExit\n"})) == []


def test_a_file_that_can_not_be_read_makes_nothing_else_unknown(write: Write) -> None:
    files = {
        "blossm.yaml": NETWORK + SHOP + PAINT + "calls: [staff.mechanic.notify]\n",
        "commands.py": COMMANDS,
        "staff/blossm.yaml": "a: [",
    }
    assert codes(write(files)) == ["B002"]


def test_a_procedure_that_can_not_be_read_is_not_unknown(write: Write) -> None:
    text = NETWORK + SHOP + STORE + PAINT + "retries: many\n---\nprocedure: command-gateway\ncommands: {paint: public}\n"
    assert codes(write({"blossm.yaml": text, "commands.py": COMMANDS})) == ["B105"]


def test_an_event_store_whose_actions_can_not_be_read_is_asked_for_none(write: Write) -> None:
    text = NETWORK + SHOP + "---\nprocedure: event-store\nactions:\n  painted: {version: one}\n" + PAINT
    text += "examples: [{name: paints, then: [{action: painted}]}]\n"
    assert codes(write({"blossm.yaml": text, "commands.py": COMMANDS})) == ["B105"]


def test_nothing_here_is_one_clear_problem(tmp_path: Path) -> None:
    assert codes(tmp_path) == ["B001"]
    assert codes(tmp_path / "nowhere") == ["B001"]
    with pytest.raises(InvalidNetwork, match=r"no `blossm\.yaml`"):
        load(tmp_path)


def test_the_root_is_found_from_below(write: Write) -> None:
    root = write({"blossm.yaml": "# City\n" + NETWORK, "services/shop/blossm.yaml": "service: shop\n"})
    assert find_root(root / "services" / "shop") == root
    assert find_root(root / "services" / "shop" / "blossm.yaml") == root
    assert find_root(root) == root


def test_a_folder_inside_of_a_network_is_told_from_its_root(write: Write) -> None:
    root = write({"blossm.yaml": NETWORK, "services/blossm.yaml": "service: shop\n"})
    [problem] = check(root / "services")
    assert (problem.code, problem.help) == ("B120", f"the network's folder is `{root}`")


@pytest.mark.parametrize("said", ["context: dev", "context: garage_"])
def test_a_context_that_a_view_itself_names_is_held_to_the_same(write: Write, said: str) -> None:
    text = f"{NETWORK}---\nprocedure: view-store\nname: bicycles\nschema: {{painted: integer}}\n{said}\n"
    assert codes(write({"blossm.yaml": text})) == ["B602" if "dev" in said else "B601"]


def test_outside_of_a_network_there_is_no_root(tmp_path: Path) -> None:
    with pytest.raises(InvalidNetwork, match="this lies in no network"):
        find_root(tmp_path)


def test_a_folder_that_forgot_its_network_header_is_taken_for_its_root(write: Write) -> None:
    root = write({"blossm.yaml": "netwrok: city.example\n"})
    assert find_root(root) == root
    assert codes(root) == ["B101"]
