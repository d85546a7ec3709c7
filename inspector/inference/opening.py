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


class _NotRecordedError(Exception):
    """A run failed while its CUDA graph was to be recorded: caught here, never seen outside."""


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
        return self._bound(provider, graph=False, remarks=why)

    def _recorded(self) -> Opened | str:
        """With CUDA graphs, or why it cannot be; what was tried is freed then."""
        try:
            return self._bound(CUDA, graph=True)
        except _NotRecordedError as error:
            return str(error)
        except ProviderError as error:
            if _NO_GRAPH not in str(error):
                raise
            return str(error)

    def _plain(self) -> Opened:
        session = self._session((CPU, {}))
        manifest = self.package.manifest
        free = check_io(session, manifest, self._where)
        names = [output.name for output in manifest.outputs]
        return Opened(PlainRunner(session, manifest.input.name, names), CPU, free)

    def _bound(self, provider: str, *, graph: bool, remarks: tuple[str, ...] = ()) -> Opened:
        """One session for all sizes, or with graphs one for each: see ``sized``."""
        shrinker, why = self._shrinker()
        first, free = self._runner(provider, graph=graph, shrinker=shrinker)
        runners = [first]
        sizes = sizes_up_to(self.most) if free and graph else (1,)
        try:
            first.warm_up(range(1, self.most + 1) if free and not graph else [1])
            for size in sizes[1:]:
                runners.append(self._runner(provider, graph=graph, shrinker=shrinker)[0])
                runners[-1].warm_up([size])
        except (*ORT_ERRORS, ProviderError) as error:
            raise self._refused(provider, runners, error, graph=graph) from None
        except BaseException:
            for runner in runners:
                runner.close()
            raise
        made: SizedRunner | BoundRunner
        made = SizedRunner(dict(zip(sizes, runners, strict=True))) if graph else first
        if made.unpinned:
            remarks = (*remarks, f"copies are not page-locked: {made.unpinned}")
        if why:
            remarks = (*remarks, f"regions are made smaller by the processor: {why}")
        return Opened(made, provider, free, remarks)

    def _refused(
        self,
        provider: str,
        runners: Sequence[BoundRunner],
        error: BaseException,
        *,
        graph: bool,
    ) -> Exception:
        """What to raise after that error of the last of them; all are let go of."""
        trouble = trouble_of(str(error))
        lost = trouble is Trouble.LOST
        # what a spoilt recording leaves behind must not be freed
        recording = graph and not isinstance(error, ProviderError)
        for runner in runners:
            spoilt = recording and trouble is not Trouble.MEMORY and runner is runners[-1]
            if lost or spoilt:
                runner.abandon()
            runner.close()
        if graph and not lost:
            return _NotRecordedError(brief(error))
        if isinstance(error, ProviderError):
            return error
        return ProviderError(f"{short(provider)} cannot be used: {brief(error)}")

    def _shrinker(self) -> tuple[Shrinker | None, str]:
        """One for all sizes of batches, or why there is none."""
        spec = self.package.manifest.input
        try:
            with GPU_GATE.shared():
                return Shrinker(driver(), spec.height, spec.width), ""
        except RuntimeError as error:
            return None, brief(error)

    def _runner(
        self, provider: str, *, graph: bool, shrinker: Shrinker | None
    ) -> tuple[BoundRunner, bool]:
        """A runner, and whether its batch axis is free."""
        manifest = self.package.manifest
        with GPU_GATE.shared():
            session = self._session(*self._providers(provider, graph=graph))
        free = check_io(session, manifest, self._where)
        runner = BoundRunner(
            session,
            manifest.input,
            manifest.outputs,
            device="cuda",
            graph=graph,
            shrinker=shrinker,
        )
        return runner, free

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

    def _providers(self, provider: str, *, graph: bool) -> tuple[Provider, ...]:
        sessions = len(sizes_up_to(self.most)) if graph else 1
        cuda = (CUDA, cuda_options(self.execution, graph=graph, sessions=sessions))
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

    @property
    def _where(self) -> str:
        return self.package.where(self.package.manifest.variant(self.variant).file)
