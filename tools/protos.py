"""Builds the contracts: `python -m tools.protos gen` writes gen/, `image` writes what buf reads."""

import shutil
import sys
from importlib import resources
from pathlib import Path

import google
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

ROOT = Path(__file__).resolve().parent.parent
PROTO, GEN, BUILD = ROOT / "proto", ROOT / "gen", ROOT / "build"
IMAGE = BUILD / "image.binpb"
WELL_KNOWN = str(resources.files("grpc_tools") / "_proto")
GOOGLE_TYPES = str(Path(list(google.__path__)[0]).parent)
VALIDATION = "buf/validate/validate.proto"


def _validation_rules() -> Path:
    """protovalidate ships its option file only as a descriptor inside the wheel: write it out."""
    BUILD.mkdir(exist_ok=True)
    path = BUILD / "validate.binpb"
    file = FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())
    path.write_bytes(FileDescriptorSet(file=[file]).SerializeToString())
    return path


def _protoc(*options: str) -> None:
    files = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    paths = [f"-I{PROTO}", f"-I{WELL_KNOWN}", f"-I{GOOGLE_TYPES}"]
    inputs = [f"--descriptor_set_in={_validation_rules()}", *files]
    if protoc.main(["protoc", *paths, *options, *inputs]) != 0:
        sys.exit(1)


def image(path: Path = IMAGE) -> None:
    """One descriptor set with comments, for `buf lint` and `buf breaking`."""
    path.parent.mkdir(exist_ok=True)
    _protoc(f"--descriptor_set_out={path}", "--include_imports", "--include_source_info")


def gen() -> None:
    """The Python modules and stubs of every contract, and of the validation options."""
    shutil.rmtree(GEN, ignore_errors=True)
    GEN.mkdir()
    plugins = [f"--plugin={name}={Path(sys.executable).parent / name}" for name in PLUGINS]
    _protoc(
        *plugins,
        f"--python_out={GEN}",
        f"--grpc_python_out={GEN}",
        f"--mypy_out=quiet:{GEN}",
        f"--mypy_grpc_out=quiet:{GEN}",
        VALIDATION,
    )
    for path in GEN.rglob("*_pb2_grpc.py*"):
        if not path.with_name(path.name.split("_pb2")[0] + "_pb2.py").name.endswith("service_pb2.py"):
            path.unlink()


PLUGINS = ("protoc-gen-mypy", "protoc-gen-mypy_grpc")

if __name__ == "__main__":
    {"gen": gen, "image": image}[sys.argv[1]]()
