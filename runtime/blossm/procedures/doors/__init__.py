"""What the three kinds of gateways share: from an HTTP request to an entry and its caller, and back."""
