# SPDX-License-Identifier: Apache-2.0
"""The way of a frame from pixels to placed people, and the parameters: for node and recordings."""
