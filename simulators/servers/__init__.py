"""Real servers, started for one test or one measurement."""
