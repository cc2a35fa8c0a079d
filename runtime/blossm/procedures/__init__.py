"""The eight kinds of procedures, a file each. They know ports only: no transport, no database.

    write side                      read side
    event_store   command           view_store   projection
    fact          command_gateway   view_gateway
    fact_gateway

What stands beside them serves one of them: intake, questions, states and saved_states the event store; asked the command
and the fact; asking the view store; projector and as_of the projection (and a replay). `doors` is what gateways share.
"""
