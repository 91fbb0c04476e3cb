# SPDX-License-Identifier: Apache-2.0
"""Recordings: read in any common format, annotated like a camera's stream, written as bags."""
