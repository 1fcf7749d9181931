# SPDX-License-Identifier: MPL-2.0
"""Test sets that nothing which ships has learned from. Every look at one is logged (`../../experiments`)."""
