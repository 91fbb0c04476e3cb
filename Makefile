# make demo | demo-picture | still-pictures | search-picture | page | page-pictures | test | test-mediapipe | test-readers | chaos | bench | soak | restarts | bench-accuracy | bench-people | bench-quality | reference | lint | setup, each with ROS_DISTRO=jazzy (default) or kilted. Needs no ROS 2 on the machine.

# A sourced ROS 2 installation sets ROS_DISTRO and search paths too; only a distro named on the command line counts.
ifneq ($(origin ROS_DISTRO),command line)
  ROS_DISTRO := jazzy
endif
ifeq ($(filter $(ROS_DISTRO),jazzy kilted),)
  $(error ROS_DISTRO=$(ROS_DISTRO): wanted jazzy or kilted, the distros whose packages are on PyPI)
endif
unexport PYTHONPATH AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH LD_LIBRARY_PATH
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE

PYTHON ?= python3
# A version of MediaPipe, in place of the one that the package asks for; in an environment of its own.
VERSION ?=
VENV := .venv$(if $(filter kilted,$(ROS_DISTRO)),-kilted)$(if $(VERSION),-mediapipe-$(VERSION))
export AMENT_PREFIX_PATH := $(abspath $(VENV))

SOURCE ?=
TESTS ?= test
ARGS ?=
BUILT := $(VENV)/.built
SOURCES := $(shell find pose_ros msg srv launch config cmake models requirements -type f -not -name '*.pyc') \
  package.xml CMakeLists.txt setup.py scripts/setup.sh

# Images between processes through shared memory. Fast DDS changed its name, and with it the variable, after Jazzy.
PROFILE_VARIABLE := $(if $(filter kilted,$(ROS_DISTRO)),FASTDDS,FASTRTPS)_DEFAULT_PROFILES_FILE
demo page page-pictures bench soak restarts: export $(PROFILE_VARIABLE) ?= $(abspath config/fastdds_images.xml)

.PHONY: demo demo-picture still-pictures search-picture page page-pictures test test-mediapipe test-readers chaos bench soak restarts bench-accuracy bench-people bench-quality reference lint setup clean

setup: $(BUILT)

$(BUILT): $(SOURCES)
	@scripts/setup.sh $(ROS_DISTRO) $(VENV) $(PYTHON) $(VERSION)
	@touch $@

demo: $(BUILT)
	@$(VENV)/bin/python scripts/demo.py --source '$(SOURCE)' $(ARGS)

search-picture: $(BUILT)
	@$(VENV)/bin/python scripts/search_picture.py

page: $(BUILT)
	@$(VENV)/bin/python scripts/page.py --source '$(SOURCE)' $(ARGS)

# README's and docs' pictures.
demo-picture: $(BUILT)
	@$(VENV)/bin/python scripts/demo_picture.py $(ARGS)

still-pictures: $(BUILT)
	@$(VENV)/bin/python scripts/still_pictures.py $(ARGS)

page-pictures: $(BUILT)
	@$(VENV)/bin/python scripts/page_pictures.py $(ARGS)

# Now and then two processes of Fast DDS never find each other; a new participant does.
RERUNS := --reruns 2 --only-rerun 'for the discovery of'

# Most tests wait for other processes: two at a time end after three quarters of the time. WORKERS=0 runs them in one process, with its output (-s).
WORKERS ?= 2

test: $(BUILT)
	@$(VENV)/bin/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(RERUNS) $(TESTS) $(ARGS)

# What depends on MediaPipe's version: make test-mediapipe VERSION=0.10.18
test-mediapipe: TESTS := test/detection test/stream test/test_pose_node.py test/test_privacy.py
test-mediapipe: test

# Exports read by OpenSim, Pose2Sim and LeRobot themselves, in an environment of their own (several gigabytes).
READERS := .venv-readers

test-readers: $(BUILT)
	@[ -x $(READERS)/bin/pip ] || $(PYTHON) -m venv $(READERS)
	@$(READERS)/bin/pip install --quiet -r requirements/readers.txt
	@READERS_PYTHON=$(abspath $(READERS))/bin/python $(VENV)/bin/pytest test/exports/test_foreign_readers.py $(ARGS)

bench: $(BUILT)
	@$(VENV)/bin/python benchmark --name $(ROS_DISTRO) $(ARGS)

bench-accuracy: $(BUILT)
	@$(VENV)/bin/python benchmark/accuracy.py

# Who is found in the labelled recordings, by each model, with search image and windows; about 15 minutes.
bench-people: $(BUILT)
	@$(VENV)/bin/python benchmark/people.py $(ARGS)

# How well people are found in labelled photographs: make bench-quality COCO=DIR OUTPUT=DIR; docs/benchmarks.md says more.
COCO ?=
OUTPUT ?= build/quality

bench-quality: $(BUILT)
	@$(VENV)/bin/python benchmark/quality.py --coco '$(or $(COCO),$(error wanted COCO=DIR, a folder in the format of COCO keypoints))' --output '$(OUTPUT)' $(ARGS)

# Minutes in which the node is disturbed now and then; fails when something grows.
MINUTES ?= 30

soak: $(BUILT)
	@$(VENV)/bin/python benchmark/soak.py --minutes $(MINUTES) $(ARGS)

# The stream begins again many times, 30 or more; fails when that takes memory that stays.
COUNT ?= 200

restarts: $(BUILT)
	@$(VENV)/bin/python benchmark/restarts.py --count $(COUNT) $(ARGS)

# Minutes in which three clients do everything wrong at random: make chaos MINUTES=5 SEED=7
chaos: MINUTES := 5
chaos: $(BUILT)
	@$(VENV)/bin/python scripts/chaos.py --minutes $(MINUTES) $(if $(SEED),--seed $(SEED)) $(ARGS)

reference: $(BUILT)
	@$(VENV)/bin/python scripts/reference.py

lint: $(BUILT)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/codespell
	$(VENV)/bin/mypy

clean:
	rm -rf build demo_output .venv .venv-kilted .venv-mediapipe-* .venv-kilted-mediapipe-* $(READERS)
