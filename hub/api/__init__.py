"""The root of the REST API: its addresses, its documentation, and the health of this process."""
