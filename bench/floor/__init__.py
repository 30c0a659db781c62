"""The floor: the least that five processes can do for a flow and still lose and double nothing."""
