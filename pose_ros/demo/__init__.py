# SPDX-License-Identifier: Apache-2.0
"""The demo camera: films a webcam, a video or a photograph."""
