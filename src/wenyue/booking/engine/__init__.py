"""The engine: requests are gathered in batches, each decided and committed in one transaction."""
