# SPDX-License-Identifier: Apache-2.0
"""What was found, for notebooks: from bags, tables and topics, as arrays, tables and plots."""
