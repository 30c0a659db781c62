"""Other people's formats, read as our contracts: FHIR R4 and HL7 v2. Knows contracts, no service."""
