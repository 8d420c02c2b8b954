"""SASL mechanisms as pure functions from challenge to response (:rfc:`4422`)."""
