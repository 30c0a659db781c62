"""The mechanism every service stands on: it knows no service and no contract."""
