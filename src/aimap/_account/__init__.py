"""Accounts: connections that are made again, shared out, and watched, for months."""
