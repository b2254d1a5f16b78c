"""What a rule decides: conditions, transforms and out-topic addresses. Pure: no Django, no clock, no I/O."""
