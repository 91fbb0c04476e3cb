# SPDX-License-Identifier: Apache-2.0
"""Holds all that is open while one recording is annotated, and runs its loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path
from types import TracebackType

from pose_ros.bags.annotator import Annotator, offline
from pose_ros.bags.bag_outputs import chosen_outputs
from pose_ros.bags.bag_writer import BagWriter
from pose_ros.bags.cameras import Camera, choose_cameras, first_message
from pose_ros.bags.frame_order import CameraFrame, Damaged, Event, Original, SideInput, in_order
from pose_ros.bags.job import Progress, Wanted
from pose_ros.bags.piped import Ahead, Behind
from pose_ros.bags.recording import Recording
from pose_ros.detection.counters import Drop
from pose_ros.exports.export import AnnotatedFrame, Export
from pose_ros.exports.table import EXPORTS
from pose_ros.outputs.tf_frames import STATIC_TF_TOPIC
from pose_ros.stream.frame_result import FrameResult

__all__ = ['StoppedError', 'Work']

PICTURES_AHEAD = 4
FRAMES_BEHIND = 4
ROS1_SUFFIXES = ('.bag', '.active')


class StoppedError(Exception):
    """The user wants no more."""


class Work(AbstractContextManager['Work']):
    """
    One recording, while it is annotated. After the block its files are whole.

    :ivar frames: how many pictures were worked on
    """

    def __init__(self, wanted: Wanted, recording: Recording, folder: Path) -> None:
        """
        Load the models and create the files.

        :param folder: which must not exist
        :raises RecordingError, OSError, ModelError, LandmarkerError, ImportError, ExportError: as
            those say
        """
        self.frames = 0
        self._recording, self._folder = recording, folder
        outputs = chosen_outputs(wanted.outputs)
        exports = [EXPORTS[name] for name in wanted.exports]
        self._parameters = offline(
            wanted.parameters,
            any(each.uses_masks(wanted.parameters) for each in outputs)
            or any(each.uses_masks(wanted.parameters) for each in exports),
        )
        self._cameras = choose_cameras(recording, wanted.topics)
        self._bag: BagWriter | None = None
        self._originals: set[str] = set()
        with ExitStack() as resources:
            self._annotators = {each.name: self._annotator(each) for each in self._cameras}
            for annotator in self._annotators.values():
                resources.callback(annotator.close)
            # SQLite wants all calls on one thread.
            self._behind = resources.enter_context(Behind(FRAMES_BEHIND))
            if outputs:
                self._bag = self._behind.ask(
                    BagWriter, folder, self._cameras, outputs, self._parameters, wanted.storage
                )
                resources.callback(self._abort)
                self._originals = self._behind.ask(self._add_originals, self._bag, wanted.merges)
            else:
                folder.mkdir()
            names = [each.name for each in self._cameras]
            self._exports: list[Export] = [
                each.make(folder, names, self._parameters) for each in exports
            ]
            self._resources = resources.pop_all()

    @property
    def cameras(self) -> list[Camera]:
        """The cameras of the recording."""
        return self._cameras

    def run(self, on_progress: Callable[[Progress], None], is_stopped: Callable[[], bool]) -> None:
        """
        Work through the recording, and finish the files.

        :raises StoppedError: when `is_stopped` said so
        """
        for each in self._annotators.values():
            each.enter_thread()
        total = sum(each.image.count for each in self._cameras)
        done = 0
        with closing(Ahead(self._events(), PICTURES_AHEAD)) as events:
            for event in events:
                if is_stopped():
                    raise StoppedError
                people = self._handle(event, events.refill)
                if people is not None:
                    done += 1
                    on_progress(Progress(done, total, people))
        if self._bag is not None:
            self._behind.ask(self._bag.close)
        self._behind.finish()
        for export in self._exports:
            export.close()

    def summary(self) -> str:
        """Return what was done, in one line."""
        dropped = self.dropped()
        lost = ', '.join(f'{count} {why}' for why, count in sorted(dropped.items()))
        cameras = f' of {len(self._cameras)} cameras' if len(self._cameras) > 1 else ''
        text = f'{self.frames} pictures{cameras} annotated'
        return f'{text}, {sum(dropped.values())} dropped ({lost})' if lost else text

    def warnings(self) -> Iterator[str]:
        """Yield what the user should know, one line each."""
        if self._recording.problem:
            yield self._recording.problem
        for name, annotator in self._annotators.items():
            for remark in annotator.remarks:
                yield f'{name}: {remark}'
            if restarts := annotator.counters.restarts:
                yield f'{name}: the header stamps jumped back, tracking began again: {restarts}x'
            if annotator.positions_problem:
                yield f'{name}: {annotator.positions_problem}'
        if self._bag is not None:
            yield from (f'left out: {each}' for each in self._bag.left_out)

    def dropped(self) -> Counter[str]:
        """Return how many pictures were dropped, by reason."""
        dropped: Counter[str] = Counter()
        for annotator in self._annotators.values():
            for drop in Drop:
                dropped[drop.value] += annotator.counters.dropped[drop]
        return +dropped

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the models; what is not finished is left as it is."""
        self._resources.close()

    def _abort(self) -> None:
        self._behind.drop()
        if self._bag is not None:
            self._behind.ask(self._bag.abort)

    def _annotator(self, camera: Camera) -> Annotator:
        info = first_message(self._recording, camera.camera_info) if camera.camera_info else None
        return Annotator(camera, self._parameters, info)

    def _add_originals(self, bag: BagWriter, merges: bool) -> set[str]:
        channels = [
            each for each in self._recording.channels if merges or each.topic == STATIC_TF_TOPIC
        ]
        return bag.add_originals(channels, self._recording.path.suffix in ROS1_SUFFIXES)

    def _events(self) -> Iterator[Event]:
        topics = {
            topic
            for each in self._cameras
            for topic in (each.image.topic, each.camera_info, each.depth)
        } | self._originals
        return in_order(
            self._recording.records(topics),
            self._cameras,
            round(self._parameters.depth_slop * 1e9),
            self._originals,
            self._parameters.max_image_pixels,
        )

    def _handle(self, event: Event, refill: Callable[[], None]) -> int | None:
        """
        Do what an event asks for.

        Other threads get work when MediaPipe begins with a picture: then this one does not need
        Python's lock, for which they would wait in turns.

        :param refill: has other events read in place of those that were handled
        :returns: how many people are in it if it is a picture
        """
        if isinstance(event, Original):
            if self._bag is not None:
                self._behind.later(self._bag.write_original, event.record)
            return None
        annotator = self._annotators[event.camera.name]
        if isinstance(event, SideInput):
            self._behind.later(annotator.take, event)
            return None
        if isinstance(event, Damaged):
            annotator.drop(event)
        elif isinstance(event, CameraFrame) and (loaded := annotator.load(event)):
            self._behind.go()
            refill()
            if found := annotator.find(loaded):
                index = annotator.counters.processed - 1
                self.frames += 1
                self._behind.later(self._write, event, index, found)
        return annotator.counters.people

    def _write(self, picture: CameraFrame, index: int, found: FrameResult) -> None:
        output = self._annotators[picture.camera.name].follow(found)
        frame = AnnotatedFrame(picture.camera.name, index, picture.log_ns, output)
        if self._bag is not None:
            self._bag.write(frame)
        for export in self._exports:
            export.write(frame)
