# SPDX-License-Identifier: Apache-2.0
"""Holds the text of a calibration file, as camera_calibration writes it."""

__all__ = ['CALIBRATION']

CALIBRATION = """\
image_width: 640
image_height: 480
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: [438.78, 0.     , 305.59,
         0.    , 437.35 , 243.73,
         0.    , 0.     , 1.    ]
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.361976, 0.110510, 0.001014, 0.000505, 0]
rectification_matrix:
  rows: 3
  cols: 3
  data: [0.99, 0.01, 0., -0.01, 0.99, 0., 0., 0., 1.]
projection_matrix:
  rows: 3
  cols: 4
  data: [393.65, 0., 322.79, 0., 0., 393.65, 241.09, 0.5, 0., 0., 1., 0.]
"""
