"""The importer against onnxruntime, on random small graphs: it either refuses one, naming a node, or the exact form of
what it imported gives onnxruntime's logits. Graphs without a twist must be imported.
Usage: onnxruntime_graphs_test.py EXACT_NETWORKS [COUNT [SEED]]; exit code 77 if onnxruntime is missing."""

import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy as np
    import onnxruntime
    import onnxruntime_files
    from random_qdq_graphs import INPUT_SCALE, random_graph
except ImportError as error:
    print(f"SKIPPED: {error}")
    sys.exit(77)

_ALLOWED = 0.05  # of the logits' norm, and one int8 step of the features; a wrong axis costs far more


def expected_logits(graph) -> np.ndarray | None:
    """onnxruntime's, without its own fusions; None if it holds the graph to be invalid."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(
            graph.model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return session.run(None, {"image": graph.image.astype(np.float32) * INPUT_SCALE})[0]
    except Exception:  # onnxruntime has a class for each of its error codes
        return None


def own_files(tool: str, seed: int) -> int:
    """Files of onnxruntime's quantiser must be imported and give its logits. Returns how many did not."""
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        expected = dict(onnxruntime_files.write(folder, seed))
        subprocess.run([tool, folder], check=True)
        for name, logits in expected.items():
            message = folder / f"{name}.refused"
            found = np.array([]) if message.exists() else np.fromfile(folder / f"{name}.out", np.float64)
            text = message.read_text() if message.exists() else f"{found} instead of {logits}"
            gap = np.linalg.norm(found - logits) if found.size == logits.size else np.inf
            if gap > _ALLOWED * np.linalg.norm(logits):
                failures += 1
                print(f"{name} (seed {seed}): {text}")
    print(f"{len(expected) - failures} of {len(expected)} files of onnxruntime's quantiser agree")
    return failures


def main() -> int:
    tool = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    first = int(sys.argv[3]) if len(sys.argv) > 3 else int(np.random.SeedSequence().entropy % 2**31)
    print(f"seeds {first} .. {first + count - 1}")
    invalid = refused = agreeing = 0
    failures = own_files(tool, first)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        graphs = {f"{seed}": random_graph(seed) for seed in range(first, first + count)}
        for name, graph in graphs.items():
            (folder / f"{name}.onnx").write_bytes(graph.model.SerializeToString())
            (folder / f"{name}.in").write_bytes(np.ascontiguousarray(graph.image[0].transpose(1, 2, 0)).tobytes())
        subprocess.run([tool, folder], check=True)
        for name, graph in graphs.items():
            logits = expected_logits(graph)
            message = folder / f"{name}.refused"
            if logits is None:
                invalid += 1
            elif message.exists():
                refused += 1
                text = message.read_text()
                if graph.plain or "node '" not in text:
                    failures += 1
                    print(f"{name}: refused: {text}, twists {graph.twists}")
            else:
                found = np.fromfile(folder / f"{name}.out", np.float64)
                gap = np.linalg.norm(found - logits.reshape(-1)) if found.size == logits.size else np.inf
                if gap > _ALLOWED * np.linalg.norm(logits) + graph.one_step * np.sqrt(logits.size):
                    failures += 1
                    print(f"{name}: {found} instead of {logits}, twists {graph.twists}")
                else:
                    agreeing += 1
    print(f"{agreeing} agree, {refused} refused, {invalid} invalid for onnxruntime too, {failures} failures")
    return 0 if failures == 0 and agreeing >= count // 4 and refused >= count // 20 else 1


if __name__ == "__main__":
    sys.exit(main())
