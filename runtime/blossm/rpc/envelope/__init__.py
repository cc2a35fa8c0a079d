"""The words of core as the wire has them, and back. What goes there and comes back is what it was.

`…_to_wire` makes the keyword arguments of a message, nested as deep as they go: protobuf builds all of it in one go.
`…_from_wire` reads a message; with `at`, the path of what a foreign hand may have written, it raises BadRequest.
"""
