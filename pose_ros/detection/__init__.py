# SPDX-License-Identifier: Apache-2.0
"""Finds people in frames: the only room that runs MediaPipe."""
