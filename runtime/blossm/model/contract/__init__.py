"""The network's contract: its fields as protobuf messages, with numbers that stay for years."""
