# SPDX-License-Identifier: Apache-2.0
"""The people of a recording in the formats of other tools: tables, COCO, OpenPose, TRC."""
