"""Every key that blossm.yaml has, as pydantic models: used while loading, and by nothing that serves."""
