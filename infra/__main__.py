"""The Pulumi program: the network that the stack names, as cloud resources (`pulumi up --stack dev`)."""

from blossm_infra import Network, NetworkArgs, load_network, load_settings

settings = load_settings()
model = load_network(settings)
network = Network(model.name, NetworkArgs(model=model, settings=settings))
network.export()
