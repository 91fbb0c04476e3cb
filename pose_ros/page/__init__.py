# SPDX-License-Identifier: Apache-2.0
"""Shows running pose nodes in a browser, and steers them; a process of its own."""
