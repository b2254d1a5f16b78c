"""What only workers run: the supervisor of the links, their leases, and the step that Celery starts.

Web code never imports this.
"""
