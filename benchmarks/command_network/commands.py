from blossm import Command, Event, PreconditionFailed, Reply

EVENTS = 10


async def add(command: Command) -> list[Event]:
    note = await command.aggregate()
    if note.number != EVENTS:
        raise PreconditionFailed(f"this root has {note.number} events, not {EVENTS}")
    return [Event("noted", command.payload)]


def prepare(command: Command) -> Reply:
    payload = command.payload
    roots = [command.new_root() for _ in range(payload["roots"])]
    events = [Event("noted", {"text": payload["text"]}, root=root) for root in roots for _ in range(payload["events"])]
    return Reply(events, response=roots)
