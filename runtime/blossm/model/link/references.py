"""Who may call and read whom: references resolved to addresses, along the direction of dependencies."""

from __future__ import annotations

from blossm.model.diagnostics import did_you_mean
from blossm.model.link.index import Draft, Index
from blossm.model.names import address
from blossm.model.network import Reads


def calls(draft: Draft, index: Index) -> tuple[str, ...]:
    """The commands that a command may call."""
    found = []
    for at, word in enumerate(draft.keys.calls):
        target = word if "." in word else address(draft.service, draft.domain, word)
        spot = draft.document.value("calls", at)
        if index.has("command", target):
            _along(target.split(".")[0], draft, index, "calls", at)
            found.append(target)
        elif fact(word, draft, index):
            index.findings.add("B301", f"`{word}` is a fact, and facts are not called", spot, help="move it to `reads`")
        else:
            known = [*index.addresses("command"), *_short("command", draft, index)]
            index.tell_unknown(f"there is no command `{word}`", spot, help=did_you_mean(word, known, there_are="commands"))
    return tuple(dict.fromkeys(found))


def fact(word: str, draft: Draft, index: Index) -> str:
    """The fact that a word means: the domain's, else the network's, else the one with this address; or nothing."""
    own = address(draft.service, draft.domain, word)
    if draft.domain and "." not in word and index.has("fact", own):
        return own
    return word if index.has("fact", word) else ""


def reads(draft: Draft, index: Index) -> Reads:
    """The facts and event stores that a command, a fact or a projection may read; its own service's stores always."""
    facts, stores = [], [address(draft.service, domain) for domain in index.stores_of(draft.service)]
    for at, word in enumerate(draft.keys.reads):
        if target := fact(word, draft, index):
            if "." in target:
                _along(target.split(".")[0], draft, index, "reads", at)
            facts.append(target)
        elif index.has("event-store", word) and draft.kind == "projection":
            help = "a projection reads the event stores that it listens to: see `events`"
            index.findings.add("B505", f"`{word}` is an event store", draft.document.value("reads", at), help=help)
        elif index.has("event-store", word):
            _along(word.split(".")[0], draft, index, "reads", at)
            stores.append(word)
        else:
            _tell_unreadable(word, at, draft, index)
    return Reads(facts=tuple(dict.fromkeys(facts)), event_stores=tuple(dict.fromkeys(stores)))


def _tell_unreadable(word: str, at: int, draft: Draft, index: Index) -> None:
    spot = draft.document.value("reads", at)
    if (draft.service, word) in index.domains:
        help = "leave it out: the event stores of its own service may always be read"
        index.findings.add("B301", f"`{word}` is a domain of this service, and no fact", spot, help=help)
        return
    known = [*index.addresses("fact"), *index.addresses("event-store"), *_short("fact", draft, index)]
    what = "event store" if word.count(".") == 1 else "fact"
    index.tell_unknown(f"there is no {what} `{word}`", spot, help=did_you_mean(word, known, there_are="what can be read"))


def _short(kind: str, draft: Draft, index: Index) -> list[str]:
    """The names of the domain's own, which need no address."""
    own = f"{address(draft.service, draft.domain)}."
    return [one.removeprefix(own) for one in index.addresses("fact" if kind == "fact" else "command") if one.startswith(own)]


def _along(service: str, draft: Draft, index: Index, key: str, at: int) -> None:
    """Refuse what leads to a service that the procedure's own does not depend on. The network's own procedures may."""
    if not draft.service or service in (draft.service, *index.services.get(draft.service, ())):
        return
    back = draft.service in index.services.get(service, ())
    against = f": `{service}` depends on `{draft.service}`" if back else ""
    message = f"`{draft.service}` does not depend on `{service}`{against}"
    help = "" if back else f"the header of `{draft.service}` may say `depends_on: [{service}]`"
    index.findings.add("B304", message, draft.document.value(key, at), help=help)


def logs(draft: Draft, index: Index) -> tuple[str, ...]:
    """The domains that a command may log to."""
    own = index.stores_of(draft.service)
    open_ = [domain for domain, store in own.items() if not (store.keys and store.keys.retired)]
    match draft.keys.logs:
        case None:
            return tuple(domain for domain in open_ if domain == draft.domain)
        case "all":
            return tuple(open_)
        case [*words] if all(isinstance(word, str) for word in words):
            names = [word.replace("-", "_") for word in words]
            return tuple(dict.fromkeys(name for at, name in enumerate(names) if _logs_to(name, at, open_, draft, index)))
    help = f"write `[{draft.keys.logs}]`" if isinstance(draft.keys.logs, str) else ""
    index.findings.add("B105", "`logs` takes a list of domains, or `all`", draft.document.value("logs"), help=help)
    return ()


def _logs_to(name: str, at: int, open_: list[str], draft: Draft, index: Index) -> bool:
    if name in open_:
        return True
    spot = draft.document.value("logs", at)
    others = [one for one in index.domains if one[0] != draft.service]
    homes = [service for service, domain in others if name in (domain, f"{service}.{domain}")]
    if (draft.service, name) in index.domains:
        retired = index.has("event-store", f"{draft.service}.{name}")
        index.findings.add("B306", f"`{name}` {'is retired' if retired else 'has no event store'}: it takes no events", spot)
    elif homes:
        help = "a command logs to its own service; it may call a command of another"
        index.findings.add("B305", f"`{name}` is a domain of `{homes[0]}`, not of `{draft.service}`", spot, help=help)
    else:
        help = did_you_mean(name, open_, there_are="domains")
        index.tell_unknown(f"there is no domain `{name}` in `{draft.service}`", spot, help=help)
    return False
