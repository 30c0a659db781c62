"""What the workshop needs and the product does not: contracts, the map of facts, house rules."""
