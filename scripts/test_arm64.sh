#!/usr/bin/env bash
# Installs MediaPipe for ARM64 with README.md's command, and finds the person of a photograph with it and the package's
# Landmarker, all emulated by qemu on an x86_64 machine. Not part of `make test`: it takes 2 to 10 minutes and 1.2 GB.
#
#   scripts/test_arm64.sh [FOLDER]       FOLDER: where all is put and kept, build/arm64 by default
#
# Needs: qemu-user-static, apt, and a Debian or Ubuntu whose Python is 3.10 to 3.12 and whose package sources have arm64
# (Debian 12 has; Ubuntu's lie elsewhere: name a sources file for them, APT_SOURCES=/path/ports.list); `make setup` done. No
# root. ROS 2 is not needed and not tested: PyPI has none for ARM64. From Python 3.13 on it would be MediaPipe 1.x, which qemu
# 7.2 cannot run. qemu refuses the guard's filter too: the line that begins with aarch64 says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$(realpath -m "${1:-build/arm64}")
root=$folder/root site=$folder/site apt=$folder/apt
sources=${APT_SOURCES:-}
# Python, pip, and the libraries of README.md's apt line that MediaPipe and OpenCV load.
packages=(python3 python3-pip ca-certificates libgl1 libegl1 libgles2 libglib2.0-0)

doing=
say() { doing=$*; printf '[arm64] %s ...\n' "$doing"; }
trap 'printf "[arm64] FAILED: %s\n" "$doing" >&2' ERR

say 'looking for what this needs'
for command in qemu-aarch64-static apt-get dpkg-deb; do
  command -v "$command" >/dev/null || { echo "$command is missing: apt-get install qemu-user-static"; false; }
done
[ -x .venv/bin/python ] || { echo 'run make setup first: what is found here is compared with what ARM64 finds'; false; }

# apt with a state of its own, for another machine than this one; dpkg-deb unpacks, and nothing is configured.
mkdir -p "$root" "$apt"/{state/lists/partial,cache/archives/partial}
touch "$apt/status"
arm_apt() {
  apt-get -q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" \
    -o Dir::Cache="$apt/cache" -o APT::Sandbox::User= ${sources:+-o Dir::Etc::sourcelist="$(realpath "$sources")"} \
    ${sources:+-o Dir::Etc::sourceparts=-} "$@"
}
if [ ! -e "$root/unpacked" ]; then
  say "getting packages for arm64 from this machine's sources of packages"
  arm_apt update
  arm_apt install --yes --download-only --no-install-recommends "${packages[@]}"
  say 'unpacking them'
  for package in "$apt"/cache/archives/*.deb; do dpkg-deb --extract "$package" "$root"; done
  touch "$root/unpacked"
fi

emulated() {
  env -i HOME="$folder" XDG_CACHE_HOME="${XDG_CACHE_HOME:-$HOME/.cache}" PATH=/usr/bin:/bin LANG=C.UTF-8 \
    ${PIP_CERT:+PIP_CERT="$PIP_CERT"} PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONPATH="$site:$PWD" PYTHONDONTWRITEBYTECODE=1 \
    qemu-aarch64-static -L "$root" "$root/usr/bin/python3" "$@"
}
say 'asking the emulated Python what it is'
emulated -c 'import platform, sys; print(platform.machine(), sys.version)
if not (3, 10) <= sys.version_info[:2] <= (3, 12): sys.exit("wanted Python 3.10 to 3.12: take the sources of another release")'

if [ ! -e "$site/installed" ]; then
  say "pip install -c constraints-ros.txt mediapipe, emulated (some minutes)"
  emulated -m pip install --target "$site" --only-binary=:all: --no-compile --progress-bar off -c constraints-ros.txt mediapipe
  touch "$site/installed"
fi

say "finding the person on this machine's processor"
PYTHONPATH=$PWD .venv/bin/python scripts/arm64_person.py --expect "$folder/expected.npz"
say 'finding the same person on ARM64, emulated (half a minute)'
emulated scripts/arm64_person.py "$folder/expected.npz"
echo '[arm64] passed'
