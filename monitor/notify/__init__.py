"""Channels: each turns a notice into bytes once, and delivers those bytes."""
