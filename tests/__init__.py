"""Tests of all five services together, on real servers."""
