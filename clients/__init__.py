"""What a caller installs: the SDK, the FHIR mapping, a network in a folder, the `halcyon` CLI."""
