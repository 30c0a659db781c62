"""Builds and judges the contracts: `python -m tools.protos gen | check | fresh`."""

import shutil
import subprocess
import sys
import tempfile
from filecmp import dircmp
from importlib import resources
from pathlib import Path

import google
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

ROOT = Path(__file__).resolve().parent.parent
PROTO, GEN = ROOT / "proto", ROOT / "gen"
BIN = Path(sys.executable).parent
WELL_KNOWN = str(resources.files("grpc_tools") / "_proto")
GOOGLE_TYPES = str(Path(next(iter(google.__path__))).parent)
VALIDATION = "buf/validate/validate.proto"


def _validation_rules(folder: Path) -> Path:
    """protovalidate ships its option file only as a descriptor in the wheel: write it out."""
    path = folder / "validate.binpb"
    file = FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())
    path.write_bytes(FileDescriptorSet(file=[file]).SerializeToString())
    return path


def _protoc(proto: Path, scratch: Path, *options: str) -> None:
    files = sorted(str(path.relative_to(proto)) for path in proto.rglob("*.proto"))
    paths = [f"-I{proto}", f"-I{WELL_KNOWN}", f"-I{GOOGLE_TYPES}"]
    inputs = [f"--descriptor_set_in={_validation_rules(scratch)}", *options, *files]
    if protoc.main(["protoc", *paths, *inputs]) != 0:
        sys.exit(1)


def image(proto: Path, scratch: Path) -> Path:
    """One descriptor set with comments, as `buf lint` and `buf breaking` read it."""
    path = scratch / "image.binpb"
    _protoc(
        proto, scratch, f"--descriptor_set_out={path}", "--include_imports", "--include_source_info"
    )
    return path


def gen(target: Path = GEN) -> None:
    """The Python modules and stubs of every contract, and of the validation options."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    plugins = [f"--plugin={BIN / name}" for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")]
    outputs = [f"--{kind}_out={target}" for kind in ("python", "grpc_python")]
    stubs = [f"--{kind}_out=quiet:{target}" for kind in ("mypy", "mypy_grpc")]
    with tempfile.TemporaryDirectory() as scratch:
        _protoc(PROTO, Path(scratch), *plugins, *outputs, *stubs, VALIDATION)
    for path in target.rglob("*_pb2_grpc.py*"):
        if not path.name.split("_pb2_grpc")[0].endswith("_service"):
            path.unlink()


def fresh() -> None:
    """Fails when gen/ is not what the contracts generate."""
    with tempfile.TemporaryDirectory() as scratch:
        gen(Path(scratch) / "gen")
        if stale := _differences(dircmp(GEN, Path(scratch) / "gen", ignore=["__pycache__"])):
            sys.exit(f"gen/ is stale, run `make proto`: {', '.join(stale)}")


def _differences(compared: dircmp[str]) -> list[str]:
    here = [*compared.left_only, *compared.right_only, *compared.diff_files]
    return here + [name for sub in compared.subdirs.values() for name in _differences(sub)]


def check() -> None:
    """buf's word on format, style and compatibility with the last release."""
    with tempfile.TemporaryDirectory() as scratch:
        now = image(PROTO, Path(scratch))
        _buf("format", "--diff", "--exit-code", "proto")
        _buf("lint", str(now), "--config", "buf.yaml", "--path", "halcyon")
        if any(breaks(now, release) for release in sorted(PROTO.glob("released/v*"))):
            sys.exit(1)


def breaks(now: Path, release: Path) -> bool:
    """Whether somebody who knows this release would misread these contracts; prints where."""
    against = ["--config", "buf.yaml", "--against", str(release / "contracts.binpb")]
    return not _passes("breaking", str(now), *against)


def _buf(*arguments: str) -> None:
    if not _passes(*arguments):
        sys.exit(1)


def _passes(*arguments: str) -> bool:
    return subprocess.run([BIN / "buf", *arguments], cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    {"gen": gen, "check": check, "fresh": fresh}[sys.argv[1]]()
