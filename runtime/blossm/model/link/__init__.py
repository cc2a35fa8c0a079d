"""From documents to the network: what refers to what, resolved and checked."""
