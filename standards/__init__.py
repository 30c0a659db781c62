"""Other people's formats, read as our contracts; knows the contracts and no service."""
