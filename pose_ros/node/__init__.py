# SPDX-License-Identifier: Apache-2.0
"""The pose node: the only room that wires the others to topics."""
