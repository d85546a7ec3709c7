"""A network opened on a provider: sessions, buffers and graphs, or why it cannot be had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnxruntime as ort

from inspector.core.execution import Execution
from inspector.errors import ProviderError
from inspector.inference.bound import BoundRunner
from inspector.inference.driver import driver
from inspector.inference.gate import GPU_GATE
from inspector.inference.network import Network, Opened, PlainRunner
from inspector.inference.package import Package
from inspector.inference.providers import CPU, CUDA, TENSORRT, cuda_options, tensorrt_options
from inspector.inference.recorded import RecordedRunner
from inspector.inference.session import (
    ORT_ERRORS,
    Provider,
    brief,
    check_io,
    open_session,
    short,
)
from inspector.inference.shrink import Shrinker
from inspector.inference.sized import SizedRunner, sizes_up_to
from inspector.inference.trouble import Trouble, trouble_of

_NO_GRAPH = "graph capture feature"
"""What ONNX Runtime says of a model that cannot be recorded: control flow, CPU operators."""
_STREAM = "user_compute_stream"
"""ONNX Runtime's name of the option that makes it work on a stream of ours."""


def open_network(
    package: Package,
    variant: str,
    provider: str,
    *,
    threads: int | None,
    execution: Execution,
    most: int = 1,
) -> Network:
    """On ``provider`` and no other; ``most`` is the largest batch to be ready for.

    Raises ProviderError where the provider cannot be had, PackageError for anything
    wrong with the package.
    """
    opening = _Opening(package, variant, threads, execution, most)
    return Network(package, variant, opening.on(provider))


@dataclass(frozen=True, slots=True)
class _Opening:
    package: Package
    variant: str
    threads: int | None
    execution: Execution
    most: int

    def on(self, provider: str) -> Opened:
        """Raises ProviderError, PackageError."""
        if provider == CPU:
            return self._plain()
        why: tuple[str, ...] = ()
        if provider == CUDA and self.execution.cuda_graph:
            found = self._recorded()
            if isinstance(found, Opened):
                return found
            why = (f"no CUDA graph: {found}",)
        return self._bound(provider, remarks=why)

    def _recorded(self) -> Opened | str:
        """With CUDA graphs, or why it cannot be; what was tried is freed then."""
        runners: list[RecordedRunner] = []
        try:
            return self._of_all_sizes(runners)
        except BaseException as error:  # noqa: BLE001 - told below, or raised again
            return self._why_not(runners, error)

    def _of_all_sizes(self, runners: list[RecordedRunner]) -> Opened:
        """One session for each size of batches: see ``sized``. Fills ``runners``."""
        spec = self.package.manifest.input
        with GPU_GATE.shared():
            shrinker = Shrinker(driver(), spec.height, spec.width)
        free = self._add(runners, 1, shrinker)
        sizes = sizes_up_to(self.most) if free else (1,)
        for size in sizes[1:]:
            self._add(runners, size, shrinker)
        made = SizedRunner(dict(zip(sizes, runners, strict=True)))
        return Opened(made, CUDA, free, _unpinned(made.unpinned))

    def _add(self, runners: list[RecordedRunner], size: int, shrinker: Shrinker) -> bool:
        """Whether the batch axis is free."""
        manifest, device = self.package.manifest, shrinker.device
        with GPU_GATE.shared():
            stream = device.stream()
            try:
                options = self._cuda_options(graph=True) | {_STREAM: str(stream.address)}
                session = self._session((CUDA, options))
                free = check_io(session, manifest, self._where)
            except BaseException:
                device.spare(stream)
                raise
        runners.append(
            RecordedRunner(
                session,
                manifest.input,
                manifest.outputs,
                size,
                device=device,
                stream=stream,
                shrinker=shrinker,
            )
        )
        runners[-1].warm_up()
        return free

    def _why_not(self, runners: Sequence[RecordedRunner], error: BaseException) -> str:
        """Lets go of all that was made before that error; raises it where it says more than
        that no graph can be recorded.
        """
        trouble = trouble_of(str(error))
        lost = trouble is Trouble.LOST
        refused = isinstance(error, ProviderError)
        for runner in runners:
            # what a spoilt recording leaves behind must not be freed
            spoilt = not (runner.sizes or refused or trouble is Trouble.MEMORY)
            if lost or spoilt:
                runner.abandon(lost=lost)
            runner.close()
        if not isinstance(error, (*ORT_ERRORS, ProviderError)):
            raise error
        if lost or (refused and not runners and _NO_GRAPH not in str(error)):
            raise _as_provider_error(error, CUDA) from None
        return brief(error)

    def _plain(self) -> Opened:
        session = self._session((CPU, {}))
        manifest = self.package.manifest
        free = check_io(session, manifest, self._where)
        names = [output.name for output in manifest.outputs]
        return Opened(PlainRunner(session, manifest.input.name, names), CPU, free)

    def _bound(self, provider: str, *, remarks: tuple[str, ...] = ()) -> Opened:
        """Without graphs: one session for batches of all sizes."""
        manifest = self.package.manifest
        with GPU_GATE.shared():
            session = self._session(*self._providers(provider))
        free = check_io(session, manifest, self._where)
        runner = BoundRunner(session, manifest.input, manifest.outputs, device="cuda")
        try:
            runner.warm_up(range(1, self.most + 1) if free else [1])
        except ORT_ERRORS as error:
            if trouble_of(str(error)) is Trouble.LOST:
                runner.abandon()
            runner.close()
            raise _as_provider_error(error, provider) from None
        except BaseException:
            runner.close()
            raise
        return Opened(runner, provider, free, (*remarks, *_unpinned(runner.unpinned)))

    def _session(self, first: Provider, *behind: Provider) -> ort.InferenceSession:
        provider, options = first
        return open_session(
            self.package.variant_bytes(self.variant),
            provider=provider,
            options=options,
            behind=behind,
            threads=self.threads,
            where=self._where,
            execution=self.execution,
        )

    def _providers(self, provider: str) -> tuple[Provider, ...]:
        cuda = (CUDA, self._cuda_options(graph=False))
        if provider == CUDA:
            return (cuda,)
        manifest = self.package.manifest
        options = tensorrt_options(
            self.execution,
            spec=manifest.input,
            sha256=manifest.variant(self.variant).sha256,
            half=self.variant == "fp16",
            most=self.most,
        )
        return ((TENSORRT, options), cuda)

    def _cuda_options(self, *, graph: bool) -> dict[str, str]:
        sessions = len(sizes_up_to(self.most)) if graph else 1
        return cuda_options(self.execution, graph=graph, sessions=sessions)

    @property
    def _where(self) -> str:
        return self.package.where(self.package.manifest.variant(self.variant).file)


def _unpinned(problem: str | None) -> tuple[str, ...]:
    return (f"copies are not page-locked: {problem}",) if problem else ()


def _as_provider_error(error: BaseException, provider: str) -> ProviderError:
    if isinstance(error, ProviderError):
        return error
    return ProviderError(f"{short(provider)} cannot be used: {brief(error)}")
