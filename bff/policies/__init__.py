"""Policies: rules that may stop, delay, repeat or replace. Inbound for requests of frontends, outbound for calls."""
