# SPDX-License-Identifier: Apache-2.0
"""What tests and benchmarks share: recordings of people, what is in them, and how to judge."""
